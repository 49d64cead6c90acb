import { boxLayer } from "./box-layer.ts";
import type { BoxSet } from "./box-layer.ts";
import { displaySymbol } from "./html.ts";
import type { Displayable } from "./html.ts";
import { colour } from "./palette.ts";
import { gridHtml, legendHtml, panelHtml, photoUri } from "./panels.ts";
import { scoreSlider } from "./score-slider.ts";

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
  return `<div data-overlay style="color:inherit;max-width:${images.length === 1 ? "720px" : "100%"}">${slider}${gridHtml(figures, minWidth)}${legendHtml(legend(images, options.names))}</div>`;
}

/** One image with its boxes. */
export async function figureHtml(image: OverlayImage, options: OverlayOptions): Promise<string> {
  const { pixels, width, height, caption } = image;
  const photo = await photoUri({ data: new Uint8Array(pixels.buffer, pixels.byteOffset, pixels.length), width, height }, options);
  return panelHtml({ width, height, photo, layer: boxLayer(image, options), label: imageText(image, options), ...(caption !== undefined && { caption }) });
}

/** The classes that occur, in their colours, and what solid and dashed lines mean. */
export function legend(images: readonly OverlayImage[], names: readonly string[]): (readonly [string, string])[] {
  const sets = images.flatMap(({ groundTruth, detections }) => [groundTruth, detections]).filter((set) => set !== undefined);
  const labels = [...new Set(sets.flatMap(({ labels }) => Array.from(labels)))].sort((a, b) => a - b);
  if (labels.length === 0) return [];
  return [
    ...(images.some(({ groundTruth }) => groundTruth !== undefined) ? [["border-top:2px solid currentColor", "ground truth"] as const] : []),
    ...(images.some(({ detections }) => detections !== undefined) ? [["border-top:2px dashed currentColor", "detection, with its score"] as const] : []),
    ...labels.map((label) => [`border-top:0.8em solid ${colour(label)}`, names[label]] as const),
  ];
}

/** The image in words: its size and how many objects. */
export function imageText({ width, height, caption, groundTruth, detections }: OverlayImage, { minScore = 0, threshold = 0 }: OverlayOptions): string {
  const least = Math.max(minScore, threshold);
  const shown = detections === undefined ? 0 : Array.from(detections.labels).filter((_, i) => (detections.scores?.[i] ?? 1) >= least).length;
  const counts = [...(groundTruth === undefined ? [] : [`${groundTruth.labels.length} annotated`]), ...(detections === undefined ? [] : [`${shown} detected`])];
  return `image ${width} × ${height}${caption === undefined ? "" : ` (${caption})`}${counts.length === 0 ? "" : `: ${counts.join(", ")}`}`;
}
