/** A JSON object as it arrives from the wire: every field is still unknown. */
export type JsonObject = Record<string, unknown>;

/** The header every Jupyter message carries (messaging.rst, "Message header"). */
export interface Header {
  readonly msg_id: string;
  readonly session: string;
  readonly username: string;
  readonly date: string;
  readonly msg_type: string;
  readonly version: string;
  /** The subshell that a request is meant for (JEP 91); the parent shell without one. */
  readonly subshell_id?: unknown;
}

/** One Jupyter message without its routing identities. */
export interface Message {
  readonly header: Header;
  /** The header of the message that caused this one; empty for unsolicited messages. */
  readonly parent: Header | Record<string, never>;
  readonly metadata: JsonObject;
  readonly content: JsonObject;
  readonly buffers: readonly Uint8Array[];
}

/** A message together with the ZeroMQ identities that lead back to its sender. */
export interface Received {
  readonly identities: readonly Uint8Array[];
  readonly message: Message;
}

/** The Jupyter messaging protocol this kernel speaks. */
export const protocolVersion = "5.5";

/** The execution states of the `status` message. */
export type ExecutionState = "starting" | "busy" | "idle";

/** `error` content: what went wrong, as a name, a value and lines to print. */
export interface ErrorContent {
  readonly ename: string;
  readonly evalue: string;
  readonly traceback: readonly string[];
}

/** A frame that is not a valid message: it is dropped, and nothing about it reaches an unauthenticated socket. */
export class ProtocolError extends Error {
  override name = "ProtocolError";
}

/** `value` when it is a JSON object, otherwise undefined. */
export function asObject(value: unknown): JsonObject | undefined {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as JsonObject) : undefined;
}

/** `value` when it is a string, otherwise `fallback`. */
export function asString(value: unknown, fallback = ""): string {
  return typeof value === "string" ? value : fallback;
}

/** `value` when it is a boolean, otherwise `fallback`. */
export function asBoolean(value: unknown, fallback: boolean): boolean {
  return typeof value === "boolean" ? value : fallback;
}

/** `value` when it is a finite whole number, otherwise `fallback`. */
export function asInteger(value: unknown, fallback: number): number {
  return Number.isInteger(value) ? (value as number) : fallback;
}
