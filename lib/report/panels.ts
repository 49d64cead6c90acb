import sharp from "sharp";
import type { Pixels } from "../data/dataset.ts";
import { escapeHtml } from "./html.ts";

export interface PhotoOptions {
  /** Larger photographs are sent smaller, so that a notebook stays light. In pixels; default 640. */
  readonly maxSide?: number;
  /** JPEG quality, 1 … 100; default 85. */
  readonly quality?: number;
  /** Grey and half as bright, as a ground for colours. */
  readonly dimmed?: boolean;
}

/** An image with opacity: `data[(y·width + x)·4 + channel]`. */
export interface Rgba {
  readonly data: Uint8Array;
  readonly width: number;
  readonly height: number;
}

/** A photograph as an inline JPEG. */
export async function photoUri({ data, width, height }: Pixels, { maxSide = 640, quality = 85, dimmed = false }: PhotoOptions = {}): Promise<string> {
  const image = sharp(data, { raw: { width, height, channels: 3 } });
  const fitted = Math.max(width, height) > maxSide ? image.resize({ width: maxSide, height: maxSide, fit: "inside" }) : image;
  const toned = dimmed ? fitted.grayscale().linear(0.6, 12) : fitted;
  const jpeg = await toned.jpeg({ quality, chromaSubsampling: "4:4:4" }).toBuffer();
  return `data:image/jpeg;base64,${jpeg.toString("base64")}`;
}

/** Few pixels with opacity as an inline PNG. */
export async function pngUri({ data, width, height }: Rgba): Promise<string> {
  const png = await sharp(data, { raw: { width, height, channels: 4 } }).png({ compressionLevel: 9 }).toBuffer();
  return `data:image/png;base64,${png.toString("base64")}`;
}

export interface Panel {
  /** Pixels of the picture: the unit of `layer`. */
  readonly width: number;
  readonly height: number;
  /** The photograph, a data URI. */
  readonly photo: string;
  /** SVG elements above it. */
  readonly layer: string;
  /** What is seen, x, y, width, height; default the photograph alone. */
  readonly viewBox?: readonly [number, number, number, number];
  /** What it shows, for those who cannot see it. */
  readonly label: string;
  /** Plain text beneath; or HTML, which the caller has escaped. */
  readonly caption?: string | { readonly html: string };
  /** Plain text above it. */
  readonly heading?: string;
}

/** A picture with its drawing: scales with the page, and what reaches beyond the photograph is cut off. */
export function panelHtml({ width, height, photo, layer, viewBox = [0, 0, width, height], label, caption, heading }: Panel): string {
  const rendering = Math.max(width, height) < 200 ? "image-rendering:pixelated" : "";
  const inner = caption === undefined ? "" : typeof caption === "string" ? escapeHtml(caption) : caption.html;
  const text = inner === "" ? "" : `<figcaption style="font-size:0.85em;opacity:0.85;padding-top:4px;overflow-wrap:anywhere">${inner}</figcaption>`;
  const picture = `<svg role="img" aria-label="${escapeHtml(label)}" viewBox="${viewBox.map(svgNumber).join(" ")}" style="display:block;width:100%;height:auto" xmlns="http://www.w3.org/2000/svg"><image href="${photo}" width="${width}" height="${height}" preserveAspectRatio="none" style="${rendering}"/>${layer}</svg>`;
  if (heading === undefined) return `<figure style="margin:0;min-width:0">${picture}${text}</figure>`;
  const head = `<div style="align-self:end;font-weight:600;font-size:0.9em;line-height:1.3;padding:8px 0 4px;overflow-wrap:anywhere">${escapeHtml(heading)}</div>`;
  return `<figure style="margin:0;min-width:0;display:grid;grid-template-columns:minmax(0,1fr);grid-row:span 3;grid-template-rows:auto;grid-template-rows:subgrid">${head}${picture}<div>${text}</div></figure>`;
}

/** Panels beside and beneath one another, each at least so wide (CSS pixels) where the page allows it. */
export function gridHtml(panels: readonly string[], minWidth: number): string {
  return `<div style="display:grid;grid-template-columns:repeat(auto-fill,minmax(min(100%,${minWidth}px),1fr));gap:12px;align-items:start">${panels.join("")}</div>`;
}

/**
 * Rows of as many panels each: beside one another where every one can be at least `minWidth` wide (CSS pixels), else each row
 * wraps to several lines. Every panel says by its heading which it is; "" leaves a place empty.
 */
export function rowsHtml(rows: readonly (readonly string[])[], { minWidth, maxWidth }: { minWidth: number; maxWidth: number }): string {
  const columns = Math.max(1, ...rows.map((row) => row.length));
  const gap = 12;
  const share = `calc((100% - ${(columns - 1) * gap}px) / ${columns})`;
  // A row is never divided into more tracks than it has panels, nor into narrower ones than asked, unless the page itself is narrower.
  const grid = `display:grid;grid-template-columns:repeat(auto-fill,minmax(min(100%,max(${minWidth}px,${share})),1fr));gap:0 ${gap}px`;
  const wide = columns * maxWidth + (columns - 1) * gap;
  const lines = rows.map((row) => `<div style="${grid}">${row.map((panel) => (panel === "" ? '<div style="grid-row:span 3"></div>' : panel)).join("")}</div>`);
  return `<div style="width:${wide}px;max-width:100%;display:grid;grid-template-columns:minmax(0,1fr);gap:8px">${lines.join("")}</div>`;
}

/** CSS of a legend's mark, its text, and attributes of the entry. */
export type LegendItem = readonly [mark: string, text: string, attributes?: string];

/** A legend's mark for the dimmed photograph without anything over it. */
export const dimmedMark = "height:0.8em;background:#5a5a5a;outline:1px solid #777";

/** A legend's entries in a row. */
export function legendHtml(items: readonly LegendItem[]): string {
  if (items.length === 0) return "";
  const item = ([mark, text, attributes = ""]: LegendItem) => `<span${attributes}><span style="display:inline-block;width:2em;height:0;vertical-align:middle;margin-right:0.4em;flex:none;${mark}"></span>${escapeHtml(text)}</span>`;
  return `<div style="display:flex;flex-wrap:wrap;gap:4px 18px;font-size:0.85em;padding-top:8px">${items.map(item).join("")}</div>`;
}

/** A number of pixels for SVG: two decimals are enough at any zoom. */
export function svgNumber(value: number): string {
  return String(Math.round(value * 100) / 100);
}
