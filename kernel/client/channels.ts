import { randomUUID } from "node:crypto";
import { Dealer, Subscriber } from "zeromq";
import { addressOf } from "../protocol/connection-file.ts";
import type { ConnectionInfo } from "../protocol/connection-file.ts";
import { decode, encode } from "../protocol/frames.ts";
import { protocolVersion } from "../protocol/messages.ts";
import type { JsonObject, Message } from "../protocol/messages.ts";
import { createSigner } from "../protocol/signer.ts";
import type { Signer } from "../protocol/signer.ts";

export type Source = "shell" | "control" | "stdin" | "iopub";
export type Listener = (source: Source, message: Message) => void;

const unlimited = { sendHighWaterMark: 0, receiveHighWaterMark: 0, linger: 0 };

/** A client's five sockets to one kernel: requests go out in order, every verified message reaches the listener. */
export class Channels {
  readonly #session = randomUUID();
  readonly #signer: Signer;
  readonly #listener: Listener;
  readonly #dealers: Record<"shell" | "control" | "stdin", Dealer>;
  readonly #iopub = new Subscriber({ receiveHighWaterMark: 0, linger: 0 });
  readonly #heartbeat = new Dealer(unlimited);
  #sending: Promise<void> = Promise.resolve();
  #beats: (() => void)[] = [];
  #closed = false;

  constructor(info: ConnectionInfo, listener: Listener) {
    this.#signer = createSigner(info.key, info.signatureScheme);
    this.#listener = listener;
    // stdin answers find their way only when shell and stdin share one identity.
    const routingId = this.#session;
    this.#dealers = { shell: new Dealer({ ...unlimited, routingId }), control: new Dealer({ ...unlimited, routingId }), stdin: new Dealer({ ...unlimited, routingId }) };
    this.#iopub.subscribe();
    this.#iopub.connect(addressOf(info, "iopub"));
    this.#heartbeat.connect(addressOf(info, "hb"));
    for (const name of ["shell", "control", "stdin"] as const) this.#dealers[name].connect(addressOf(info, name));
    void this.#receive("iopub", this.#iopub);
    for (const name of ["shell", "control", "stdin"] as const) void this.#receive(name, this.#dealers[name]);
    void this.#listenForBeats();
  }

  /** Sends a request; returns its message id at once. */
  send(channel: "shell" | "control" | "stdin", type: string, content: JsonObject, { parent = {}, metadata = {} }: { parent?: Message["parent"]; metadata?: JsonObject } = {}): string {
    const header = { msg_id: randomUUID(), session: this.#session, username: "potstill", date: new Date().toISOString(), msg_type: type, version: protocolVersion };
    const frames = encode({ header, parent, metadata, content, buffers: [] }, [], this.#signer);
    this.#enqueue(this.#dealers[channel], frames);
    return header.msg_id;
  }

  /** Whether the kernel's heartbeat answers within the time. */
  async beat(milliseconds: number): Promise<boolean> {
    const answered = new Promise<boolean>((resolve) => this.#beats.push(() => resolve(true)));
    let timer: NodeJS.Timeout | undefined;
    const silence = new Promise<boolean>((resolve) => { timer = setTimeout(() => resolve(false), milliseconds); });
    this.#enqueue(this.#heartbeat, ["", "ping"]);
    return Promise.race([answered, silence]).finally(() => clearTimeout(timer));
  }

  close(): void {
    this.#closed = true;
    for (const socket of [...Object.values(this.#dealers), this.#iopub, this.#heartbeat]) socket.close();
  }

  /** ZeroMQ allows one send at a time on a socket. */
  #enqueue(socket: Dealer, frames: (Uint8Array | string)[]): void {
    this.#sending = this.#sending.then(() => (this.#closed ? undefined : socket.send(frames))).catch(() => undefined);
  }

  async #receive(source: Source, socket: Dealer | Subscriber): Promise<void> {
    for await (const frames of socket) {
      const message = this.#decode(frames);
      if (message !== undefined) this.#listener(source, message);
    }
  }

  /** Undefined for what is not signed by our kernel, or no message at all: it is dropped. */
  #decode(frames: readonly Uint8Array[]): Message | undefined {
    try {
      return decode(frames, this.#signer).message;
    } catch {
      return undefined;
    }
  }

  async #listenForBeats(): Promise<void> {
    for await (const _ of this.#heartbeat) {
      const waiting = this.#beats;
      this.#beats = [];
      for (const answer of waiting) answer();
    }
  }
}
