import { createHash } from "node:crypto";
import { createReadStream, existsSync, readFileSync, renameSync, rmdirSync, rmSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import { cacheRoot } from "../../backend/setup/folders.ts";
import { withLock } from "../../backend/setup/lock.ts";
import { makeFolder } from "../../backend/setup/make-folder.ts";
import { silentReporter, type Reporter } from "../../backend/setup/progress.ts";
import { writeAtomic } from "../../train/atomic.ts";
import type { Checkpoint } from "./catalogue.ts";
import { download, type DownloadOptions } from "./download.ts";

export interface FetchOptions extends Pick<DownloadOptions, "signal" | "stall" | "pause"> {
  /** Where weights are kept. Default: `weights/` in the user's cache. */
  readonly folder?: string;
  /** Address (http, https, file) that stands for the publishers'; see {@link mirrorAddresses}. */
  readonly mirror?: string;
  /** A SHA-256 to accept although it is not the published or pinned one. */
  readonly accept?: string;
  readonly reporter?: Reporter;
}

export interface Fetched {
  readonly path: string;
  readonly sha256: string;
  /** Whether this call downloaded it. */
  readonly downloaded: boolean;
}

/** Where weights are kept: `weights/` in the user's cache (`POTSTILL_CACHE`). */
export function weightsFolder(environment: NodeJS.ProcessEnv = process.env): string {
  return join(cacheRoot(environment), "weights");
}

/** Where a checkpoint lies, or will lie. */
export function checkpointPath({ name, url }: Pick<Checkpoint, "name" | "url">, folder = weightsFolder()): string {
  return join(folder, ...name.split("/"), fileName(url));
}

function fileName(url: string): string {
  return new URL(url).pathname.split("/").pop()!;
}

/**
 * The addresses that a mirror is asked for: the original's path below the mirror's, then the file's name alone.
 * @throws Error when the mirror is no address
 */
export function mirrorAddresses(url: string, mirror: string | undefined): readonly string[] {
  if (mirror === undefined || mirror === "") return [url];
  if (!URL.canParse(mirror) || !/^(https?|file):/.test(mirror)) throw new Error(`the mirror "${mirror}" is no address; it must begin with https://, http:// or file://`);
  const base = mirror.replace(/\/+$/, "");
  return [base + new URL(url).pathname, `${base}/${fileName(url)}`];
}

/**
 * Brings a checkpoint into the cache and returns its path. A stopped download goes on where it ended; processes that ask
 * at once take turns; what is there already is checked and used again.
 * @throws Error when it cannot be had, or is not what was published or pinned, with both hashes and what to do
 */
export async function fetchCheckpoint(checkpoint: Checkpoint, options: FetchOptions = {}): Promise<Fetched> {
  const { folder = weightsFolder(), reporter = silentReporter } = options;
  const path = checkpointPath(checkpoint, folder);
  const addresses = mirrorAddresses(checkpoint.url, options.mirror);
  makeFolder(dirname(path));
  const onWait = (holder: string) => reporter.note(`Waiting: ${holder} is fetching ${checkpoint.name} …`);
  try {
    return await withLock(`${path}.lock`, () => fetchLocked(checkpoint, { path, addresses }, { ...options, reporter }), { onWait, ...(options.signal && { signal: options.signal }) });
  } finally {
    reporter.end();
    removeEmpty(dirname(path), folder);
  }
}

/** Takes away the folders that a failed download has left empty. */
function removeEmpty(from: string, top: string): void {
  try {
    for (let at = from; at !== top && at.startsWith(top); at = dirname(at)) rmdirSync(at);
  } catch {
    // something lies there
  }
}

interface Place {
  readonly path: string;
  readonly addresses: readonly string[];
}

async function fetchLocked(checkpoint: Checkpoint, { path, addresses }: Place, options: FetchOptions & { readonly reporter: Reporter }): Promise<Fetched> {
  const { reporter, accept } = options;
  if (existsSync(path)) {
    const { sha256, fault } = await check(checkpoint, path, accept);
    if (fault === undefined) {
      pin(path, checkpoint, sha256);
      return { path, sha256, downloaded: false };
    }
    throw new Error(`${fault}. To fetch it again, remove ${path}`);
  }
  const part = `${path}.part`;
  const continued = await download(addresses, part, { ...options, label: `Downloading ${checkpoint.name}` });
  let checked = await check(checkpoint, part, accept, path);
  if (checked.fault !== undefined && continued) {
    reporter.note(`${checkpoint.name}: the file changed between two downloads; it is fetched anew`);
    removePart(part);
    await download(addresses, part, { ...options, label: `Downloading ${checkpoint.name}` });
    checked = await check(checkpoint, part, accept, path);
  }
  if (checked.fault !== undefined) {
    removePart(part);
    throw new Error(`${checked.fault}. It is not kept. A mirror or proxy may have sent something else; if you know that this file is right, pass --accept ${checked.sha256}`);
  }
  renameSync(part, path);
  removePart(part);
  pin(path, checkpoint, checked.sha256);
  if (checkpoint.hash === undefined && accept === undefined) reporter.note(`${checkpoint.name}: its publisher gives no hash; from now on it must have SHA-256 ${checked.sha256}`);
  return { path, sha256: checked.sha256, downloaded: true };
}

function removePart(part: string): void {
  for (const file of [part, `${part}.json`]) rmSync(file, { force: true });
}

interface Checked {
  readonly sha256: string;
  /** What is wrong; absent when the file is the published or pinned one. */
  readonly fault?: string;
}

/** Compares a file with the pin of its place and with the published hash. */
async function check({ name, hash }: Checkpoint, file: string, accept: string | undefined, place = file): Promise<Checked> {
  const { sha256, md5 } = await hashes(file);
  if (accept?.toLowerCase() === sha256) return { sha256 };
  const pinned = readPin(place);
  const actual = hash?.algorithm === "md5" ? md5 : sha256;
  const wrong = (expected: string, whose: string) => ({ sha256, fault: `${name} is corrupt or not the file that was ${whose}: ${statSync(file).size} bytes with SHA-256 ${sha256}, expected ${expected}` });
  if (accept !== undefined) return wrong(accept, "asked for with --accept");
  if (pinned !== undefined) return pinned === sha256 ? { sha256 } : wrong(pinned, "pinned at its first download");
  if (hash !== undefined && !actual.startsWith(hash.prefix)) return wrong(`${hash.algorithm === "md5" ? "MD5 " : ""}${hash.prefix}…`, "published");
  return { sha256 };
}

async function hashes(file: string): Promise<{ sha256: string; md5: string }> {
  const [sha256, md5] = [createHash("sha256"), createHash("md5")];
  for await (const block of createReadStream(file, { highWaterMark: 1 << 20 })) {
    sha256.update(block as Buffer);
    md5.update(block as Buffer);
  }
  return { sha256: sha256.digest("hex"), md5: md5.digest("hex") };
}

function pin(path: string, { name, url }: Checkpoint, sha256: string): void {
  if (readPin(path) !== sha256) writeAtomic(`${path}.pin.json`, `${JSON.stringify({ name, url, sha256, bytes: statSync(path).size }, null, 2)}\n`);
}

/** The SHA-256 that a place's file must have, if one was fetched there. @throws Error when that note is broken */
export function readPin(path: string): string | undefined {
  const file = `${path}.pin.json`;
  if (!existsSync(file)) return undefined;
  try {
    const { sha256 } = JSON.parse(readFileSync(file, "utf8")) as { sha256?: unknown };
    if (typeof sha256 === "string" && /^[0-9a-f]{64}$/.test(sha256)) return sha256;
  } catch {
    // told below
  }
  throw new Error(`${file} is no pin (it should hold a SHA-256). Remove it to pin the file anew`);
}

export interface Verified {
  readonly name: string;
  readonly path: string;
  readonly state: "sound" | "absent" | "wrong";
  readonly detail: string;
}

/** Compares what lies in the cache with pins and published hashes; nothing is fetched. */
export async function verifyCheckpoint(checkpoint: Checkpoint, folder = weightsFolder()): Promise<Verified> {
  const path = checkpointPath(checkpoint, folder);
  const { name } = checkpoint;
  if (!existsSync(path)) return { name, path, state: "absent", detail: existsSync(`${path}.part`) ? `a download stopped at ${statSync(`${path}.part`).size} bytes; fetch goes on` : "not fetched" };
  const { sha256, fault } = await check(checkpoint, path, undefined);
  return { name, path, state: fault === undefined ? "sound" : "wrong", detail: fault ?? `SHA-256 ${sha256}` };
}
