import { areaOfRle } from "../tensor/masks/rle.ts";
import type { Rle } from "../tensor/masks/rle.ts";
import { escapeHtml } from "./html.ts";
import { placeLabels } from "./label-places.ts";
import type { Place } from "./label-places.ts";
import { maskLayer } from "./mask-layer.ts";
import { classColour, darkTextOn } from "./palette.ts";
import { svgNumber as round } from "./panels.ts";

export interface BoxSet {
  /** [n, 4] xyxy in pixels. */
  readonly boxes: ArrayLike<number>;
  /** [n], positions in the class names. */
  readonly labels: ArrayLike<number>;
  /** [n], 0 … 1. */
  readonly scores?: ArrayLike<number>;
  /** [n], drawn translucent in their classes' colours; masks of another size than the image are stretched to it. */
  readonly masks?: readonly Rle[];
}

interface Layered {
  readonly width: number;
  readonly height: number;
  readonly groundTruth?: BoxSet;
  readonly detections?: BoxSet;
}

interface DrawnBox {
  readonly box: readonly [number, number, number, number];
  readonly name: string;
  readonly colour: string;
  readonly score?: number;
  readonly dashed: boolean;
  readonly mask?: Rle;
  /** Attributes of each of its elements. */
  readonly attributes: string;
}

export interface BoxLayerOptions {
  readonly names: readonly string[];
  /** Detections below it are left out. */
  readonly minScore?: number;
  /** What dashed boxes are, before its first comma; their number is a score where it is left out. */
  readonly detectionWords?: string;
  /** Detections below it are hidden until `scoreSlider` lets them through. */
  readonly threshold?: number;
}

/** What the slider finds a detection's elements by, and whether they are hidden at first. */
export function scoreAttributes(score: number | undefined, threshold = 0): string {
  if (score === undefined) return "";
  return ` data-score="${score.toFixed(4)}"${score < threshold ? ' style="display:none"' : ""}`;
}

/** With more boxes than this, labels would hide the picture: colours name the classes, and detections keep their scores. */
const MANY = 10;

/** SVG elements of an image's masks, boxes and labels, in image pixels. Lines keep their width however the image is scaled. */
export function boxLayer({ width, height, groundTruth, detections }: Layered, { names, minScore = 0, threshold, detectionWords }: BoxLayerOptions): string {
  const drawn = [...drawnBoxes(groundTruth, { names, minScore: -Infinity, dashed: false }), ...drawnBoxes(detections, { names, minScore, dashed: true, ...(threshold !== undefined && { threshold }) })];
  const crowded = drawn.filter(({ score }) => (score ?? 1) >= (threshold ?? 0)).length > MANY;
  const labelled = crowded ? drawn.filter(({ dashed }) => dashed) : drawn;
  const masks = drawn.flatMap(({ mask, ...rest }) => (mask === undefined ? [] : [{ ...rest, mask }]));
  return maskLayer(masks, { width, height }) + drawn.map((box) => rectangle(box, detectionWords)).join("") + chips(labelled, { width, height, crowded });
}

/** Labels above everything else; the higher the score, the better the place, and the nearer to the reader. */
function chips(drawn: readonly DrawnBox[], { width, height, crowded }: { width: number; height: number; crowded: boolean }): string {
  const size = width / 26;
  const ranked = [...drawn].sort((a, b) => Math.sign((b.score ?? 2) - (a.score ?? 2)));
  const texts = ranked.map(({ score, name }) => (score === undefined ? name : crowded ? score.toFixed(2) : `${name} ${score.toFixed(2)}`));
  const labels = ranked.map(({ box, dashed }, i) => ({ box, width: size * (0.6 * [...texts[i]].length + 0.6), height: size * 1.3, side: dashed ? "below" : "above" } as const));
  const places = placeLabels(labels, { width, height });
  return ranked.map((one, i) => chip(one, { text: texts[i], place: places[i], size })).reverse().join("");
}

function drawnBoxes(set: BoxSet | undefined, { names, minScore, threshold, dashed }: BoxLayerOptions & { minScore: number; dashed: boolean }): DrawnBox[] {
  if (set === undefined) return [];
  return Array.from(set.labels, (label, i) => ({
    box: [0, 1, 2, 3].map((side) => set.boxes[4 * i + side]) as unknown as DrawnBox["box"],
    name: names[label],
    colour: classColour(label),
    score: set.scores?.[i],
    dashed,
    ...(set.masks !== undefined && { mask: set.masks[i] }),
    attributes: threshold === undefined ? "" : scoreAttributes(set.scores?.[i], threshold),
  })).filter(({ score }) => (score ?? 1) >= minScore);
}

/** A dark line beneath the coloured one keeps it visible on any picture. */
function rectangle({ box: [x1, y1, x2, y2], name, colour: stroke, score, dashed, mask, attributes }: DrawnBox, words: string | undefined): string {
  const place = `x="${round(x1)}" y="${round(y1)}" width="${round(Math.max(0, x2 - x1))}" height="${round(Math.max(0, y2 - y1))}" vector-effect="non-scaling-stroke"`;
  const number = score === undefined ? "" : `, ${words === undefined ? "score " : ""}${score.toFixed(3)}`;
  const kind = dashed ? `${words?.split(",")[0] ?? "detection"}${number}` : "ground truth";
  const title = `${name}: ${kind}, ${round(x2 - x1)} × ${round(y2 - y1)} px${mask === undefined ? "" : `, mask ${areaOfRle(mask)} px`}`;
  // A mask has its own outline: its box steps back.
  const [under, over] = mask === undefined ? ["4", "2.2"] : ["2.6", "1.1"];
  const dash = dashed ? ' stroke-dasharray="6 4"' : "";
  return `<g${attributes}><title>${escapeHtml(title)}</title><rect ${place} fill="none" stroke="#000" stroke-opacity="0.4" stroke-width="${under}"${dash}/><rect ${place} fill="#fff" fill-opacity="0" stroke="${stroke}" stroke-width="${over}"${dash}/></g>`;
}

function chip({ colour: fill, dashed, attributes }: DrawnBox, { text, place, size }: { text: string; place: Place; size: number }): string {
  const ink = darkTextOn(fill) ? "#000" : "#fff";
  return `<g${attributes} pointer-events="none" transform="translate(${round(place.x)} ${round(place.y)})"><rect width="${round(place.width)}" height="${round(place.height)}" fill="${fill}" fill-opacity="${dashed ? 0.85 : 0.92}"/><text x="${round(size * 0.3)}" y="${round(size * 0.98)}" font-family="DejaVu Sans, Verdana, sans-serif" font-size="${round(size)}" textLength="${round(place.width - size * 0.6)}" lengthAdjust="spacingAndGlyphs" fill="${ink}">${escapeHtml(text)}</text></g>`;
}
