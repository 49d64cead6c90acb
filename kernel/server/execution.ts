import type { CellRequest, Outcome, ReadyCell } from "../language/link.ts";
import type { Header, JsonObject, Received } from "../protocol/messages.ts";
import { asBoolean, asObject, asString } from "../protocol/messages.ts";

/** A cell between `execute_request` and `execute_reply`. */
export interface Execution {
  readonly cell: CellRequest;
  readonly request: Received;
  readonly silent: boolean;
  /** Whether the cell has a number of its own and belongs into the history. */
  readonly counted: boolean;
  readonly stopOnError: boolean;
  /** `execution_count` of `execute_input` and `execute_result`. */
  readonly shownCount: number;
  /** `execution_count` of the reply: the number of the newest cell that was counted. */
  readonly count: number;
  /** Aborted by an interrupt that comes before the cell's code has started. */
  readonly interrupted: AbortController;
  /** What the reply asks the frontend to do, for example to open its pager. */
  readonly payload: JsonObject[];
  /** The cell with its script, where the main thread does not have them yet. */
  ready: ReadyCell | undefined;
  /** Whether the main thread evaluates the cell. */
  started: boolean;
  finish: (outcome: Outcome) => void;
}

/** What is left to do when a cell has ended. */
export interface Finished {
  readonly reply: JsonObject;
  /** Whether the cells that wait in the same queue must not run. */
  readonly abortQueue: boolean;
}

/** The outcome of a cell that was interrupted before its code started. */
export const interruptedOutcome: Outcome = { status: "error", ename: "InterruptedError", evalue: "interrupted", traceback: ["InterruptedError: interrupted"] };

/** The outcome of a cell that the kernel itself failed to run, for example because a thread of it was lost. */
export function brokenOutcome(error: unknown): Outcome {
  const { name, message } = error instanceof Error ? error : new Error(String(error));
  return { status: "error", ename: name, evalue: message, traceback: [`${name}: ${message}`] };
}

/**
 * Reads an `execute_request`. Numbers are given as ipykernel gives them: a cell that is not kept in the history, or is
 * blank, shows the next number without using it up.
 * @param id the cell's
 * @param counted how many cells have been counted so far
 */
export function createExecution(request: Received, id: number, alreadyCounted: number): Execution {
  const { content } = request.message;
  const code = asString(content.code);
  const silent = asBoolean(content.silent, false);
  const counted = !silent && asBoolean(content.store_history, true) && code.trim() !== "";
  const shownCount = alreadyCounted + 1;
  const cell: CellRequest = {
    id,
    count: silent ? undefined : shownCount,
    code,
    allowStdin: asBoolean(content.allow_stdin, true),
    expressions: stringFields(content.user_expressions),
    tsx: false,
  };
  return {
    cell, request, silent, counted, shownCount,
    count: counted ? shownCount : alreadyCounted,
    stopOnError: asBoolean(content.stop_on_error, true),
    interrupted: new AbortController(),
    payload: [],
    ready: undefined,
    started: false,
    finish: () => undefined,
  };
}

/** The request's header: the parent of everything that the cell causes. */
export const parentOf = ({ request }: Execution): Header => request.message.header;

/** What a cell's outcome means for its client and its queue. */
export function finished(execution: Execution, outcome: Outcome): Finished {
  const rest = outcome.status === "ok" ? { status: "ok", user_expressions: outcome.expressions } : { ...outcome, user_expressions: {} };
  return {
    reply: { execution_count: execution.count, ...rest, payload: execution.payload },
    abortQueue: outcome.status === "error" && execution.stopOnError && !execution.silent,
  };
}

function stringFields(value: unknown): Record<string, string> {
  const entries = Object.entries(asObject(value) ?? {});
  return Object.fromEntries(entries.filter((entry): entry is [string, string] => typeof entry[1] === "string"));
}
