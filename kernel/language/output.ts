import { detachConsole } from "./console.ts";
import type { FromInterpreter, MimeBundle, SharedState } from "./link.ts";
import { slot } from "./link.ts";

/** How much output may be on its way before a printing cell has to wait for the sockets. */
const backlogLimit = 64 * 1024 * 1024;

/** What a message weighs beside its text: many short ones take time, too, before an interrupt gets through behind them. */
const messageWeight = 1000;

/** How long a child process waits for what the cell said before it, in milliseconds, at most. */
const barrierMs = 500;

/** Sends what user code prints and shows to the wire worker, as messages of the running cell. */
export interface Output {
  write(name: "stdout" | "stderr", text: string): void;
  display(shown: Omit<Extract<FromInterpreter, { type: "display" }>, "type" | "cell" | "weight">): void;
}

/** @param cell the cell to which output belongs at the moment it is written */
export function createOutput(post: (message: FromInterpreter) => void, shared: SharedState, cell: () => number): Output {
  const count = (weight: number, message: FromInterpreter): void => {
    const backlog = Atomics.add(shared.control, slot.backlog, weight) + weight;
    post(message);
    if (backlog > backlogLimit) waitForSockets(shared);
  };
  return {
    write(name, text) {
      const weight = text.length + messageWeight;
      if (text !== "") count(weight, { type: "stream", cell: cell(), name, text, weight });
    },
    display(shown) {
      const weight = weightOf(shown.data);
      count(weight, { type: "display", cell: cell(), weight, ...shown });
    },
  };
}

/** Most of what is large in a bundle is text: HTML, or a picture in base64. */
function weightOf(data: MimeBundle): number {
  return Object.values(data).reduce<number>((sum, value) => sum + (typeof value === "string" ? value.length : 0), messageWeight);
}

function waitForSockets(shared: SharedState): void {
  for (;;) {
    const backlog = Atomics.load(shared.control, slot.backlog);
    if (backlog <= backlogLimit / 2 || Atomics.load(shared.flag, 0) !== 0) return;
    Atomics.wait(shared.control, slot.backlog, backlog, 100);
  }
}

/** Waits until the wire worker has published all that was posted; at most a moment, as it may have trouble of its own. */
export function createBarrier(post: (message: FromInterpreter) => void, { control }: SharedState): () => void {
  let posted = 0;
  return () => {
    post({ type: "sync" });
    posted++;
    const end = performance.now() + barrierMs;
    for (let synced = Atomics.load(control, slot.synced); synced < posted && performance.now() < end; synced = Atomics.load(control, slot.synced)) {
      Atomics.wait(control, slot.synced, synced, barrierMs);
    }
  };
}

/** Makes `process.stdout`, `process.stderr` and so `console` write to `output`. */
export function captureStreams(output: Output): void {
  capture(process.stdout, (text) => output.write("stdout", text));
  capture(process.stderr, (text) => output.write("stderr", text));
  detachConsole();
}

/** Strings in these encodings stand for bytes; in all others they are the text itself. */
const byteEncodings: ReadonlySet<unknown> = new Set(["hex", "base64", "base64url"]);

function capture(stream: NodeJS.WriteStream, write: (text: string) => void): void {
  const decoder = new TextDecoder();
  stream.write = (chunk: unknown, encoding?: unknown, callback?: unknown): boolean => {
    const bytes = typeof chunk === "string" ? encoded(chunk, encoding) : chunk;
    if (typeof bytes === "string") write(bytes);
    else if (ArrayBuffer.isView(bytes)) write(decoder.decode(bytes, { stream: true }));
    else throw new TypeError(`write: received ${typeof chunk}, expected a string or bytes`);
    const done = typeof encoding === "function" ? encoding : callback;
    if (typeof done === "function") process.nextTick(done);
    return true;
  };
  // Later cells print too, so the stream does not end; who waits for its end (a pipeline) is told that all is written.
  stream.end = (...given: unknown[]): typeof stream => {
    const [chunk, encoding] = given.filter((each) => typeof each !== "function");
    const done = given.find((each) => typeof each === "function");
    if (chunk !== undefined && chunk !== null) stream.write(chunk as string, encoding as BufferEncoding);
    process.nextTick(() => {
      (done as (() => void) | undefined)?.();
      stream.emit("finish");
      stream.emit("close");
    });
    return stream;
  };
}

function encoded(text: string, encoding: unknown): string | Uint8Array {
  if (typeof encoding === "string" && !Buffer.isEncoding(encoding)) throw new TypeError(`write: the encoding ${JSON.stringify(encoding)} is none that Buffer knows`);
  return byteEncodings.has(encoding) ? Buffer.from(text, encoding as BufferEncoding) : text;
}
