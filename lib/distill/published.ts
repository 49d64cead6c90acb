import { presetOf } from "./preset.ts";
import type { StudentShape } from "./taught.ts";

/** A row of a method's table of published weights. */
export interface Published {
  /** Where the weights are published. */
  readonly origin: string;
}

/** How many of a pyramid's levels a row compares. */
interface Levels {
  readonly levels?: number;
}

/** The finest levels that a row asks for. @throws RangeError unless the number is whole and from 1 */
export function finest<P>(method: string, pairs: readonly P[], { levels = pairs.length }: Levels): readonly P[] {
  if (!(Number.isInteger(levels) && levels > 0)) throw new RangeError(`${method}: levels is ${levels}; allowed: a whole number from 1`);
  return pairs.slice(0, levels);
}

/** What chooses the row. */
export interface PresetChoice<K extends string> {
  readonly student: Pick<StudentShape, "name">;
  /** The row's name. Default: the student's kind (`presetOf`). */
  readonly preset?: K;
}

/**
 * The published row for a student, with the method's own options put over it where they are given.
 * @param method its name, for messages
 * @param own of these, the entries that are not undefined
 * @throws RangeError for a preset that is not in the table, and for a number below 0 or not finite
 */
export function published<K extends string, T extends Published>(
  method: string, table: Readonly<Record<K, T>>, { student, preset }: PresetChoice<K>, own: { readonly [N in keyof T]?: T[N] | undefined },
): T {
  const row: T = table[presetOf(method, table, { student: student.name, ...(preset !== undefined && { asked: preset }) })];
  const given = Object.entries(own).filter(([, value]) => value !== undefined);
  const values = { ...row, ...Object.fromEntries(given) };
  for (const [name, value] of Object.entries(values)) {
    if (typeof value === "number" && !(value >= 0 && value < Infinity)) throw new RangeError(`${method}: ${name} is ${value}; allowed: a finite number from 0`);
  }
  return values;
}
