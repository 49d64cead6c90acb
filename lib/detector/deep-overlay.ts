import { refuseUnknown } from "./checks.ts";

/** A configuration whose parts, and their parts, may be given in part; lists are replaced whole. */
export type DeepPartial<T> = {
  readonly [K in keyof T]?: T[K] extends readonly unknown[] ? T[K] : T[K] extends object ? DeepPartial<T[K]> : T[K];
};

/**
 * `given` put over `base`, part by part.
 * @throws Error naming options that the base does not have
 */
export function deepOverlay<T extends object>(what: string, base: T, given: DeepPartial<T>): T {
  refuseUnknown(what, given, Object.keys(base));
  const merged = Object.entries(base).map(([key, value]: [string, unknown]) => {
    const change = (given as Record<string, unknown>)[key];
    if (change === undefined) return [key, value];
    return [key, isRecord(value) && isRecord(change) ? deepOverlay(`${what} ${key}`, value, change) : change];
  });
  return Object.fromEntries(merged) as T;
}

function isRecord(value: unknown): value is object {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
