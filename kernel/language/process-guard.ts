/** Thrown by `process.exit()` in a cell: the kernel stays, the cell is over. Jupyter's tools know Python's name for it. */
export class SystemExit extends Error {
  override name = "SystemExit";
  readonly code: number;

  constructor(code: number) {
    // papermill takes SystemExit "0" for success.
    super(code === 0 ? "0" : `process.exit(${code}) was called; the kernel keeps running`);
    this.code = code;
  }
}

/** Makes `process.exit()` end the cell instead of the kernel. Returns the way in which the kernel itself exits. */
export function guardProcessExit(): (code: number) => never {
  const exit = process.exit.bind(process);
  process.exit = (code) => {
    throw new SystemExit(Number(code ?? process.exitCode ?? 0));
  };
  return exit;
}

/** Errors that no cell is there to receive, from timers and forgotten promises, are reported instead of ending the kernel. */
export function reportStrayErrors(report: (error: unknown) => void): void {
  process.on("uncaughtException", (error) => report(error));
  process.on("unhandledRejection", (reason) => report(reason));
}

/** Node warns that the loader for notebooks is experimental; people at a notebook cannot do anything about it. */
export function silenceLoaderWarning(): void {
  const emit = process.emitWarning.bind(process) as (...args: unknown[]) => void;
  process.emitWarning = (...args: unknown[]) => {
    if (!String(args[0]).includes("USE_MAIN_CONTEXT_DEFAULT_LOADER")) emit(...args);
  };
}
