import { createReadStream, readFileSync, rmSync, statSync } from "node:fs";
import { open, type FileHandle } from "node:fs/promises";
import { Readable } from "node:stream";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import type { Reporter } from "../../backend/setup/progress.ts";
import { freeBytes } from "../../backend/setup/space.ts";
import { writeAtomic } from "../../train/atomic.ts";

export interface DownloadOptions {
  readonly label: string;
  readonly reporter: Reporter;
  readonly signal?: AbortSignal;
  /** Milliseconds without a byte after which a connection is given up. Default 60 s. */
  readonly stall?: number;
  /** Milliseconds before the second attempt; each later one waits twice as long. Default 1 s. */
  readonly pause?: number;
}

const attempts = 5;

const otherWay = "Check the network, or name a mirror: --mirror URL or POTSTILL_WEIGHTS_MIRROR";

/** What is known of a half-made download. */
interface Mark {
  readonly url: string;
  /** The server's name of the version that is being fetched. */
  readonly validator: string | undefined;
}

/**
 * Downloads the first address that exists into a file; what the file holds of an earlier download is kept and the rest
 * asked for (HTTP Range), where the server still has the same version. Broken connections are taken up again.
 * @returns whether the file was put together from several answers
 * @throws Error with the addresses, what the servers said and what to do; the part that came stays for the next call
 */
export async function download(addresses: readonly string[], part: string, options: DownloadOptions): Promise<boolean> {
  const refusals: string[] = [];
  for (const url of addresses) {
    const { refusal, continued } = await downloadFrom(url, part, options);
    if (refusal === undefined) return continued;
    refusals.push(`${url}: ${refusal}`);
  }
  const remedy = addresses.length > 1 ? "The mirror has no such file: put it there, or ask the publisher (without --mirror and POTSTILL_WEIGHTS_MIRROR)" : otherWay;
  throw new Error(`${refusals.join("; ")}. ${remedy}`);
}

/** How an address ended: with the whole file, or with why it has no such file. */
interface Ended {
  readonly refusal?: string;
  readonly continued: boolean;
}

async function downloadFrom(url: string, part: string, options: DownloadOptions): Promise<Ended> {
  if (url.startsWith("file:")) return copyFrom(fileURLToPath(url), part, options);
  let last = "";
  for (let attempt = 0, reached = -1; attempt < attempts; attempt++) {
    if (attempt > 0) await sleep((options.pause ?? 1000) * 2 ** (attempt - 1), undefined, options.signal ? { signal: options.signal } : {});
    const outcome = await attemptDownload(url, part, options);
    if ("continued" in outcome) return outcome;
    last = outcome.fault;
    const size = sizeOf(part);
    if (size > reached && reached >= 0) attempt = 0; // it goes forward
    reached = size;
  }
  if (sizeOf(part) === 0) throw new Error(`${url} gave no byte, ${attempts} times (${last}). ${otherWay}`);
  throw new Error(`${url} broke off after ${sizeOf(part)} bytes, ${attempts} times without a byte more (${last}). The part stays: ask again to go on from there`);
}

/** Ended, or a fault after which it is worth to try again. */
async function attemptDownload(url: string, part: string, options: DownloadOptions): Promise<Ended | { readonly fault: string }> {
  options.signal?.throwIfAborted();
  const watch = stallWatch(options);
  const from = startOf(part, url);
  try {
    const response = await fetch(url, { headers: rangeHeaders(part, from), signal: watch.signal, redirect: "follow" });
    if (response.status === 416) {
      removePart(part); // the file became shorter than what we have
      return { fault: "the server's file is shorter than the part that came before" };
    }
    if (response.status >= 500 || response.status === 429) return { fault: `status ${response.status} ${response.statusText}` };
    if (!response.ok || response.body === null) return { continued: false, refusal: `status ${response.status} ${response.statusText}` };
    if (/^text\/html/.test(response.headers.get("content-type") ?? "")) return { continued: false, refusal: "the server sent a web page instead of a file" };
    return { continued: await receive(response, { part, url, from }, { ...options, beat: watch.beat }) };
  } catch (error) {
    options.signal?.throwIfAborted();
    if (!isNetworkFault(error)) throw error;
    return { fault: watch.signal.aborted ? `nothing came for ${(options.stall ?? 60_000) / 1000} s` : faultText(error) };
  } finally {
    watch.stop();
  }
}

/** Aborts when no byte comes for a while, or when the caller does. */
function stallWatch({ signal, stall = 60_000 }: DownloadOptions): { readonly signal: AbortSignal; readonly beat: () => void; readonly stop: () => void } {
  const controller = new AbortController();
  const stalled = () => { controller.abort(); };
  let timer = setTimeout(stalled, stall);
  const beat = () => { clearTimeout(timer); timer = setTimeout(stalled, stall); };
  return { signal: signal === undefined ? controller.signal : AbortSignal.any([controller.signal, signal]), beat, stop: () => { clearTimeout(timer); } };
}

function isNetworkFault(error: unknown): boolean {
  const { name, code, cause } = error as NodeJS.ErrnoException & { cause?: NodeJS.ErrnoException };
  return name === "AbortError" || name === "TypeError" || /^(ECONN|EPIPE|ETIMEDOUT|ENOTFOUND|EAI_AGAIN|UND_ERR)/.test(code ?? cause?.code ?? "");
}

function faultText(error: unknown): string {
  const { message, cause } = error as Error;
  return cause instanceof Error ? `${message}: ${cause.message}` : message;
}

function sizeOf(part: string): number {
  return statSync(part, { throwIfNoEntry: false })?.size ?? 0;
}

function removePart(part: string): void {
  for (const file of [part, `${part}.json`]) rmSync(file, { force: true });
}

/** Where to go on: what is there, unless it came from elsewhere. */
function startOf(part: string, url: string): number {
  if (readMark(part)?.url === url) return sizeOf(part);
  removePart(part);
  return 0;
}

function readMark(part: string): Mark | undefined {
  try {
    return JSON.parse(readFileSync(`${part}.json`, "utf8")) as Mark;
  } catch {
    return undefined;
  }
}

function rangeHeaders(part: string, from: number): Record<string, string> {
  const identity = { "accept-encoding": "identity" }; // ranges count the bytes of the file itself
  if (from === 0) return identity;
  const validator = readMark(part)?.validator;
  return { ...identity, range: `bytes=${from}-`, ...(validator === undefined ? {} : { "if-range": validator }) };
}

interface Receiving {
  readonly part: string;
  readonly url: string;
  readonly from: number;
}

async function receive(response: Response, { part, url, from }: Receiving, options: DownloadOptions & { readonly beat: () => void }): Promise<boolean> {
  const range = /^bytes (\d+)-\d*\/(\d+|\*)$/.exec(response.headers.get("content-range") ?? "");
  const start = response.status === 206 && Number(range?.[1]) === from ? from : 0;
  const length = Number(response.headers.get("content-length") ?? NaN);
  const total = Number.isNaN(length) ? undefined : start + length;
  if (response.status === 206 && start !== from) {
    removePart(part);
    throw new TypeError("the server sent another range than the one asked for");
  }
  requireSpace(part, length);
  const etag = response.headers.get("etag");
  const validator = (etag?.startsWith("W/") ? undefined : etag) ?? response.headers.get("last-modified") ?? undefined;
  writeAtomic(`${part}.json`, JSON.stringify({ url, validator } satisfies Mark));
  const file = await open(part, start === 0 ? "w" : "r+");
  try {
    const done = await pour(response.body!, file, { start, total, options });
    if (total !== undefined && done !== total) throw new TypeError(`${done} of ${total} bytes came`);
    await file.sync();
    return start > 0;
  } finally {
    await file.close();
  }
}

interface Pouring {
  readonly start: number;
  readonly total: number | undefined;
  readonly options: DownloadOptions & { readonly beat: () => void };
}

/** Writes a stream from a position on; returns where it ended. */
async function pour(body: ReadableStream<Uint8Array>, file: FileHandle, { start, total, options }: Pouring): Promise<number> {
  let at = start;
  await file.truncate(start);
  for await (const block of Readable.fromWeb(body as Parameters<typeof Readable.fromWeb>[0])) {
    options.beat();
    const bytes = block as Uint8Array;
    await file.write(bytes, 0, bytes.length, at);
    at += bytes.length;
    options.reporter.bytes(options.label, at, total);
  }
  return at;
}

function requireSpace(part: string, length: number): void {
  const free = freeBytes(part);
  if (length > free) throw new Error(`not enough disk space for ${part}: ${(length / 1e6).toFixed(0)} MB needed, ${(free / 1e6).toFixed(0)} MB free. Free some, or set POTSTILL_CACHE to a folder on another disk`);
}

/** From a folder of files, by a file: address. */
async function copyFrom(source: string, part: string, options: DownloadOptions): Promise<Ended> {
  const size = statSync(source, { throwIfNoEntry: false })?.size;
  if (size === undefined) return { continued: false, refusal: "no such file" };
  removePart(part);
  requireSpace(part, size);
  const file = await open(part, "w");
  try {
    let at = 0;
    for await (const block of createReadStream(source, { highWaterMark: 1 << 20, ...(options.signal && { signal: options.signal }) })) {
      const bytes = block as Buffer;
      await file.write(bytes);
      options.reporter.bytes(options.label, (at += bytes.length), size);
    }
    await file.sync();
  } finally {
    await file.close();
  }
  return { continued: false };
}
