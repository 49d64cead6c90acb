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
}

/** A picture with its drawing: scales with the page, and what reaches beyond the photograph is cut off. */
export function panelHtml({ width, height, photo, layer, viewBox = [0, 0, width, height], label, caption }: Panel): string {
  const rendering = Math.max(width, height) < 200 ? "image-rendering:pixelated" : "";
  const inner = caption === undefined ? "" : typeof caption === "string" ? escapeHtml(caption) : caption.html;
  const text = inner === "" ? "" : `<figcaption style="font-size:0.85em;opacity:0.85;padding-top:4px;overflow-wrap:anywhere">${inner}</figcaption>`;
  return `<figure style="margin:0;min-width:0"><svg role="img" aria-label="${escapeHtml(label)}" viewBox="${viewBox.map(svgNumber).join(" ")}" style="display:block;width:100%;height:auto" xmlns="http://www.w3.org/2000/svg"><image href="${photo}" width="${width}" height="${height}" preserveAspectRatio="none" style="${rendering}"/>${layer}</svg>${text}</figure>`;
}

/** Panels beside and beneath one another, each at least so wide (CSS pixels) where the page allows it. */
export function gridHtml(panels: readonly string[], minWidth: number): string {
  return `<div style="display:grid;grid-template-columns:repeat(auto-fill,minmax(min(100%,${minWidth}px),1fr));gap:12px;align-items:start">${panels.join("")}</div>`;
}

/** Panels in columns with headings; where the page is too narrow for them, they scroll sideways together. */
export function columnsHtml(headings: readonly string[], rows: readonly (readonly string[])[], { minWidth = 150, maxWidth }: { minWidth?: number; maxWidth: number }): string {
  const heads = headings.map((heading) => `<div style="font-weight:600;font-size:0.9em;align-self:end;overflow-wrap:anywhere">${escapeHtml(heading)}</div>`);
  const grid = `display:grid;grid-template-columns:repeat(${headings.length},minmax(${minWidth}px,${maxWidth}px));gap:10px 12px;align-items:start`;
  return `<div style="overflow-x:auto"><div style="${grid}">${[...heads, ...rows.flat()].join("")}</div></div>`;
}

/** A legend's entries in a row: CSS of the mark, and its text. */
export function legendHtml(items: readonly (readonly [mark: string, text: string])[]): string {
  if (items.length === 0) return "";
  const item = ([mark, text]: readonly [string, string]) => `<span style="white-space:nowrap"><span style="display:inline-block;width:2em;height:0;vertical-align:middle;margin-right:0.4em;${mark}"></span>${escapeHtml(text)}</span>`;
  return `<div style="display:flex;flex-wrap:wrap;gap:4px 18px;font-size:0.85em;padding-top:8px">${items.map(item).join("")}</div>`;
}

/** A number of pixels for SVG: two decimals are enough at any zoom. */
export function svgNumber(value: number): string {
  return String(Math.round(value * 100) / 100);
}
