import { comms, deliverComm, setCommChannel } from "../comm/index.ts";
import type { CellContext } from "./cell-context.ts";
import type { FromInterpreter, ToInterpreter } from "./link.ts";

/** What comms need from the interpreter. */
export interface CommLinkParts {
  readonly context: CellContext;
  /** The cell that what happens now belongs to. */
  readonly cell: () => number;
  readonly post: (message: FromInterpreter) => void;
  /** Shows an error that a handler threw, on behalf of the current cell. */
  readonly report: (error: unknown) => void;
}

/** Carries comms between user code and the wire worker. */
export class CommLink {
  readonly #parts: CommLinkParts;
  /** The frontend's message that is being handled. */
  #handling: number | undefined;

  constructor(parts: CommLinkParts) {
    this.#parts = parts;
    const { post, cell } = parts;
    setCommChannel({
      cell,
      post: (message) => post({ type: "comm", cell: cell(), cause: this.#handling, message }),
      target: (name, known) => post({ type: "comm-target", name, known }),
      watch: (commId, marks) => post({ type: "comm-watch", commId, marks }),
      within: (owner, handler) => this.#within(owner, handler),
    });
    // A page that was loaded again asks which widgets there are, also in notebooks without widgets.
    comms.registerTarget("jupyter.widget.control", async (comm, open) => (await import("../widgets/control.ts")).acceptControl(comm, open));
  }

  /** A handler that was terminated never says that it is done. To be called first in every message event. */
  noticeTermination(): void {
    this.#handled();
  }

  hear({ id, message }: Extract<ToInterpreter, { type: "comm" }>): void {
    this.#handling = id;
    deliverComm(message);
    this.#handled();
  }

  #handled(): void {
    if (this.#handling === undefined) return;
    const id = this.#handling;
    this.#handling = undefined;
    this.#parts.post({ type: "comm-handled", id });
  }

  #within(owner: number, handler: () => unknown): void {
    const { context, report } = this.#parts;
    const failed = (error: unknown): void => context.run(owner, () => report(error));
    try {
      const done = context.run(owner, handler);
      if (done instanceof Promise) done.catch(failed);
    } catch (error) {
      failed(error);
    }
  }
}
