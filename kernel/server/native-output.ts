import { readSync } from "node:fs";
import { Socket } from "node:net";

/** The most that a pipe can hold: what a cell has written is within so many bytes of its end. */
const pipeCapacity = 1 << 20;
const chunkSize = 1 << 16;
const roughMs = 1;

type Deliver = (name: "stdout" | "stderr", text: string) => void;

/**
 * What child processes and native code write to file descriptors 1 and 2. The pipes are read all the time, also while
 * the main thread is busy: a full one would block whoever writes.
 */
export class NativeOutput {
  readonly #pipes: readonly Pipe[];
  #drained = -Infinity;

  /** @param captured descriptors to read from; undefined: there is nothing to hear */
  constructor(captured: { readonly stdout: number; readonly stderr: number } | undefined, deliver: Deliver) {
    const names = captured === undefined ? [] : (["stdout", "stderr"] as const);
    this.#pipes = names.map((name) => new Pipe(captured![name], (text) => deliver(name, text)));
  }

  /** Delivers what has been written so far; `roughly` does not look again within a millisecond, as looking takes long. */
  drain(roughly = false): void {
    if (roughly && performance.now() - this.#drained < roughMs) return;
    for (const pipe of this.#pipes) pipe.drain();
    this.#drained = performance.now();
  }
}

class Pipe {
  readonly #descriptor: number;
  readonly #deliver: (text: string) => void;
  /** Characters may be cut in two where one read ends and the next begins. */
  readonly #decoder = new TextDecoder("utf-8", { ignoreBOM: true });
  readonly #buffer = Buffer.allocUnsafeSlow(chunkSize);

  constructor(descriptor: number, deliver: (text: string) => void) {
    this.#descriptor = descriptor;
    this.#deliver = deliver;
    const buffer = Buffer.allocUnsafeSlow(chunkSize);
    const onread = { buffer, callback: (length: number) => { this.#take(buffer.subarray(0, length)); return true; } };
    // The socket is only the event loop's way of hearing of new bytes. (@types/node knows `onread` for connections alone.)
    const options = { fd: descriptor, readable: true, writable: false, onread };
    new Socket(options).unref().on("error", () => undefined);
  }

  drain(): void {
    for (let total = 0; total < pipeCapacity; ) {
      const length = this.#read();
      if (length === 0) return;
      total += length;
      this.#take(this.#buffer.subarray(0, length));
    }
  }

  #read(): number {
    try {
      return readSync(this.#descriptor, this.#buffer);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === "EAGAIN") return 0;
      throw error;
    }
  }

  #take(bytes: Uint8Array): void {
    const text = this.#decoder.decode(bytes, { stream: true });
    if (text !== "") this.#deliver(text);
  }
}
