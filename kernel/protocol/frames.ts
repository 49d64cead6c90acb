import { isDeeperThan } from "./nesting.ts";
import type { Signer } from "./signer.ts";
import { asObject, asString, ProtocolError } from "./messages.ts";
import type { Header, JsonObject, Message, Received } from "./messages.ts";

/** How deep values within a message may be nested: parts of it are sent back and copied between threads. */
const deepest = 500;

const delimiter = Buffer.from("<IDS|MSG>");

/** Frames of one message split at the delimiter, not yet parsed. */
export interface Envelope {
  readonly identities: readonly Uint8Array[];
  readonly signature: Uint8Array;
  /** header, parent header, metadata, content. */
  readonly json: readonly Uint8Array[];
  readonly buffers: readonly Uint8Array[];
}

/** Splits raw frames into routing identities, signature, the four JSON frames and buffers. Throws {@link ProtocolError}. */
export function split(frames: readonly Uint8Array[]): Envelope {
  const at = frames.findIndex((frame) => delimiter.equals(frame));
  if (at < 0) throw new ProtocolError("no <IDS|MSG> delimiter");
  const signature = frames[at + 1];
  const json = frames.slice(at + 2, at + 6);
  if (signature === undefined || json.length < 4) throw new ProtocolError("fewer than six frames after the identities");
  return { identities: frames.slice(0, at), signature, json, buffers: frames.slice(at + 6) };
}

/**
 * Frames → message. The signature is checked before a single byte of JSON is parsed, and no error tells what the
 * right signature would have been. Throws {@link ProtocolError}.
 */
export function decode(frames: readonly Uint8Array[], signer: Signer): Received {
  const envelope = split(frames);
  if (!signer.verify(envelope.signature, envelope.json)) throw new ProtocolError("the signature does not match");
  const [header, parent, metadata, content] = envelope.json.map(parseFrame);
  return {
    identities: envelope.identities,
    message: {
      header: parseHeader(header),
      parent: parent.msg_id === undefined ? {} : parseHeader(parent),
      metadata: metadata,
      content: content,
      buffers: envelope.buffers,
    },
  };
}

/** Message → frames, signed. */
export function encode(message: Message, identities: readonly Uint8Array[], signer: Signer): Uint8Array[] {
  const json = [message.header, message.parent, message.metadata, message.content].map((part) => Buffer.from(JSON.stringify(part)));
  return [...identities, delimiter, Buffer.from(signer.sign(json), "latin1"), ...json, ...message.buffers];
}

function parseFrame(frame: Uint8Array, index: number): JsonObject {
  const name = ["header", "parent header", "metadata", "content"][index];
  if (isDeeperThan(deepest, frame)) throw new ProtocolError(`the ${name} is nested more than ${deepest} levels deep`);
  let value: unknown;
  try {
    value = JSON.parse(Buffer.from(frame.buffer, frame.byteOffset, frame.byteLength).toString("utf8"));
  } catch {
    throw new ProtocolError(`the ${name} is not JSON`);
  }
  const object = asObject(value);
  if (object === undefined) throw new ProtocolError(`the ${name} is not a JSON object`);
  return object;
}

function parseHeader(value: JsonObject): Header {
  const header = {
    msg_id: asString(value.msg_id),
    session: asString(value.session),
    username: asString(value.username),
    date: asString(value.date),
    msg_type: asString(value.msg_type),
    version: asString(value.version),
  };
  if (header.msg_id === "" || header.msg_type === "") throw new ProtocolError("the header lacks msg_id or msg_type");
  // Unknown header fields (subshell_id, …) travel back in the parent header of every answer.
  return { ...value, ...header };
}
