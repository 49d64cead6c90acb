import { boxLayer, scoreAttributes } from "./box-layer.ts";
import type { BoxSet } from "./box-layer.ts";
import { displaySymbol } from "./html.ts";
import type { Displayable } from "./html.ts";
import { classColour } from "./palette.ts";
import { escapeHtml } from "./html.ts";
import { gridHtml, legendHtml, panelHtml, photoUri } from "./panels.ts";
import type { LegendItem } from "./panels.ts";
import { noneAbove, scoreSlider } from "./score-slider.ts";

export interface OverlayImage {
  /** [height, width, 3] RGB. */
  readonly pixels: Uint8Array | Uint8ClampedArray;
  readonly width: number;
  readonly height: number;
  /** Shown beneath the image. */
  readonly caption?: string;
  /** Shown above the image. */
  readonly heading?: string;
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
  /** What dashed boxes and their numbers are, for the legend. Default "detection, with its score". */
  readonly detectionWords?: string;
  /**
   * With it, a slider above the images hides detections below a score that the reader chooses, from this one on. It needs
   * no network; where scripts do not run, the picture stays as it begins. Default: no slider.
   */
  readonly threshold?: number;
  /** An image in the grid is at least so wide, in CSS pixels. */
  readonly minWidth?: number;
  /** Larger images are sent smaller, so that a notebook stays light; boxes stay sharp. In pixels. */
  readonly maxSide?: number;
  /** JPEG quality, 1 … 100. */
  readonly quality?: number;
}

/**
 * Images with their boxes, and masks where there are some, in a grid that fits itself to the page's width. Self-contained HTML: the image as an inline
 * JPEG, boxes, masks and labels as SVG above it, a tooltip for each box.
 * Throws RangeError for pixels or boxes that do not fit their sizes or labels without a name.
 */
export function overlay(images: OverlayImage | readonly OverlayImage[], options: OverlayOptions): Displayable {
  const list = "pixels" in images ? [images] : images;
  list.forEach((image, i) => checkImage(image, options.names, list.length === 1 ? "the image" : `image ${i}`));
  return {
    [displaySymbol]: async () => ({
      "text/html": await overlayHtml(list, options),
      "text/plain": list.map((image) => imageText(image, options)).join("\n"),
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
    if (set.masks !== undefined && set.masks.length !== count) throw new RangeError(`${what}: ${kind} has ${count} labels and ${set.masks.length} masks; there must be one mask per box`);
    for (let i = 0; i < count; i++) {
      if (names[set.labels[i]] === undefined) throw new RangeError(`${what}: ${kind} has the label ${set.labels[i]}; there are names for 0 … ${names.length - 1}`);
    }
  }
}

async function overlayHtml(images: readonly OverlayImage[], options: OverlayOptions): Promise<string> {
  const { minWidth = 280 } = options;
  const figures = await Promise.all(images.map((image) => figureHtml(image, options)));
  const slider = options.threshold === undefined ? "" : scoreSlider(options.threshold);
  return `<div data-overlay style="color:inherit;max-width:${images.length === 1 ? "720px" : "100%"}">${slider}${gridHtml(figures, minWidth)}${legendHtml(legend(images, options))}</div>`;
}

/** One image with its boxes. */
export async function figureHtml(image: OverlayImage, options: OverlayOptions): Promise<string> {
  const { pixels, width, height } = image;
  const photo = await photoUri({ data: new Uint8Array(pixels.buffer, pixels.byteOffset, pixels.length), width, height }, options);
  return panelHtml({ width, height, photo, layer: boxLayer(image, options), label: imageText(image, options), caption: { html: captionHtml(image, options) }, ...(image.heading !== undefined && { heading: image.heading }) });
}

/** The image's own caption, and whether nothing is detected above the slider's score. */
function captionHtml({ caption, detections }: OverlayImage, { threshold }: OverlayOptions): string {
  const own = caption === undefined ? [] : [escapeHtml(caption)];
  return [...own, ...(detections?.scores === undefined || threshold === undefined ? [] : [noneAbove(detections.scores, threshold)])].join("<br>");
}

/** The classes that occur and are shown, in their colours, and what solid and dashed lines mean; the slider shows further classes. */
export function legend(images: readonly OverlayImage[], { names, minScore = 0, threshold, detectionWords = "detection, with its score" }: OverlayOptions): LegendItem[] {
  const sets = images.flatMap(({ groundTruth, detections }) => [groundTruth, detections]).filter((set) => set !== undefined);
  const best = new Map<number, number>();
  for (const { labels, scores } of sets) Array.from(labels, (label, i) => best.set(label, Math.max(best.get(label) ?? 0, scores?.[i] ?? Infinity)));
  const classes = [...best].filter(([, score]) => score >= minScore).sort(([a], [b]) => a - b);
  if (classes.length === 0) return [];
  const attributes = (score: number) => (threshold === undefined || score === Infinity ? "" : scoreAttributes(score, threshold));
  return [
    ...(images.some(({ groundTruth }) => groundTruth !== undefined) ? [["border-top:2px solid currentColor", "ground truth"] as const] : []),
    ...(images.some(({ detections }) => detections !== undefined) ? [["border-top:2px dashed currentColor", detectionWords] as const] : []),
    ...classes.map(([label, score]) => [`border-top:0.8em solid ${classColour(label)}`, names[label], attributes(score)] as const),
  ];
}

/** The image in words: its size and how many objects. */
export function imageText({ width, height, caption, groundTruth, detections }: OverlayImage, { minScore = 0, threshold = 0 }: OverlayOptions): string {
  const least = Math.max(minScore, threshold);
  const shown = detections === undefined ? 0 : Array.from(detections.labels).filter((_, i) => (detections.scores?.[i] ?? 1) >= least).length;
  const scores = Array.from(detections?.scores ?? []);
  const best = shown === 0 && scores.length > 0 ? `, the best at ${Math.max(...scores).toFixed(2)}` : "";
  const counts = [...(groundTruth === undefined ? [] : [`${groundTruth.labels.length} annotated`]), ...(detections === undefined ? [] : [`${shown} detected${best}`])];
  return `image ${width} × ${height}${caption === undefined ? "" : ` (${caption})`}${counts.length === 0 ? "" : `: ${counts.join(", ")}`}`;
}
