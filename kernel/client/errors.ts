/** The kernel's process ended, or never answered. */
export class DeadKernelError extends Error {
  override name = "DeadKernelError";
}

/** The kernel asked for input; nobody is there to type it. */
export class StdinNotImplementedError extends Error {
  override name = "StdinNotImplementedError";
}
