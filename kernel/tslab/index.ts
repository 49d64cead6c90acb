import { randomUUID } from "node:crypto";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { currentChannel } from "../display/cell-channel.ts";
import type { Display, Versions } from "./types.ts";

export type { Display, Versions };

/** The release of tslab whose interface this module has. */
const compatible = "1.0.22";

function typescriptVersion(): string {
  const path = createRequire(import.meta.url).resolve("typescript/package.json");
  return (JSON.parse(readFileSync(path, "utf8")) as { version: string }).version;
}

/** The release of tslab whose interface this is, and the versions of TypeScript and Node that run the notebook. */
export const versions: Versions = { tslab: compatible, typescript: typescriptVersion(), node: process.version };

/** Shows contents below the cell, each call as an output of its own. */
export const display: Display = makeDisplay((data) => { currentChannel().display(data, { metadata: {} }); });

/**
 * A display with one place below the cell: its first call adds an output, every later call replaces that one.
 * @example
 * const shown = newDisplay();
 * for (let step = 1; step <= 10; step++) shown.text(`step ${step}`);
 */
export function newDisplay(): Display {
  const id = randomUUID();
  let update = false;
  return makeDisplay((data) => {
    currentChannel().display(data, { id, update, metadata: {} });
    update = true;
  });
}

function makeDisplay(send: (data: Record<string, string>) => void): Display {
  const raw = (contentType: string, content: string | Uint8Array): void => { send({ [mimeTypeOf(contentType)]: encoded(contentType, content) }); };
  const text = (name: string, type: string) => (content: string): void => { send({ [type]: textOf(name, content) }); };
  const bytes = (name: string, type: string) => (content: Uint8Array): void => { send({ [type]: base64Of(name, content) }); };
  return {
    javascript: text("javascript", "text/javascript"),
    html: text("html", "text/html"),
    markdown: text("markdown", "text/markdown"),
    latex: text("latex", "text/latex"),
    svg: text("svg", "image/svg+xml"),
    png: bytes("png", "image/png"),
    jpeg: bytes("jpeg", "image/jpeg"),
    gif: bytes("gif", "image/gif"),
    pdf: bytes("pdf", "application/pdf"),
    text: text("text", "text/plain"),
    raw,
  };
}

function mimeTypeOf(type: unknown): string {
  if (typeof type === "string" && /^[\w.+-]+\/[\w.+-]+(\s*;.*)?$/.test(type)) return type;
  throw new TypeError(`raw needs a MIME type such as "text/html", received ${describe(type)}.`);
}

function encoded(type: string, content: unknown): string {
  if (typeof content === "string") return content;
  if (content instanceof Uint8Array) return base64(content);
  throw new TypeError(`raw("${type}", …) needs a string or a Uint8Array, received ${describe(content)}.`);
}

function textOf(name: string, content: unknown): string {
  if (typeof content === "string") return content;
  throw new TypeError(`${name} needs a string, received ${describe(content)}. display(value) shows values of every kind.`);
}

/** Like tslab, takes text for contents that are base64 already. */
function base64Of(name: string, content: unknown): string {
  if (content instanceof Uint8Array) return base64(content);
  if (typeof content === "string") return content;
  throw new TypeError(`${name} needs the file's bytes (a Uint8Array or Buffer), received ${describe(content)}.`);
}

const base64 = (content: Uint8Array): string => Buffer.from(content.buffer, content.byteOffset, content.byteLength).toString("base64");
const describe = (value: unknown): string => (value === null ? "null" : typeof value === "object" ? `a ${value.constructor?.name ?? "plain object"}` : typeof value === "string" ? JSON.stringify(value.slice(0, 40)) : `${typeof value}`);
