import { MessageChannel, receiveMessageOnPort } from "node:worker_threads";
import type { MessagePort } from "node:worker_threads";

/**
 * Under which version the notebook's own files are to be loaded, by their URLs. Node loads a URL once; a file that has
 * changed gets another one by a query that users never see. Files without an entry have not changed.
 */
const versions = new Map<string, number>();

/** To the thread that Node 20 runs module hooks in, and there: from the main thread. */
let toHooks: MessagePort | undefined;
let fromMain: MessagePort | undefined;

/** Sets versions, for everything that is resolved from now on. */
export function setVersions(changes: ReadonlyMap<string, number>): void {
  if (changes.size === 0) return;
  toHooks?.postMessage(changes);
  for (const [url, version] of changes) versions.set(url, version);
}

/** The port through which a thread of module hooks learns of versions, see {@link hearVersions}. */
export function versionsPort(): MessagePort {
  const { port1, port2 } = new MessageChannel();
  port1.unref();
  port1.postMessage(versions);
  toHooks = port1;
  return port2;
}

/** Called in the thread of module hooks. */
export function hearVersions(port: MessagePort): void {
  fromMain = port;
}

/** The URL by which a file is loaded in its present version. */
export function versionedUrl(url: string): string {
  receive();
  const version = versions.get(url.replace(/[?#].*$/s, ""));
  if (version === undefined || /[?&]potstill=\d/.test(url)) return url;
  return `${url}${url.includes("?") ? "&" : "?"}potstill=${version}`;
}

/** A text as if URLs had no versions. */
export function withoutVersions(text: string): string {
  return text.includes("potstill=") ? text.replace(/[?&]potstill=\d+/g, "") : text;
}

function receive(): void {
  if (fromMain === undefined) return;
  for (let next = receiveMessageOnPort(fromMain); next; next = receiveMessageOnPort(fromMain)) {
    for (const [url, version] of next.message as ReadonlyMap<string, number>) versions.set(url, version);
  }
}
