/** A cell took longer than it may. */
export class CellTimeoutError extends Error {
  override name = "CellTimeoutError";
}

/** The run was stopped from outside (Ctrl-C, an aborted signal). */
export class RunInterrupted extends Error {
  override name = "KeyboardInterrupt";
}
