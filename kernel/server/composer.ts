import { randomUUID } from "node:crypto";
import type { Header, JsonObject, Message } from "../protocol/messages.ts";
import { protocolVersion } from "../protocol/messages.ts";

/** Makes this kernel's messages: one session, message ids that count up. */
export class Composer {
  readonly session = randomUUID();
  #count = 0;

  compose(type: string, content: JsonObject, parent: Header | undefined, metadata: JsonObject = {}): Message {
    return { header: this.#header(type), parent: parent ?? {}, metadata, content, buffers: [] };
  }

  #header(type: string): Header {
    const id = `${this.session}_${++this.#count}`;
    return { msg_id: id, msg_type: type, session: this.session, username: "kernel", date: new Date().toISOString(), version: protocolVersion };
  }
}
