import { types } from "node:util";

/** One value in several forms: MIME type → text, base64 (binary images), or JSON (`…+json`). */
export type MimeBundle = Record<string, unknown>;

/** A bundle and what goes beside it, as in `display_data`. */
export type Rendered = { data: MimeBundle; metadata: Record<string, unknown> };

/** The method by which a value shows itself; Deno's kernel reads it too. */
export const displaySymbol = Symbol.for("Jupyter.display");

/** A value that carries this was shown when it was made: as the last value of a cell it is not shown again. */
export const shownSymbol = Symbol.for("potstill.shown");

export function isShown(value: unknown): boolean {
  return typeof value === "object" && value !== null && !types.isProxy(value) && shownSymbol in value;
}

/** An object that knows how to show itself. */
export type Displayable = { [displaySymbol](): MimeBundle | Promise<MimeBundle> };

export const isDisplayable = (value: unknown): value is Displayable =>
  ((typeof value === "object" && value !== null) || typeof value === "function") && typeof (value as Partial<Displayable>)[displaySymbol] === "function";

const mimeType = /^[a-z]+\/[\w.+-]+(\s*;.*)?$/i;
const isJson = (type: string): boolean => /[/+]json\b/.test(type);
const isImage = (type: string): boolean => type.startsWith("image/") && !type.startsWith("image/svg");

/**
 * Checks a bundle that user code made and brings it into the wire's form: bytes become base64, lists of lines one text.
 * @throws {TypeError} naming the faulty MIME type, what it holds and what it may hold
 */
export function validBundle(bundle: unknown, source = 'Symbol.for("Jupyter.display")'): MimeBundle {
  if (typeof bundle !== "object" || bundle === null || Array.isArray(bundle)) {
    throw new TypeError(`${source} must give an object of MIME types, received ${describe(bundle)}. For example: { "text/html": "<b>hi</b>" }.`);
  }
  const entries = Object.entries(bundle).filter(([, value]) => value !== undefined);
  if (entries.length === 0) throw new TypeError(`${source} gave an object without MIME types. Give at least "text/plain".`);
  return Object.fromEntries(entries.map(([type, value]) => [type, validValue(type, value)]));
}

function validValue(type: string, value: unknown): unknown {
  if (!mimeType.test(type)) throw new TypeError(`A display's keys must be MIME types such as "text/html", received ${JSON.stringify(type)}.`);
  if (isJson(type)) return jsonOf(type, value);
  if (value instanceof Uint8Array && isImage(type)) return Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString("base64");
  if (Array.isArray(value) && value.every((line) => typeof line === "string")) return value.join("");
  if (typeof value === "string") return value;
  throw new TypeError(`${type} must be a string${isImage(type) ? " (base64) or a Uint8Array" : ""}, received ${describe(value)}.`);
}

/** @throws {TypeError} that names what JSON cannot hold */
export function jsonOf(name: string, value: unknown): unknown {
  const text = JSON.stringify(value) as string | undefined;
  if (text === undefined) throw new TypeError(`${name} must be a JSON value, received ${describe(value)}.`);
  return JSON.parse(text) as unknown;
}

const describe = (value: unknown): string => (value === null ? "null" : Array.isArray(value) ? "an array" : typeof value === "object" ? "an object" : typeof value);
