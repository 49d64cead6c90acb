/** @throws Error naming the keys of `given` that `what` does not have */
export function refuseUnknown(what: string, given: object, allowed: readonly string[]): void {
  const unknown = Object.keys(given).filter((key) => !allowed.includes(key));
  if (unknown.length > 0) throw new Error(`${what} has no option ${unknown.map((key) => `"${key}"`).join(", ")}; allowed: ${allowed.join(", ")}`);
}

export interface OptionChecks {
  readonly fail: (option: string, received: unknown, allowed: string) => never;
  /** A whole number from `low` to `high` (default ∞). */
  readonly whole: (option: string, value: number, low: number, high?: number) => void;
  /** A number strictly between; an upper bound of 1 is itself allowed. */
  readonly inside: (option: string, value: number, low: number, high: number) => void;
  readonly oneOf: (option: string, value: string, allowed: readonly string[]) => void;
}

/** Checks whose errors name the detector, the option, what it is and what it may be. */
export function optionChecks(detector: string): OptionChecks {
  const fail = (option: string, received: unknown, allowed: string): never => {
    throw new Error(`${detector} option ${option} is ${String(received)}; it must be ${allowed}`);
  };
  return {
    fail,
    whole: (option, value, low, high = Infinity) => {
      if (!Number.isInteger(value) || value < low || value > high) fail(option, value, `a whole number ${high === Infinity ? `from ${low}` : `from ${low} to ${high}`}`);
    },
    inside: (option, value, low, high) => {
      if (!(value > low && value < high) && !(high === 1 && value === 1)) fail(option, value, `between ${low} and ${high}`);
    },
    oneOf: (option, value, allowed) => {
      if (!allowed.includes(value)) fail(option, `"${value}"`, allowed.map((item) => `"${item}"`).join(", "));
    },
  };
}
