// Compiles the TypeScript sources to dist/ when they are newer than the last build. Two processes may call it at once.
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, linkSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const stamp = join(root, "dist", ".stamp");
const lock = join(root, "dist", ".lock");
const bundler = join(root, "node_modules", "rolldown");

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
  for (const name of ["package.json", "tsconfig.json", "tsconfig.build.json", "cli/build.mjs", "cli/bundle.mjs"]) if (existsSync(join(root, name))) hash.update(readFileSync(join(root, name)));
  return hash.digest("hex");
}

function alive(pid) {
  if (!(pid > 0)) return false;
  try { process.kill(pid, 0); return true; } catch (error) { return error.code === "EPERM"; }
}

function acquire() {
  mkdirSync(dirname(lock), { recursive: true });
  const mine = `${lock}.${process.pid}`;
  writeFileSync(mine, String(process.pid));
  try {
    while (!linked(mine)) {
      const holder = holderOf(lock);
      if (alive(Number(holder))) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 100);
      else if (holder !== undefined) removeAbandoned(`${mine}.old`, holder);
    }
  } finally {
    rmSync(mine, { force: true });
  }
}

/** Gives the filled file the lock's name: a lock has its content from the first moment on, so an empty one is nobody's. */
function linked(mine) {
  try { linkSync(mine, lock); return true; } catch (error) { if (error.code !== "EEXIST") throw error; return false; }
}

function holderOf(path) {
  try { return readFileSync(path, "utf8"); } catch { return undefined; }
}

/** Moves the lock away and looks again: when somebody renewed it in between, it is put back. */
function removeAbandoned(aside, seen) {
  try {
    renameSync(lock, aside);
    if (holderOf(aside) !== seen) linkSync(aside, lock);
  } catch (error) {
    if (!["ENOENT", "EEXIST"].includes(error.code)) throw error;
  } finally {
    rmSync(aside, { force: true });
  }
}

/** What a Node program that failed has printed; undefined when it succeeded. */
function run(args) {
  const { status, stdout, stderr } = spawnSync(process.execPath, args, { cwd: root, encoding: "utf8" });
  return status === 0 ? undefined : `${stdout}${stderr}`;
}

/** Without its bundles the kernel works, too; it only starts later. */
function bundle() {
  if (!existsSync(bundler)) return;
  const failure = run([join(root, "cli", "bundle.mjs"), root]);
  if (failure === undefined) return;
  process.stderr.write(`potstill: the kernel could not be bundled, and will start more slowly:\n${failure}`);
  const again = run([join(root, "node_modules", "typescript", "bin", "tsc"), "-p", join(root, "tsconfig.build.json"), "--pretty", "false"]);
  if (again !== undefined) throw new Error(`potstill: the sources do not compile:\n${again}`);
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
    // Every file is written again: bundles have replaced some of the compiler's.
    for (const name of [".stamp", ".tsbuildinfo"]) rmSync(join(root, "dist", name), { force: true });
    const failure = run([tsc, "-p", join(root, "tsconfig.build.json"), "--pretty", "false"]);
    if (failure !== undefined) throw new Error(`potstill: the sources do not compile:\n${failure}`);
    bundle();
    writeFileSync(stamp, mark);
    return true;
  } finally {
    rmSync(lock, { force: true });
  }
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) {
  try { build(); } catch (error) { console.error(error.message); process.exit(1); }
}
