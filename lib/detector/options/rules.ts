/** Where a value stands, for errors: `{ detector: "retinanet", path: "anchors.sizes[0]" }`; the detector's own options have an empty path. */
export interface Place {
  readonly detector: string;
  readonly path: string;
}

/** Throws for a value that it does not allow. */
export type Check = (value: unknown, place: Place) => void;

/** What the parts of a record may be. */
export interface Rules {
  readonly [part: string]: Check | Rules;
}

/** Rules that leave out no part of T, so that an option nobody checks does not type-check. */
export type RulesFor<T> = {
  readonly [K in keyof T]-?: Check | (NonNullable<T[K]> extends readonly unknown[] ? never : NonNullable<T[K]> extends object ? RulesFor<NonNullable<T[K]>> : never);
};

/** @throws Error, always: where, received, allowed */
export function refuse({ detector, path }: Place, received: string, allowed: string): never {
  throw new Error(`${detector} option ${path} is ${received}; it must be ${allowed}`);
}

/** @throws Error naming the parts of `given` that the place does not have */
export function refuseUnknown({ detector, path }: Place, given: object, allowed: readonly string[]): void {
  const unknown = Object.keys(given).filter((key) => !allowed.includes(key));
  const what = path === "" ? detector : `${detector} ${path.replaceAll(".", " ")}`;
  if (unknown.length > 0) throw new Error(`${what} has no option ${unknown.map((key) => `"${key}"`).join(", ")}; allowed: ${allowed.join(", ")}`);
}

/**
 * A preset's values with the given ones put over them: records part by part, as far as the rules know their parts; everything
 * else whole. A part that is left out or undefined stays as it is. Checks no value; `checkParts` does.
 * @throws Error for parts that the rules do not know, and for anything but a record in a record's place
 */
export function overlay(rules: Rules, { base, given, place }: { readonly base: object; readonly given: unknown; readonly place: Place }): Record<string, unknown> {
  const [values, changes] = [base as Record<string, unknown>, recordAt(rules, given, place)];
  return Object.fromEntries(Object.entries(rules).map(([key, rule]) => {
    const [value, change] = [values[key], changes[key]];
    if (change === undefined) return [key, value];
    return [key, typeof rule === "function" ? change : overlay(rule, { base: value as object, given: change, place: partOf(place, key) })];
  }).filter(([, value]) => value !== undefined)) as Record<string, unknown>;
}

/** @throws Error for the first value that its rule does not allow, and for parts that have no rule */
export function checkParts(rules: Rules, value: unknown, place: Place): void {
  const record = recordAt(rules, value, place);
  for (const [key, rule] of Object.entries(rules)) {
    if (typeof rule === "function") rule(record[key], partOf(place, key));
    else checkParts(rule, record[key], partOf(place, key));
  }
}

function recordAt(rules: Rules, value: unknown, place: Place): Record<string, unknown> {
  const parts = Object.keys(rules);
  if (!isRecord(value)) return refuse(place, shown(value), `a record of ${parts.join(", ")}`);
  refuseUnknown(place, value, parts);
  return value;
}

export function partOf({ detector, path }: Place, key: string): Place {
  return { detector, path: path === "" ? key : `${path}.${key}` };
}

export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** A value as errors show it. */
export function shown(value: unknown): string {
  if (typeof value === "string" || (typeof value === "object" && value !== null)) return JSON.stringify(value);
  return typeof value === "function" ? "a function" : String(value);
}
