/** One entry of a widget's state. */
export interface Field {
  readonly initial: unknown;
  /** The entry's name in the protocol, where that is not the name in snake case. */
  readonly wire?: string;
  /** What may stand here, in words. */
  readonly allowed: string;
  accepts(value: unknown): boolean;
}

export type Fields = Readonly<Record<string, Field>>;

const isString = (value: unknown): value is string => typeof value === "string";
const isFiniteNumber = (value: unknown): value is number => typeof value === "number" && Number.isFinite(value);

export const text = (initial = ""): Field => ({ initial, allowed: "a string", accepts: isString });
export const flag = (initial = false): Field => ({ initial, allowed: "true or false", accepts: (value) => typeof value === "boolean" });
export const integer = (initial: number): Field => ({ initial, allowed: "a whole number", accepts: Number.isSafeInteger });
export const number = (initial: number): Field => ({ initial, allowed: "a finite number", accepts: isFiniteNumber });
export const oneOf = (...values: readonly [string, ...string[]]): Field => ({
  initial: values[0], allowed: `one of ${values.map((value) => JSON.stringify(value)).join(", ")}`, accepts: (value) => isString(value) && values.includes(value),
});
export const texts = (): Field => ({ initial: [], allowed: "an array of strings", accepts: (value) => Array.isArray(value) && value.every(isString) });
export const bytes = (): Field => ({ initial: new Uint8Array(), allowed: "a Uint8Array", accepts: (value) => value instanceof Uint8Array });

/** Another field's values, or null, which is the initial one. */
export const maybe = (field: Field): Field => ({ initial: null, allowed: `${field.allowed} or null`, accepts: (value) => value === null || field.accepts(value) });

/** The same field under another name in the protocol. */
export const named = (wire: string, field: Field): Field => ({ ...field, wire });

/** `barStyle` → `bar_style`. */
export const wireName = (name: string, { wire }: Field): string => wire ?? name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
