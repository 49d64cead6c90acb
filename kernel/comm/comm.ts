import { randomUUID } from "node:crypto";
import type { CommMessage } from "../language/link.ts";
import { bytesOf, isBinary } from "./bytes.ts";
import type { Binary } from "./bytes.ts";
import { state } from "./state.ts";

/** A JSON object. */
export type CommData = Readonly<Record<string, unknown>>;

/** How many messages wait for a listener. */
const earlyLimit = 999;

/** What goes beside the data of a message. */
export type CommExtras = {
  /** The message's metadata. */
  metadata?: CommData;
  /** Binary data: typed arrays, buffers; they are copied. */
  buffers?: readonly Binary[];
};

/** A message of the other side. */
export type CommEvent = {
  readonly data: CommData;
  readonly metadata: CommData;
  readonly buffers: readonly Uint8Array[];
};

export type CommHandler = (event: CommEvent) => unknown;

/** How a comm is opened. */
export type CommOptions = CommExtras & {
  /** What the other side is told at once. */
  data?: CommData;
  /** The comm's id; a random one unless given. */
  id?: string;
};

/**
 * A line between the kernel and the frontend: both sides send JSON and binary data until one closes it. The frontend
 * must know the target, a name that one of its extensions has registered.
 *
 * Handlers run between cells, and while a cell waits at an `await`. What they print appears below the cell that made
 * the comm, and so does an error in one of them.
 * @example
 * const comm = new Comm("my-extension", { data: { hello: "frontend" } });
 * comm.onMessage(({ data }) => console.log("the frontend says", data));
 * comm.send({ answer: 42 });
 */
export class Comm implements AsyncIterable<CommEvent> {
  /** The comm's id, which both sides know. */
  readonly id: string;
  /** The name under which the other side registered what answers. */
  readonly target: string;
  readonly #cell: number;
  readonly #messages = new Set<CommHandler>();
  readonly #closes = new Set<CommHandler>();
  /** The newest messages that came before anybody listened. */
  #early: CommEvent[] = [];
  #open = true;

  /**
   * Opens a comm to the frontend.
   * @param target the name that the frontend's extension has registered
   * @throws {TypeError} for data that JSON cannot hold
   */
  constructor(target: string, options: CommOptions = {}) {
    if (typeof target !== "string" || target === "") throw new TypeError(`A comm's target must be a non-empty string, received ${JSON.stringify(target)}.`);
    const { data = {}, id = randomUUID().replaceAll("-", ""), ...extras } = options;
    if (state.comms.has(id)) throw new Error(`A comm with the id ${JSON.stringify(id)} is open already. Leave the id out, or close that comm first.`);
    this.id = id;
    this.target = target;
    this.#cell = state.channel?.cell() ?? 0;
    if (state.accepting !== id) this.#post("open", data, extras);
    state.comms.set(id, this);
  }

  /** Whether either side has closed the comm. */
  get closed(): boolean {
    return !this.#open;
  }

  /**
   * Sends a message to the other side.
   * @throws {Error} when the comm is closed; {TypeError} for data that JSON cannot hold
   */
  send(data: CommData, extras: CommExtras = {}): void {
    if (!this.#open) throw new Error(`The comm ${this.id} (${this.target}) is closed: open a new one with new Comm("${this.target}").`);
    this.#post("msg", data, extras);
  }

  /** Closes the comm and tells the other side. Closing twice does nothing. */
  close(data: CommData = {}, extras: CommExtras = {}): void {
    if (!this.#open) return;
    this.#post("close", data, extras);
    this.#end({ data, metadata: extras.metadata ?? {}, buffers: [] });
  }

  /** Calls `handler` for every message of the other side; those that came before are not lost. Returns how to stop that. */
  onMessage(handler: CommHandler): () => void {
    this.#messages.add(handler);
    for (const event of this.#early.splice(0)) this.#call(handler, event);
    return () => void this.#messages.delete(handler);
  }

  /** Calls `handler` once the comm is closed, by either side. Returns how to stop that. */
  onClose(handler: CommHandler): () => void {
    this.#closes.add(handler);
    return () => void this.#closes.delete(handler);
  }

  /** The messages of the other side, until the comm is closed: `for await (const { data } of comm) …`. */
  async *[Symbol.asyncIterator](): AsyncGenerator<CommEvent, void, undefined> {
    const waiting: CommEvent[] = [];
    let wake = (): void => undefined;
    const stops = [this.onMessage((event) => { waiting.push(event); wake(); }), this.onClose(() => wake())];
    try {
      for (;;) {
        while (waiting.length > 0) yield waiting.shift()!;
        if (!this.#open) return;
        await new Promise<void>((resolve) => { wake = resolve; });
      }
    } finally {
      for (const stop of stops) stop();
    }
  }

  /** For the kernel: a message of the other side has come. */
  deliver(kind: "msg" | "close", event: CommEvent): void {
    if (!this.#open) return;
    if (kind === "close") return this.#end(event);
    if (this.#messages.size === 0) this.#early = [...this.#early.slice(-earlyLimit), event];
    for (const handler of [...this.#messages]) this.#call(handler, event);
  }

  #end(event: CommEvent): void {
    this.#open = false;
    state.comms.delete(this.id);
    for (const handler of [...this.#closes]) this.#call(handler, event);
    this.#messages.clear();
    this.#closes.clear();
  }

  #call(handler: CommHandler, event: CommEvent): void {
    state.channel?.within(this.#cell, () => handler(event));
  }

  #post(kind: CommMessage["kind"], data: CommData, { metadata = {}, buffers = [] }: CommExtras): void {
    if (state.channel === undefined) throw new Error("Comms work in notebook cells only: no Potstill kernel runs in this process.");
    state.channel.post({
      kind,
      commId: this.id,
      ...(kind === "open" ? { target: this.target } : {}),
      data: jsonObject("data", data),
      metadata: jsonObject("metadata", metadata),
      buffers: buffers.map(checkedBytes),
    });
  }
}

/** A copy, as what the caller changes later is not meant; also what JSON would make of it (dates, `toJSON`). */
function jsonObject(name: string, value: unknown): CommData {
  const copy: unknown = typeof value === "object" && value !== null && !Array.isArray(value) ? JSON.parse(JSON.stringify(value)) : undefined;
  if (typeof copy !== "object" || copy === null) throw new TypeError(`A comm's ${name} must be an object that JSON can hold, received ${describe(value)}. Put single values into one: { value: … }.`);
  return copy as CommData;
}

function checkedBytes(value: unknown): Uint8Array {
  if (!isBinary(value)) throw new TypeError(`A comm's buffers must be typed arrays, DataViews or ArrayBuffers, received ${describe(value)}.`);
  return bytesOf(value);
}

const describe = (value: unknown): string => (value === null ? "null" : Array.isArray(value) ? "an array" : typeof value === "object" ? "an object" : typeof value);
