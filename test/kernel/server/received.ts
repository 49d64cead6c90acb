import type { JsonObject, Received } from "../../../kernel/protocol/messages.ts";

/** A request as it comes from the wire. */
export function received(type: string, content: JsonObject = {}, { id = type, identity = "client", parent = {} }: { id?: string; identity?: string; parent?: object } = {}): Received {
  const header = { msg_id: id, session: "s", username: "u", date: "", msg_type: type, version: "5.5" };
  return { identities: [Buffer.from(identity)], message: { header, parent: parent as Record<string, never>, metadata: {}, content, buffers: [] } };
}
