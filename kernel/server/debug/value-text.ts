import type { Runtime } from "node:inspector";
import { inspect } from "node:util";

/** Longer texts are cut: a panel shows one line. */
const maximumLength = 10_000;
const previewLength = 120;

/** A value in one line, as `inspect` would write it; objects by what V8 previews of them. */
export function valueText(value: Runtime.RemoteObject): string {
  const { type, subtype, description = "", preview, unserializableValue } = value;
  if (unserializableValue !== undefined) return unserializableValue;
  if (type === "undefined" || subtype === "null") return subtype ?? type;
  if (type === "string") return quoted(cut(String(value.value), maximumLength));
  if (type === "function") return functionText(description);
  if (type !== "object") return description === "" ? String(value.value) : description;
  if (subtype === "error") return cut(description.split("\n    at ")[0], maximumLength);
  return preview === undefined ? description : cut(previewText(preview), 2 * previewLength);
}

/** The type as TypeScript people say it: `number`, `string`, or the class of an object. */
export function typeName({ type, subtype, className }: Runtime.RemoteObject): string {
  return subtype === "null" ? "null" : type === "object" ? (className ?? "object") : type;
}

/** A function's head: `function f(a, b)`, `class Point`. */
function functionText(description: string): string {
  const head = /^(class\b[^{]*|[^{=]*\([^)]*\)(?:\s*=>)?)/.exec(description)?.[1].trim() ?? description.split("\n", 1)[0];
  return `ƒ ${cut(head.replace(/\s+/g, " "), previewLength)}`;
}

function previewText(preview: Runtime.ObjectPreview): string {
  const { description = "Object", subtype, overflow } = preview;
  if (["regexp", "date", "node"].includes(subtype ?? "")) return description;
  if (preview.entries) return `${description} {${joined(preview.entries.map(entryText), overflow)}}`;
  const isList = subtype === "array" || subtype === "typedarray";
  const shown = subtype === "typedarray" ? preview.properties.filter(({ name }) => isIndex(name)) : preview.properties;
  const parts = shown.map((property) => (isList && isIndex(property.name) ? propertyText(property) : `${keyText(property.name)}: ${propertyText(property)}`));
  const inner = joined(parts, overflow);
  if (isList) return `${description} [${inner}]`;
  return description === "Object" ? `{${inner}}` : `${description} {${inner}}`;
}

/** As many parts as a line has room for. */
function joined(parts: readonly string[], overflow: boolean): string {
  let length = 0;
  const shown = parts.filter((part) => (length += part.length + 2) <= previewLength);
  return [...shown, ...(overflow || shown.length < parts.length ? ["…"] : [])].join(", ");
}

function entryText({ key, value }: Runtime.EntryPreview): string {
  const text = (preview: Runtime.ObjectPreview) => (preview.type === "string" ? quoted(preview.description ?? "") : preview.properties.length > 0 ? previewText(preview) : (preview.description ?? preview.type));
  return key === undefined ? text(value) : `${text(key)} => ${text(value)}`;
}

function propertyText({ type, subtype, value = "" }: Runtime.PropertyPreview): string {
  if (type === "string") return quoted(value);
  if (type === "accessor") return "(getter)";
  if (type === "function") return "ƒ";
  return type === "object" && subtype === undefined && value === "Object" ? "{…}" : value;
}

const isIndex = (name: string): boolean => /^\d+$/.test(name);

/** On one line, and whole. */
const quoted = (text: string): string => inspect(text, { breakLength: Infinity, maxStringLength: null });

const keyText = (name: string): string => (/^[\p{L}_$][\p{L}\p{N}_$]*$/u.test(name) ? name : quoted(name));

const cut = (text: string, length: number): string => (text.length > length ? `${text.slice(0, length)}…` : text);
