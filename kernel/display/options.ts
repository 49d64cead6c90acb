import { isObject } from "./lookup.ts";
import { kindOf } from "./plain-text.ts";

/** The options of a function: name → type, as `typeof` has it. */
type Options = Readonly<Record<string, "string" | "boolean" | "object" | "number" | "function">>;

export const displayOptions: Options = { id: "string", update: "boolean", raw: "boolean", metadata: "object" };
export const clearOptions: Options = { wait: "boolean" };
export const progressOptions: Options = { label: "string", total: "number", cancel: "boolean", state: "function" };
export const inputOptions: Options = { password: "boolean" };

/** @throws {TypeError} that names the option, what it received and what it takes */
export function checkOptions(name: string, options: unknown, known: Options): void {
  const example = `{ ${Object.keys(known).join(", ")} }`;
  if (typeof options !== "object" || options === null || Array.isArray(options)) {
    throw new TypeError(`${name} takes options as an object, ${example}, received ${Array.isArray(options) ? "an array" : options === null ? "null" : typeof options}.`);
  }
  for (const [option, value] of Object.entries(options)) {
    if (!Object.hasOwn(known, option)) throw new TypeError(`${name} has no option ${JSON.stringify(option)}. Its options are ${Object.keys(known).join(", ")}.`);
    if (value !== undefined && (typeof value !== known[option] || value === null)) throw new TypeError(`${name}'s ${option} must be a${known[option] === "object" ? "n" : ""} ${known[option]}, received ${JSON.stringify(value) ?? typeof value}.`);
  }
}

/** @throws {TypeError} for what is no text: an object here is nearly always a mistake */
export function questionText(name: string, text: unknown): string {
  if (!isObject(text) && typeof text !== "symbol") return String(text);
  throw new TypeError(`${name} asks a question in words, received ${kindOf(text)}.`);
}
