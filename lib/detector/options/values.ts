import { checkParts, refuse, shown, type Check, type Rules } from "./rules.ts";

export function number(allowed: string, accepts: (value: number) => boolean): Check {
  return (value, place) => {
    if (typeof value !== "number" || !accepts(value)) refuse(place, shown(value), allowed);
  };
}

export const finite: Check = number("a finite number", Number.isFinite);
export const from0: Check = number("a finite number from 0", (v) => v >= 0 && v < Infinity);
export const above0: Check = number("a finite number above 0", (v) => v > 0 && v < Infinity);
/** 0 and 1 are themselves allowed. */
export const fraction: Check = number("between 0 and 1", (v) => v >= 0 && v <= 1);
export const share: Check = number("above 0 and at most 1", (v) => v > 0 && v <= 1);
export const probability: Check = number("above 0 and below 1", (v) => v > 0 && v < 1);

/** A whole number from `low` to `high` (default ∞). */
export function whole(low: number, high = Infinity): Check {
  return number(`a whole number ${high === Infinity ? `from ${low}` : `from ${low} to ${high}`}`, (v) => Number.isInteger(v) && v >= low && v <= high);
}

/** One of these values. */
export function oneOf(...allowed: readonly (boolean | string)[]): Check {
  return (value, place) => {
    if (!(allowed as readonly unknown[]).includes(value)) refuse(place, shown(value), allowed.map(shown).join(", "));
  };
}

export const flag: Check = oneOf(true, false);

export const text: Check = (value, place) => {
  if (typeof value !== "string" || value === "") refuse(place, shown(value), "a text");
};

/** What may be left out. */
export function optional(check: Check): Check {
  return (value, place) => { if (value !== undefined) check(value, place); };
}

/** A record that is replaced whole. */
export function record(rules: Rules): Check {
  return (value, place) => { checkParts(rules, value, place); };
}

/** A list whose entries all pass; at least one, unless `counts` says how many. */
export function listOf(entry: Check, allowed: string, counts = (length: number): boolean => length > 0): Check {
  return (value, place) => {
    if (!Array.isArray(value) || !counts(value.length)) return refuse(place, shown(value), allowed);
    for (const [i, item] of (value as unknown[]).entries()) entry(item, { ...place, path: `${place.path}[${i}]` });
  };
}

const normWords = `{ kind: "frozen" }, { kind: "affine" } or { kind: "group", groups: a whole number }`;

/** What normalises a convolution's output (`Norm`). */
export const norm: Check = (value, place) => {
  const kind = (value as { readonly kind?: unknown } | null | undefined)?.kind;
  if (kind !== "frozen" && kind !== "affine" && kind !== "group") refuse(place, shown(value), normWords);
  checkParts({ kind: oneOf("frozen", "affine", "group"), ...(kind === "group" && { groups: whole(1) }) }, value, place);
};

/** A norm, or a word for it. */
export const headNorm: Check = (value, place) => {
  if (value === "none" || value === "auto") return;
  if (typeof value !== "object") refuse(place, shown(value), `"none", "auto", ${normWords}`);
  norm(value, place);
};
