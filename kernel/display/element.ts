import { kindOf } from "./plain-text.ts";
import { hasProperties } from "./lookup.ts";
import type { MimeBundle } from "./mime.ts";

/** A node of jsdom's, linkedom's or another library's document. */
type Node = { readonly nodeType: number; readonly tagName?: string; readonly outerHTML?: string; readonly documentElement?: Node | null; readonly children?: Iterable<Node> };

const [element, wholeDocument, fragment] = [1, 9, 11];

/** Recognises elements, documents and fragments of any DOM. */
export function isElement(value: unknown): value is Node {
  if (!hasProperties(value, "nodeType", "ownerDocument") || typeof value === "function") return false;
  const { nodeType, outerHTML, documentElement } = value as Node;
  return (nodeType === element && typeof outerHTML === "string") || (nodeType === wholeDocument && typeof documentElement?.outerHTML === "string") || nodeType === fragment;
}

/** An element as what it draws: SVG as a picture, everything else as HTML. */
export function elementBundle(node: Node): MimeBundle {
  const markup = markupOf(node);
  const text = { "text/plain": `${kindOf(node)} ${startOf(markup)}` };
  if (/^<svg[\s>]/i.test(markup)) return { "image/svg+xml": withNameSpaces(markup), ...text };
  return { "text/html": markup, ...text };
}

function markupOf(node: Node): string {
  if (node.nodeType === element) return String(node.outerHTML);
  if (node.nodeType === wholeDocument) return String(node.documentElement!.outerHTML);
  return Array.from(node.children ?? [], (child) => String(child.outerHTML)).join("");
}

const startOf = (markup: string): string => (markup.length > 200 ? `${markup.slice(0, 199)}…` : markup);

/** A picture of its own must name its XML name spaces, which HTML leaves out. */
function withNameSpaces(markup: string): string {
  const tag = /^<svg[^>]*>/i.exec(markup)?.[0] ?? "<svg>";
  const missing = [["xmlns", "http://www.w3.org/2000/svg"], ...(/\sxlink:/.test(markup) ? [["xmlns:xlink", "http://www.w3.org/1999/xlink"]] : [])].filter(([name]) => !new RegExp(`\\s${name}=`).test(tag));
  return markup.replace(/^<svg/i, `<svg${missing.map(([name, value]) => ` ${name}="${value}"`).join("")}`);
}
