import type { PathMapping } from "./path-mapping.ts";
import type { ErrorContent } from "../protocol/messages.ts";
import type { Precompiled } from "./precompiled.ts";

/** MIME type → representation. */
export type MimeBundle = Record<string, unknown>;

/** What a cell's end looks like. */
export type Outcome =
  | { readonly status: "ok"; readonly expressions: Readonly<Record<string, ExpressionResult>> }
  | ({ readonly status: "error" } & ErrorContent);

/** The answer to one of `user_expressions`. */
export type ExpressionResult =
  | { readonly status: "ok"; readonly data: MimeBundle; readonly metadata: Record<string, unknown> }
  | ({ readonly status: "error" } & ErrorContent);

/** A cell on its way to the main thread. */
export interface CellRequest {
  readonly id: number;
  /** The number shown beside the cell; undefined for cells that are not counted. */
  readonly count: number | undefined;
  readonly code: string;
  readonly allowStdin: boolean;
  readonly expressions: Readonly<Record<string, string>>;
  /** Whether the cell is TSX: `<Tag/>` is an element and `<T>value` is not a type assertion. */
  readonly tsx: boolean;
}

/** What a cell is called in messages: `In [3]`. */
export function cellLabel({ count }: Pick<CellRequest, "count">): string {
  return count === undefined ? "cell" : `In [${count}]`;
}

/** A `comm_open`, `comm_msg` or `comm_close` on its way through the kernel, in either direction. */
export interface CommMessage {
  readonly kind: "open" | "msg" | "close";
  readonly commId: string;
  /** The target's name; of `open` alone. */
  readonly target?: string;
  readonly data: Readonly<Record<string, unknown>>;
  readonly metadata: Readonly<Record<string, unknown>>;
  readonly buffers: readonly Uint8Array[];
}

/** What the main thread tells about comms. */
export type CommNews =
  /** Code opened, used or closed a comm: that of a cell, or of a handler while it handles the message `cause`. */
  | { readonly type: "comm"; readonly cell: number; readonly cause: number | undefined; readonly message: CommMessage }
  /** A message of a frontend has been handled. */
  | { readonly type: "comm-handled"; readonly id: number }
  /** From now on a frontend may open comms to this target, or may not any more. */
  | { readonly type: "comm-target"; readonly name: string; readonly known: boolean }
  /** Marks what a widget's comm hears, for code that cannot hear it because it computes: see {@link commMark}. */
  | { readonly type: "comm-watch"; readonly commId: string; readonly marks: Int32Array };

/** Positions in the shared memory of a watched comm; each becomes 1 and stays so. */
export const commMark = { clicked: 0, seen: 1 } as const;

/** A cell with its script, unless the main thread must compile it. */
export interface ReadyCell {
  readonly cell: CellRequest;
  readonly script: Precompiled | undefined;
}

/** What the wire worker tells the main thread. Cells of different subshells may run at the same time. */
export type ToInterpreter =
  /** Here is a cell; `report` asks for a `compiled` message (the debugger needs its source map). */
  | ({ readonly type: "prepare"; readonly report?: boolean } & ReadyCell)
  /** What the notebook's tsconfig.json means by names, from now on. */
  | { readonly type: "paths"; readonly paths: PathMapping | undefined }
  /** `ready`: what `prepare` would have told, when nothing has to be known of the script before it runs. */
  | { readonly type: "run"; readonly id: number; readonly ready: ReadyCell | undefined }
  | { readonly type: "discard"; readonly id: number }
  /** Throw `InterruptedError` out of every pending `await`; answered at once by `responsive`. */
  | { readonly type: "interrupt" }
  /** The cell did not end after an interrupt: report it as interrupted and let none of its awaits continue. */
  | { readonly type: "abandon"; readonly id: number; readonly terminated: boolean }
  | ({ readonly type: "answer"; readonly cell: number } & InputAnswer)
  /** A frontend opened, used or closed a comm; answered by `handled`. */
  | { readonly type: "comm"; readonly id: number; readonly message: CommMessage }
  | { readonly type: "exit" };

/** What the main thread tells the wire worker, in the order in which it happened. */
export type FromInterpreter =
  /** SIGINT arrived while nobody else was listening for it. */
  | { readonly type: "sigint" }
  /** SIGTERM or SIGHUP arrived while no cell ran. */
  | { readonly type: "end" }
  /** Tell through `slot.synced` that everything posted before has been dealt with. */
  | { readonly type: "sync" }
  | { readonly type: "responsive" }
  | { readonly type: "stream"; readonly cell: number; readonly name: "stdout" | "stderr"; readonly text: string; readonly weight: number }
  | {
      readonly type: "display";
      readonly cell: number;
      readonly data: MimeBundle;
      readonly metadata: Record<string, unknown>;
      readonly id: string | undefined;
      readonly update: boolean;
      readonly weight: number;
    }
  | { readonly type: "clear"; readonly cell: number; readonly wait: boolean }
  | { readonly type: "result"; readonly cell: number; readonly data: MimeBundle; readonly metadata: Record<string, unknown> }
  | { readonly type: "input"; readonly cell: number; readonly prompt: string; readonly password: boolean; readonly blocking: boolean }
  | CommNews
  /** The script that V8 will know as `potstill-cell:<id>`, with the source map to the cell's TypeScript. */
  | { readonly type: "compiled"; readonly id: number; readonly code: string; readonly map: string }
  | { readonly type: "done"; readonly cell: number; readonly outcome: Outcome };

/** The answer to an `input` request; to a blocking one it comes on a port of its own, which a blocked thread can read. */
export type InputAnswer = { readonly value: string } | { readonly error: string };

/** Memory that both threads see. */
export interface SharedState {
  /** Length 1: not 0 after an interrupt, until the next cell starts. Long native computations look at it. */
  readonly flag: Int32Array;
  readonly control: Int32Array;
}

/** Positions in {@link SharedState.control}. */
export const slot = {
  /** Not 0 while the main thread runs the kernel's own code, which must not be terminated. */
  critical: 0,
  /** 1 once somebody reads the interrupt flag: then an interrupt leaves it time to stop by itself; 2 once somebody marks operations, too. */
  cooperative: 1,
  /** The weight of the output that the main thread has posted and the wire worker has not yet sent: its characters, and something for each message. */
  backlog: 2,
  /** Changes whenever an input answer was posted. */
  input: 3,
  /** How often the guardian has terminated the main thread's execution. */
  terminations: 4,
  /** How many `sync` messages the wire worker has dealt with. */
  synced: 5,
  /** 1 once the main thread has begun to exit. */
  exiting: 6,
  /** How often somebody has asked for the interrupt flag. */
  looks: 7,
  /** How many marked operations, within each other, the main thread is in. */
  operations: 8,
} as const;

/** Fresh shared memory for one kernel. */
export function createSharedState(): SharedState {
  return {
    flag: new Int32Array(new SharedArrayBuffer(4)),
    control: new Int32Array(new SharedArrayBuffer(4 * Object.keys(slot).length)),
  };
}
