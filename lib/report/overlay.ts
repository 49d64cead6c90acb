import sharp from "sharp";
import { boxLayer } from "./box-layer.ts";
import type { BoxSet } from "./box-layer.ts";
import { displaySymbol, escapeHtml } from "./html.ts";
import type { Displayable } from "./html.ts";
import { colour } from "./palette.ts";

export interface OverlayImage {
  /** [height, width, 3] RGB. */
  readonly pixels: Uint8Array | Uint8ClampedArray;
  readonly width: number;
  readonly height: number;
  /** Shown beneath the image. */
  readonly caption?: string;
  /** Drawn with solid lines. */
  readonly groundTruth?: BoxSet;
  /** Drawn with dashed lines and scores. */
  readonly detections?: BoxSet;
}

export interface OverlayOptions {
  /** Class names by label. */
  readonly names: readonly string[];
  /** Detections below it are left out. */
  readonly minScore?: number;
  /** An image in the grid is at least so wide, in CSS pixels. */
  readonly minWidth?: number;
  /** Larger images are sent smaller, so that a notebook stays light; boxes stay sharp. In pixels. */
  readonly maxSide?: number;
  /** JPEG quality, 1 … 100. */
  readonly quality?: number;
}

/**
 * Images with their boxes, in a grid that fits itself to the page's width. Self-contained HTML: the image as an inline
 * JPEG, boxes and labels as SVG above it, a tooltip for each box.
 * Throws RangeError for pixels or boxes that do not fit their sizes or labels without a name.
 */
export function overlay(images: OverlayImage | readonly OverlayImage[], options: OverlayOptions): Displayable {
  const list = "pixels" in images ? [images] : images;
  list.forEach((image, i) => checkImage(image, options.names, list.length === 1 ? "the image" : `image ${i}`));
  return {
    [displaySymbol]: async () => ({
      "text/html": await gridHtml(list, options),
      "text/plain": list.map((image) => plainText(image, options)).join("\n"),
    }),
  };
}

function checkImage({ pixels, width, height, groundTruth, detections }: OverlayImage, names: readonly string[], what: string): void {
  if (pixels.length !== width * height * 3) throw new RangeError(`${what} is ${width} × ${height} and has ${pixels.length} bytes; RGB pixels need ${width * height * 3}`);
  for (const [kind, set] of [["groundTruth", groundTruth], ["detections", detections]] as const) {
    if (set === undefined) continue;
    const count = set.labels.length;
    if (set.boxes.length !== 4 * count || (set.scores !== undefined && set.scores.length !== count)) {
      throw new RangeError(`${what}: ${kind} has ${count} labels, ${set.boxes.length} box numbers and ${set.scores?.length ?? "no"} scores; they must be n, 4n and n`);
    }
    for (let i = 0; i < count; i++) {
      if (names[set.labels[i]] === undefined) throw new RangeError(`${what}: ${kind} has the label ${set.labels[i]}; there are names for 0 … ${names.length - 1}`);
    }
  }
}

async function gridHtml(images: readonly OverlayImage[], options: OverlayOptions): Promise<string> {
  const { minWidth = 280 } = options;
  const figures = await Promise.all(images.map((image) => figureHtml(image, options)));
  const grid = `display:grid;grid-template-columns:repeat(auto-fill,minmax(min(100%,${minWidth}px),1fr));gap:12px;align-items:start`;
  return `<div style="color:inherit;max-width:${images.length === 1 ? "720px" : "100%"}"><div style="${grid}">${figures.join("")}</div>${legendHtml(images, options.names)}</div>`;
}

async function figureHtml(image: OverlayImage, options: OverlayOptions): Promise<string> {
  const { width, height, caption } = image;
  const source = `data:image/jpeg;base64,${(await jpeg(image, options)).toString("base64")}`;
  const rendering = Math.max(width, height) < 200 ? "image-rendering:pixelated" : "";
  const layer = boxLayer(image, options);
  const text = caption === undefined ? "" : `<figcaption style="font-size:0.85em;opacity:0.8;padding-top:4px;overflow-wrap:anywhere">${escapeHtml(caption)}</figcaption>`;
  return `<figure style="margin:0"><svg role="img" aria-label="${escapeHtml(plainText(image, options))}" viewBox="0 0 ${width} ${height}" style="display:block;width:100%;height:auto" xmlns="http://www.w3.org/2000/svg"><image href="${source}" width="${width}" height="${height}" preserveAspectRatio="none" style="${rendering}"/>${layer}</svg>${text}</figure>`;
}

async function jpeg({ pixels, width, height }: OverlayImage, { maxSide = 640, quality = 85 }: OverlayOptions): Promise<Buffer> {
  const image = sharp(pixels, { raw: { width, height, channels: 3 } });
  const fitted = Math.max(width, height) > maxSide ? image.resize({ width: maxSide, height: maxSide, fit: "inside" }) : image;
  return fitted.jpeg({ quality, chromaSubsampling: "4:4:4" }).toBuffer();
}

/** The classes that occur, in their colours, and what solid and dashed lines mean. */
function legendHtml(images: readonly OverlayImage[], names: readonly string[]): string {
  const sets = images.flatMap(({ groundTruth, detections }) => [groundTruth, detections]).filter((set) => set !== undefined);
  const labels = [...new Set(sets.flatMap(({ labels }) => Array.from(labels)))].sort((a, b) => a - b);
  if (labels.length === 0) return "";
  const item = (mark: string, text: string) => `<span style="white-space:nowrap"><span style="display:inline-block;width:2em;height:0;vertical-align:middle;margin-right:0.4em;${mark}"></span>${escapeHtml(text)}</span>`;
  const kinds = [
    ...(images.some(({ groundTruth }) => groundTruth !== undefined) ? [item("border-top:2px solid currentColor", "ground truth")] : []),
    ...(images.some(({ detections }) => detections !== undefined) ? [item("border-top:2px dashed currentColor", "detection, with its score")] : []),
  ];
  const classes = labels.map((label) => item(`border-top:0.8em solid ${colour(label)}`, names[label]));
  return `<div style="display:flex;flex-wrap:wrap;gap:4px 18px;font-size:0.85em;padding-top:8px">${[...kinds, ...classes].join("")}</div>`;
}

function plainText({ width, height, caption, groundTruth, detections }: OverlayImage, { minScore = 0 }: OverlayOptions): string {
  const shown = detections === undefined ? 0 : Array.from(detections.labels).filter((_, i) => (detections.scores?.[i] ?? 1) >= minScore).length;
  const counts = [...(groundTruth === undefined ? [] : [`${groundTruth.labels.length} annotated`]), ...(detections === undefined ? [] : [`${shown} detected`])];
  return `image ${width} × ${height}${caption === undefined ? "" : ` (${caption})`}${counts.length === 0 ? "" : `: ${counts.join(", ")}`}`;
}
