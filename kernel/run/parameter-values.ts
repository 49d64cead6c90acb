import { Float, ParameterError } from "../notebook/index.ts";
import type { Parameters, ParameterValue } from "../notebook/index.ts";

function toValue(value: unknown, path: string): ParameterValue {
  if (value === null || value instanceof Float || ["boolean", "number", "bigint", "string"].includes(typeof value)) return value as ParameterValue;
  if (Array.isArray(value)) return value.map((item, index) => toValue(item, `${path}[${index}]`));
  if (typeof value === "object" && [Object.prototype, null].includes(Object.getPrototypeOf(value) as object | null)) {
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, toValue(item, `${path}.${key}`)]));
  }
  throw new ParameterError(`Parameter ${path} is ${typeof value === "object" ? `an object of ${value?.constructor?.name}` : `of type ${typeof value}`}; expected null, boolean, number, bigint, string, a list or a record of these.`);
}

/** Checks that values are such that a notebook's language can say them. Throws a ParameterError that names the place. */
export function toParameters(values: Readonly<Record<string, unknown>>): Parameters {
  return Object.fromEntries(Object.entries(values).map(([name, value]) => [name, toValue(value, name)]));
}
