import { Float } from "../float.ts";
import type { ParameterValue } from "../float.ts";

/** One function per kind of value: the source text of a literal. */
export interface Literals {
  nothing(): string;
  boolean(value: boolean): string;
  integer(value: number | bigint): string;
  float(value: number): string;
  string(value: string): string;
  list(values: readonly ParameterValue[]): string;
  record(entries: readonly (readonly [string, ParameterValue])[]): string;
}

/** The literal of a value. */
export function literal(value: ParameterValue, language: Literals): string {
  if (value === null) return language.nothing();
  if (typeof value === "boolean") return language.boolean(value);
  if (typeof value === "string") return language.string(value);
  if (typeof value === "bigint" || Number.isInteger(value)) return language.integer(value as number | bigint);
  if (typeof value === "number") return language.float(value);
  if (value instanceof Float) return language.float(value.value);
  if (Array.isArray(value)) return language.list(value as readonly ParameterValue[]);
  return language.record(Object.entries(value as Record<string, ParameterValue>));
}

const shortEscapes: Record<string, string> = { "\\": "\\\\", "\n": "\\n", "\r": "\\r", "\t": "\\t" };

function escapeCharacter(character: string): string {
  const code = character.codePointAt(0)!;
  if (shortEscapes[character] !== undefined) return shortEscapes[character];
  if (code >= 0x20 && code < 0x7f) return character;
  if (code <= 0xff) return `\\x${code.toString(16).padStart(2, "0")}`;
  return code <= 0xffff ? `\\u${code.toString(16).padStart(4, "0")}` : `\\U${code.toString(16).padStart(8, "0")}`;
}

/** Text with Python's `unicode_escape`, in double quotes: R and Julia read it too. */
export function quoted(text: string): string {
  return `"${Array.from(text, escapeCharacter).join("").replaceAll('"', '\\"')}"`;
}
