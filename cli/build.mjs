// Compiles the TypeScript sources to dist/ when they are newer than the last build. Two processes may call it at once.
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const stamp = join(root, "dist", ".stamp");
const lock = join(root, "dist", ".lock");

function* sources(folder) {
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) yield* sources(path);
    else if (entry.name.endsWith(".ts")) yield path;
  }
}

function fingerprint() {
  const hash = createHash("sha256");
  for (const folder of ["cli", "kernel", "lib", "data-scripts"]) {
    if (!existsSync(join(root, folder))) continue;
    for (const path of [...sources(join(root, folder))].sort()) {
      const { mtimeMs, size } = statSync(path);
      hash.update(`${path}\0${mtimeMs}\0${size}\n`);
    }
  }
  for (const name of ["package.json", "tsconfig.json", "tsconfig.build.json"]) hash.update(readFileSync(join(root, name)));
  return hash.digest("hex");
}

function alive(pid) {
  try { process.kill(pid, 0); return true; } catch (error) { return error.code === "EPERM"; }
}

function acquire() {
  mkdirSync(dirname(lock), { recursive: true });
  for (;;) {
    try { writeFileSync(lock, String(process.pid), { flag: "wx" }); return; } catch (error) { if (error.code !== "EEXIST") throw error; }
    let holder;
    try { holder = Number(readFileSync(lock, "utf8")); } catch { continue; }
    if (holder > 0 && !alive(holder)) rmSync(lock, { force: true });
    else Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 100);
  }
}

const built = (mark) => existsSync(stamp) && readFileSync(stamp, "utf8") === mark;

/** Brings dist/ up to date; returns whether it had to compile. Throws with the compiler's messages when that fails. */
export function build({ quiet = false } = {}) {
  if (!existsSync(join(root, "tsconfig.build.json"))) return false; // an installed package carries dist/ ready
  if (built(fingerprint())) return false;
  acquire();
  try {
    const mark = fingerprint();
    if (built(mark)) return false;
    if (!quiet) process.stderr.write("potstill: compiling TypeScript …\n");
    const tsc = join(root, "node_modules", "typescript", "bin", "tsc");
    if (!existsSync(tsc)) throw new Error("potstill: dependencies are not installed. Run `npm ci` in the project's folder.");
    const { status, stdout, stderr } = spawnSync(process.execPath, [tsc, "-p", join(root, "tsconfig.build.json"), "--pretty", "false"], { cwd: root, encoding: "utf8" });
    if (status !== 0) throw new Error(`potstill: the sources do not compile:\n${stdout}${stderr}`);
    writeFileSync(stamp, mark);
    return true;
  } finally {
    rmSync(lock, { force: true });
  }
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) {
  try { build(); } catch (error) { console.error(error.message); process.exit(1); }
}
