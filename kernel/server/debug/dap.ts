import type { JsonObject } from "../../protocol/messages.ts";
import { asInteger, asObject, asString } from "../../protocol/messages.ts";

/** The content of a `debug_request`: a request of the Debug Adapter Protocol. */
export interface DapRequest {
  readonly seq: number;
  readonly command: string;
  readonly arguments: JsonObject;
}

/** A request that cannot be fulfilled; its message is shown to the user. */
export class DapError extends Error {
  override name = "DapError";
}

/** Reads the content of a `debug_request`; what is missing is empty. */
export function dapRequest(content: JsonObject): DapRequest {
  return { seq: asInteger(content.seq, 0), command: asString(content.command), arguments: asObject(content.arguments) ?? {} };
}

/** The content of a `debug_reply`. */
export function dapResponse(request: DapRequest, seq: number, result: { body: JsonObject } | { error: string }): JsonObject {
  const base = { type: "response", seq, request_seq: request.seq, command: request.command };
  return "error" in result ? { ...base, success: false, message: result.error, body: {} } : { ...base, success: true, body: result.body };
}

/** A whole number among a request's arguments. Throws a {@link DapError} that names it. */
export function integerArgument({ command, arguments: given }: DapRequest, name: string): number {
  const value = given[name];
  if (Number.isInteger(value)) return value as number;
  throw new DapError(`${command}: ${name} must be a whole number, received ${JSON.stringify(value) ?? "nothing"}.`);
}

/** A text among a request's arguments. Throws a {@link DapError} that names it. */
export function textArgument({ command, arguments: given }: DapRequest, name: string): string {
  const value = given[name];
  if (typeof value === "string") return value;
  throw new DapError(`${command}: ${name} must be a string, received ${JSON.stringify(value) ?? "nothing"}.`);
}

/** A list of objects among a request's arguments; empty when it is absent. */
export function listArgument({ arguments: given }: DapRequest, name: string): readonly JsonObject[] {
  const value = given[name];
  return Array.isArray(value) ? value.map((each) => asObject(each) ?? {}) : [];
}
