/** Wrong usage of the command line: the exit code is 2. */
export class UsageError extends Error {
  override name = "UsageError";
}

/** The message for a person; the stack only when `POTSTILL_DEBUG` is set or the error carries no message. */
export function describeError(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  if (process.env.POTSTILL_DEBUG || error.message === "") return error.stack ?? String(error);
  const cause = error.cause instanceof Error && !error.message.includes(error.cause.message) ? `\n  cause: ${error.cause.message}` : "";
  return error.message + cause;
}
