import { displaySymbol } from "./html.ts";
import type { Displayable } from "./html.ts";
import type { Look } from "./look.ts";
import { figureHtml, imageText, legend } from "./overlay.ts";
import type { OverlayImage } from "./overlay.ts";
import { legendHtml, rowsHtml } from "./panels.ts";
import { scoreSlider } from "./score-slider.ts";

export interface DetectionsPictureOptions {
  /** Where the slider for the lowest score begins; default 0.3. */
  readonly threshold?: number;
  /** Detections below it are not in the picture at all; default 0.05. */
  readonly minScore?: number;
}

/**
 * What is there beside what detectors find: a row per image, the ground truth first, then each detector's, and a slider for
 * the lowest score shown (without scripts the picture stays at `threshold`). Where the page is narrow, rows wrap.
 * @param looks of the same images, by the headings of their columns; or one detector's
 * Throws RangeError when the columns do not show the same images.
 */
export function detectionsPicture(looks: readonly Look[] | Readonly<Record<string, readonly Look[]>>, options: DetectionsPictureOptions = {}): Displayable {
  const columns = columnsOf(looks);
  const [first] = columns.map(([, column]) => column);
  for (const [heading, column] of columns) {
    if (column.length !== first.length || column.some(({ name }, i) => name !== first[i].name)) throw new RangeError(`the column "${heading}" shows other images than the first: ${column.map(({ name }) => name).join(", ")}; look at the same images with each detector`);
  }
  const rows = first.map((truth, i) => [truthImage(truth), ...columns.map(([heading, column]) => detectedImage(column[i], heading))]);
  const { threshold = 0.3, minScore = 0.05 } = options;
  const settings = { names: first[0]?.names ?? [], threshold, minScore, maxSide: 480 };
  return {
    [displaySymbol]: async () => ({
      "text/html": await html(rows, settings),
      "text/plain": rows.map((row) => row.map((image) => `${image.heading}: ${imageText(image, settings)}`).join("\n")).join("\n"),
    }),
  };
}

function columnsOf(looks: readonly Look[] | Readonly<Record<string, readonly Look[]>>): [string, readonly Look[]][] {
  if (!Array.isArray(looks)) return Object.entries(looks as Readonly<Record<string, readonly Look[]>>);
  const list = looks as readonly Look[];
  return [[list[0]?.detector ?? "detections", list]];
}

function truthImage({ photo, target, name }: Look): OverlayImage {
  return { pixels: photo.data, width: photo.width, height: photo.height, groundTruth: target, caption: name, heading: "ground truth" };
}

function detectedImage({ photo, detections }: Look, heading: string): OverlayImage {
  return { pixels: photo.data, width: photo.width, height: photo.height, detections, heading };
}

async function html(rows: readonly (readonly OverlayImage[])[], settings: Parameters<typeof figureHtml>[1] & { readonly threshold: number }): Promise<string> {
  const figures = await Promise.all(rows.map((row) => Promise.all(row.map((image) => figureHtml(image, settings)))));
  return `<div data-overlay style="color:inherit">${scoreSlider(settings.threshold)}${rowsHtml(figures, { minWidth: 165, maxWidth: 340 })}${legendHtml(legend(rows.flat(), settings))}</div>`;
}
