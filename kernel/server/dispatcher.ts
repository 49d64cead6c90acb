import { toCodePoints, toUtf16 } from "../protocol/offsets.ts";
import type { Header, JsonObject, Received } from "../protocol/messages.ts";
import { asInteger, asString } from "../protocol/messages.ts";
import type { ConnectionInfo } from "../protocol/connection-file.ts";
import type { Comms } from "./comms.ts";
import type { Debugging } from "./debug/debugging.ts";
import type { Executions } from "./executions.ts";
import { helpRequest } from "./help.ts";
import type { History } from "./history.ts";
import type { IoPub } from "./iopub.ts";
import { kernelInfo } from "./kernel-info.ts";
import { splitMagics } from "../language/magics.ts";
import type { Source } from "../language/service/client.ts";
import type { Language } from "./language.ts";
import { completeMagic, inspectMagic } from "./magics/assist.ts";
import { asSwitch } from "./settings.ts";
import type { Settings } from "./settings.ts";
import { createSubshell, deleteSubshell, listSubshells } from "./subshell-requests.ts";
import type { Subshells } from "./subshells.ts";
import type { Usage } from "./usage.ts";

/** What request handlers work with. */
export interface Services {
  readonly connection: ConnectionInfo;
  readonly iopub: IoPub;
  readonly comms: Comms;
  readonly executions: Executions;
  readonly history: History;
  readonly language: Language;
  readonly settings: Settings;
  readonly subshells: Subshells;
  readonly usage: Usage;
  readonly debugging: Debugging;
  interrupt(): Promise<void>;
  /** Loads what the first cell will need. */
  warm(): void;
  /** Ends the kernel after the reply has been sent. */
  shutdown(): void;
}

/** A handler's answer: the reply's content. */
export type Answer = JsonObject | Promise<JsonObject>;
export type Handler = (services: Services, request: Received) => Answer;

/** Requests on the shell channel, without `execute_request`, which queues. They are answered while a cell runs. */
export const shellHandlers: Readonly<Record<string, Handler>> = {
  kernel_info_request: describeKernel,
  is_complete_request: isComplete,
  complete_request: complete,
  inspect_request: inspect,
  history_request: ({ history }, { message }) => history.answer(message.content),
  comm_info_request: ({ comms }, { message }) => comms.info(asString(message.content.target_name)),
  connect_request: connect,
  interrupt_request: interrupt,
  shutdown_request: shutdown,
};

/** Requests on the control channel, which takes those of the shell channel too. */
export const controlHandlers: Readonly<Record<string, Handler>> = {
  ...shellHandlers,
  create_subshell_request: createSubshell,
  delete_subshell_request: deleteSubshell,
  list_subshell_request: listSubshells,
  usage_request: ({ usage }) => usage.answer(),
  debug_request: ({ debugging }, { message }) => debugging.handle(message.content),
};

/** Runs a handler; what it throws becomes an error reply. */
export async function answer(handler: Handler, services: Services, request: Received): Promise<JsonObject> {
  try {
    return await handler(services, request);
  } catch (error) {
    return failure(error);
  }
}

/** The content of a reply that says what went wrong. */
export function failure(error: unknown): JsonObject {
  const { name, message } = error instanceof Error ? error : new Error(String(error));
  return { status: "error", ename: name, evalue: message, traceback: [`${name}: ${message}`] };
}

/** `execute_request` → `execute_reply`. */
export function replyType(request: Header): string {
  return request.msg_type.replace(/_request$/, "_reply");
}

function describeKernel(services: Services): JsonObject {
  // Whoever asks is about to run cells; but first the answer must leave.
  setTimeout(() => services.warm(), 10).unref();
  return kernelInfo();
}

async function isComplete(services: Services, { message }: Received): Promise<JsonObject> {
  const code = asString(message.content.code);
  if (helpRequest(code)) return { status: "complete" };
  // The reply has no form for errors: a frontend that is told nothing else runs the code, and so meets the error itself.
  const { status, indent } = await services.language.client.isComplete(source(services, code)).catch(() => ({ status: "unknown", indent: "" }) as const);
  return status === "incomplete" ? { status, indent: indent ?? "" } : { status };
}

async function complete(services: Services, { message }: Received): Promise<JsonObject> {
  const { code, cursor } = position(message.content);
  const { matches, start, end, metadata } = completeMagic(code, cursor) ?? (await services.language.client.complete(source(services, code), cursor));
  return { status: "ok", matches, cursor_start: toCodePoints(code, start), cursor_end: toCodePoints(code, end), metadata };
}

async function inspect(services: Services, { message }: Received): Promise<JsonObject> {
  const { code, cursor } = position(message.content);
  const { found, data } = inspectMagic(code, cursor) ?? await services.language.client.inspect(source(services, code), cursor, message.content.detail_level === 1 ? 1 : 0);
  return { status: "ok", found, data, metadata: {} };
}

/** Code as TypeScript will take it: the settings and the cell's own magics say whether it is TSX. */
function source({ settings }: Services, code: string): Source {
  const own = splitMagics(code).magics.filter(({ name }) => name === "tsx").at(-1);
  return { code, tsx: (own && asSwitch(own.args[0] ?? "on")) ?? settings.of().tsx };
}

function position(content: JsonObject): { code: string; cursor: number } {
  const code = asString(content.code);
  return { code, cursor: toUtf16(code, asInteger(content.cursor_pos, code.length)) };
}

function connect({ connection: { ports } }: Services): JsonObject {
  return { status: "ok", shell_port: ports.shell, iopub_port: ports.iopub, stdin_port: ports.stdin, hb_port: ports.hb, control_port: ports.control };
}

function interrupt(services: Services): JsonObject {
  void services.interrupt();
  return { status: "ok" };
}

function shutdown(services: Services, { message }: Received): JsonObject {
  setImmediate(() => services.shutdown());
  const content = { status: "ok", restart: message.content.restart === true };
  // All clients learn that the kernel goes, not only the one that asked.
  services.iopub.publish("shutdown_reply", content, message.header);
  return content;
}
