import { encode } from "../protocol/frames.ts";
import type { ExecutionState, Header, JsonObject } from "../protocol/messages.ts";
import type { Signer } from "../protocol/signer.ts";
import type { Composer } from "./composer.ts";
import type { Sockets } from "./sockets.ts";

/** What is printed is gathered this long, so that many lines become one message … */
const gatherMs = 20;
/** … but no message grows much beyond this. */
const gatherChars = 1 << 20;

interface Gathered {
  readonly name: string;
  readonly parent: Header | undefined;
  readonly parts: string[];
  chars: number;
  weight: number;
}

/** What a message may carry beside its content. */
interface Extras {
  readonly metadata?: JsonObject;
  readonly buffers?: readonly Uint8Array[];
}

/** Broadcasts to all clients, in order; printed text is joined into few messages. */
export class IoPub {
  readonly #sockets: Sockets;
  readonly #composer: Composer;
  readonly #signer: Signer;
  readonly #sent: (weight: number) => void;
  #gathered: Gathered | undefined;
  #timer: NodeJS.Timeout | undefined;

  /** @param sent is told the weight of printed text that has left */
  constructor(sockets: Sockets, composer: Composer, signer: Signer, sent: (weight: number) => void) {
    this.#sockets = sockets;
    this.#composer = composer;
    this.#signer = signer;
    this.#sent = sent;
  }

  publish(type: string, content: JsonObject, parent: Header | undefined, extras: Extras = {}): void {
    this.flushStreams();
    this.#send(type, content, parent, extras);
  }

  status(state: ExecutionState, parent: Header | undefined): void {
    this.publish("status", { execution_state: state }, parent);
  }

  stream(name: string, text: string, parent: Header | undefined): void {
    this.print({ name, text, weight: 0 }, parent);
  }

  /** Like {@link stream}, for text that was counted, as `weight`, when it was posted. */
  print({ name, text, weight }: { name: string; text: string; weight: number }, parent: Header | undefined): void {
    if (this.#gathered && (this.#gathered.name !== name || this.#gathered.parent !== parent)) this.flushStreams();
    this.#gathered ??= { name, parent, parts: [], chars: 0, weight: 0 };
    this.#gathered.parts.push(text);
    this.#gathered.chars += text.length;
    this.#gathered.weight += weight;
    if (this.#gathered.chars >= gatherChars) this.flushStreams();
    else this.#timer ??= setTimeout(() => this.flushStreams(), gatherMs);
  }

  /** Sends printed text that is still being gathered. */
  flushStreams(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const gathered = this.#gathered;
    if (gathered === undefined) return;
    this.#gathered = undefined;
    this.#send("stream", { name: gathered.name, text: gathered.parts.join("") }, gathered.parent, {});
    void this.#sockets.flush().then(() => this.#sent(gathered.weight));
  }

  /** Greets whoever has just subscribed to a topic (JEP 65): from now on nothing that is published escapes them. */
  welcome(topic: Uint8Array): void {
    this.flushStreams();
    const message = this.#composer.compose("iopub_welcome", { subscription: Buffer.from(topic).toString("utf8") }, undefined);
    this.#sockets.publish(encode(message, topic.length > 0 ? [topic] : [], this.#signer));
  }

  #send(type: string, content: JsonObject, parent: Header | undefined, { metadata, buffers = [] }: Extras): void {
    const message = this.#composer.compose(type, content, parent, metadata);
    this.#sockets.publish(encode({ ...message, buffers }, [Buffer.from(`kernel.${this.#composer.session}.${type}`)], this.#signer));
  }
}
