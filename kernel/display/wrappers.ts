import { readFileSync } from "node:fs";
import { escapeHtml } from "./escape.ts";
import { imageType } from "./image-type.ts";
import { displaySymbol } from "./mime.ts";
import type { MimeBundle, Rendered } from "./mime.ts";
import { kindOf } from "./plain-text.ts";

/** Carries output metadata (image sizes) beside the bundle. */
export const metadataSymbol = Symbol.for("potstill.metadata");

/** A value with a fixed MIME bundle. */
export class Rich {
  readonly [metadataSymbol]: Record<string, unknown>;
  readonly #data: MimeBundle;
  readonly #text: string;

  constructor({ data, metadata }: Rendered, text: string) {
    this.#data = data;
    this.#text = text;
    this[metadataSymbol] = metadata;
  }

  [displaySymbol](): MimeBundle {
    return this.#data;
  }

  /** The source: markup, Markdown, LaTeX or JSON text. */
  toString(): string {
    return this.#text;
  }
}

/** HTML that is safe to put into other HTML as it is. */
export class Html extends Rich {
  constructor(markup: string) {
    super({ data: { "text/html": markup, "text/plain": markup }, metadata: {} }, markup);
  }
}

type Template = TemplateStringsArray;
const isTemplate = (value: unknown): value is Template => Array.isArray(value) && "raw" in value;

function fill(strings: Template, values: readonly unknown[], show: (value: unknown) => string): string {
  return strings.map((string, i) => (i < values.length ? string + show(values[i]) : string)).join("");
}

function asHtml(value: unknown): string {
  if (value === null || value === undefined || value === false) return "";
  if (value instanceof Html) return value.toString();
  return Array.isArray(value) ? value.map(asHtml).join("") : escapeHtml(`${value as string}`);
}

const asText = (value: unknown): string => (Array.isArray(value) ? value.map(asText).join("") : `${value as string}`);

/** The text of a tagged template (LaTeX: backslashes as typed) or of a plain string. */
function textOf(source: Template | string, values: readonly unknown[], raw = false): string {
  if (!isTemplate(source)) return String(source);
  return dedent(raw ? fill(Object.assign([...source.raw], { raw: source.raw }), values, asText) : fill(source, values, asText));
}

/** Removes the indentation that all lines after the first share, as Markdown would take it for code. */
function dedent(text: string): string {
  const lines = text.split("\n");
  const indents = lines.slice(1).filter((line) => line.trim() !== "").map((line) => /^[ \t]*/.exec(line)![0].length);
  const common = indents.length === 0 ? 0 : Math.min(...indents);
  return lines.map((line, i) => (i === 0 ? line.trimStart() : line.slice(Math.min(common, /^[ \t]*/.exec(line)![0].length)))).join("\n").trim();
}

export function html(source: Template | string, ...values: readonly unknown[]): Html {
  return new Html(isTemplate(source) ? fill(source, values, asHtml) : String(source));
}

export function md(source: Template | string, ...values: readonly unknown[]): Rich {
  const text = textOf(source, values);
  return new Rich({ data: { "text/markdown": text, "text/plain": text }, metadata: {} }, text);
}

export function svg(source: Template | string | Uint8Array, ...values: readonly unknown[]): Rich {
  const text = source instanceof Uint8Array ? Buffer.from(source).toString("utf8") : isTemplate(source) ? fill(source, values, asHtml) : String(source);
  if (!/<svg[\s>]/.test(text)) throw new TypeError(`svg needs an <svg> element, received ${JSON.stringify(text.slice(0, 60))}. Wrap shapes in <svg xmlns="http://www.w3.org/2000/svg" width="…" height="…">.`);
  const named = /xmlns=/.test(text) ? text : text.replace("<svg", '<svg xmlns="http://www.w3.org/2000/svg"');
  return new Rich({ data: { "image/svg+xml": named.trim(), "text/plain": "[SVG image]" }, metadata: {} }, named);
}

export function latex(source: Template | string, ...values: readonly unknown[]): Rich {
  const text = textOf(source, values, true);
  const delimited = /^\s*(\$|\\\[|\\\(|\\begin\{)/.test(text) ? text : `$$${text}$$`;
  return new Rich({ data: { "text/latex": delimited, "text/plain": text }, metadata: {} }, text);
}

export function json(value: unknown, ...values: readonly unknown[]): Rich {
  const parsed: unknown = isTemplate(value) ? JSON.parse(fill(value, values, (item) => JSON.stringify(item))) : value;
  const text = JSON.stringify(parsed, undefined, 2) as string | undefined;
  if (text === undefined) throw new TypeError(`json needs a value that JSON can hold, received ${typeof parsed}.`);
  return new Rich({ data: { "application/json": JSON.parse(text) as unknown, "text/plain": text }, metadata: {} }, text);
}

export type ImageOptions = { width?: number; height?: number; alt?: string };

export function image(source: Template | string | Uint8Array, ...rest: readonly unknown[]): Rich {
  const options = isTemplate(source) ? {} : ((rest[0] ?? {}) as ImageOptions);
  const place = isTemplate(source) ? fill(source, rest, asText) : source;
  if (typeof place !== "string" && !(place instanceof Uint8Array)) throw new TypeError(`image needs a file's bytes, its path, a data: URL or a web address, received ${kindOf(place)}.`);
  if (typeof place === "string" && /^https?:/.test(place)) return remoteImage(place, options);
  const bytes = typeof place === "string" ? readImage(place) : place;
  const type = imageType(bytes);
  if (type === undefined) throw new TypeError(`image needs a PNG, JPEG, GIF, WebP or SVG file, received ${typeof place === "string" ? place.slice(0, 80) : `${bytes.length} bytes that begin with ${Buffer.from(bytes.subarray(0, 4)).toString("hex")}`}.`);
  if (type === "image/svg+xml") return svg(bytes);
  const { alt, ...size } = options;
  const data = { [type]: Buffer.from(bytes).toString("base64"), "text/plain": alt ?? `[${type.slice(6).toUpperCase()} image, ${bytes.length} bytes]` };
  return new Rich({ data, metadata: Object.keys(size).length === 0 ? {} : { [type]: size } }, data["text/plain"]);
}

function readImage(place: string): Uint8Array {
  const url = /^data:[^,]*?(;base64)?,(.*)$/s.exec(place);
  if (url === null) return readFileSync(place);
  return Buffer.from(url[1] ? url[2] : decodeURIComponent(url[2]), url[1] ? "base64" : "utf8");
}

function remoteImage(address: string, { width, height, alt = "" }: ImageOptions): Rich {
  const size = [width === undefined ? "" : ` width="${Number(width)}"`, height === undefined ? "" : ` height="${Number(height)}"`].join("");
  return new Rich({ data: { "text/html": `<img src="${escapeHtml(address)}" alt="${escapeHtml(alt)}"${size}>`, "text/plain": address }, metadata: {} }, address);
}
