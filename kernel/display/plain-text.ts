import { inspect, types } from "node:util";
import { most } from "./limits.ts";
import { isObject, lookup } from "./lookup.ts";
import { shorten } from "./shorten.ts";

/** A value as text, without colours. Values whose own inspection fails are described by the failure. */
export function plainText(value: unknown): string {
  try {
    if (typeof value === "string") return stringText(value);
    if (typeof value === "function" && !types.isProxy(value)) return functionText(value);
    return cut(inspected(value));
  } catch (error) {
    return `[${typeof value} that cannot be shown: ${messageOf(error)}]`;
  }
}

export const messageOf = (error: unknown): string => (error instanceof Error ? `${error.name}: ${error.message}` : String(error));

function inspected(value: unknown): string {
  const { short, depth, restore } = shorten(value);
  return restore(inspect(short, { depth, colors: false, maxArrayLength: most.items, maxStringLength: most.string, breakLength: 100 }));
}

function stringText(value: string): string {
  const text = inspect(value, { colors: false, maxStringLength: most.string, breakLength: 100 });
  return value.length > most.string ? `${text} (console.log prints the whole text)` : text;
}

function cut(text: string): string {
  return text.length <= most.text ? text : `${text.slice(0, most.text)}\n... ${text.length - most.text} more characters`;
}

/** What a function or class is, and its source; without it where the kernel has written calls of its own into it. */
function functionText(value: object): string {
  const title = cut(inspected(value));
  if (typeof lookup(value, inspect.custom) === "function") return title;
  const source = Function.prototype.toString.call(value);
  if (/\{\s*\[native code\]\s*\}$|\b__potstill\b/.test(source)) return title;
  const lines = source.slice(0, most.string).split("\n");
  const rest = source.split("\n").length - most.sourceLines;
  return [title, ...lines.slice(0, most.sourceLines), ...(rest > 0 ? [`... ${rest} more lines`] : [])].join("\n");
}

/** The name of a value's class, or of its type; no code of the value runs. */
export function kindOf(value: unknown): string {
  if (!isObject(value)) return typeof value;
  const name = lookup(lookup(value, "constructor"), "name");
  return typeof name === "string" && name !== "" ? name : typeof value;
}
