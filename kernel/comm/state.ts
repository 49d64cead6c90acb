import type { CommMessage } from "../language/link.ts";
import type { Comm, CommEvent } from "./comm.ts";

/** How comms leave the process; the kernel provides it. */
export type CommChannel = {
  post(message: CommMessage): void;
  /** Tells that frontends may open comms to a target, or not any more. */
  target(name: string, known: boolean): void;
  /** Lets the kernel's other thread mark what a comm hears: see `commMark`. */
  watch(commId: string, marks: Int32Array): void;
  /** The cell that what happens now belongs to. */
  cell(): number;
  /** Calls a handler on behalf of a cell; what it throws, or its promise rejects with, is shown there. */
  within(cell: number, handler: () => unknown): void;
};

/** Called with a comm that a frontend has opened, and what it said in doing so. */
export type CommTarget = (comm: Comm, open: CommEvent) => unknown;

type State = {
  channel?: CommChannel;
  readonly comms: Map<string, Comm>;
  readonly targets: Map<string, { readonly accept: CommTarget; readonly cell: number }>;
  /** The id of the comm that a frontend is opening just now: it must not be announced to it again. */
  accepting?: string | undefined;
};

/** One state for all copies of this module in a process: a notebook's folder may hold another Potstill. */
const key = Symbol.for("potstill.comms");
export const state = ((globalThis as Record<symbol, unknown>)[key] ??= { comms: new Map(), targets: new Map() }) as State;
