import { levelName, priorsOf } from "../detector/assignment.ts";
import type { PriorLevel } from "../detector/assignment.ts";
import type { Detector } from "../detector/detector.ts";
import { boxOverlaps } from "../tensor/boxes.ts";
import { heatCss, heatGradient } from "./heat.ts";
import { displaySymbol, escapeHtml } from "./html.ts";
import type { Displayable } from "./html.ts";
import type { View } from "./look.ts";
import { objectBoxes, objectName, objectNumbers } from "./object-layer.ts";
import { gridHtml, panelHtml, photoUri, svgNumber } from "./panels.ts";

export interface AnchorPictureOptions {
  /** [x, y] in pixels: of every level the cell whose centre is nearest. Default: the first object's centre, or the image's. */
  readonly at?: readonly [number, number];
  /** A panel is at least so wide, in CSS pixels; default 200. */
  readonly minWidth?: number;
}

/** A level's chosen cell. */
interface Cell {
  readonly level: PriorLevel;
  readonly row: number;
  readonly column: number;
  readonly priors: readonly Prior[];
}

interface Prior {
  /** xyxy; a point is a box without area. */
  readonly box: readonly [number, number, number, number];
  /** Its highest IoU with an object, and which; absent for points and without objects. */
  readonly best?: { readonly iou: number; readonly object: number };
}

/**
 * What a detector's head looks from in one cell of every level: its anchors, coloured by the best IoU with an object from
 * violet (0) to yellow (1), or its point. Objects are outlined; a panel is wider than the photograph where anchors are.
 * Throws Error when the detector does not tell its priors.
 */
export function anchorPicture(detector: Detector, view: View, options: AnchorPictureOptions = {}): Displayable {
  const cells = chosenCells(detector, view, options.at ?? defaultPlace(view));
  return {
    [displaySymbol]: async () => ({
      "text/html": await html(cells, view, options),
      "text/plain": cells.map((cell) => describe(cell, view)).join("\n"),
    }),
  };
}

function defaultPlace({ target: { boxes, labels }, photo }: View): readonly [number, number] {
  return labels.length === 0 ? [photo.width / 2, photo.height / 2] : [(boxes[0] + boxes[2]) / 2, (boxes[1] + boxes[3]) / 2];
}

function chosenCells(detector: Detector, view: View, [x, y]: readonly [number, number]): Cell[] {
  return priorsOf(detector, view.size).map((level) => {
    const [shiftX, shiftY] = centre(priorBox(level, 0));
    const nearest = (place: number, shift: number, stride: number, cells: number) => Math.min(cells - 1, Math.max(0, Math.round((place - shift) / stride)));
    const row = nearest(y, shiftY, level.strideY, level.height), column = nearest(x, shiftX, level.strideX, level.width);
    const first = (row * level.width + column) * level.perCell;
    return { level, row, column, priors: Array.from({ length: level.perCell }, (_, a) => withBest(priorBox(level, first + a), level.kind, view)) };
  });
}

function priorBox({ kind, coordinates: c }: PriorLevel, i: number): Prior["box"] {
  return kind === "point" ? [c[2 * i], c[2 * i + 1], c[2 * i], c[2 * i + 1]] : [c[4 * i], c[4 * i + 1], c[4 * i + 2], c[4 * i + 3]];
}

const centre = ([x1, y1, x2, y2]: Prior["box"]): [number, number] => [(x1 + x2) / 2, (y1 + y2) / 2];

function withBest(box: Prior["box"], kind: PriorLevel["kind"], { target }: View): Prior {
  if (kind === "point" || target.labels.length === 0) return { box };
  const overlaps = boxOverlaps(box, target.boxes);
  const object = overlaps.indexOf(Math.max(...overlaps));
  return { box, best: { iou: overlaps[object], object } };
}

async function html(cells: readonly Cell[], view: View, { minWidth = 200 }: AnchorPictureOptions): Promise<string> {
  const photo = await photoUri(view.photo, { maxSide: 320, quality: 75 });
  const panels = cells.map((cell) => {
    const { width, height } = view.photo;
    const viewBox = visible(cell, view);
    const layer = surround(viewBox, view) + objectBoxes(view.target, view.names) + cellLayer(cell, view) + objectNumbers(view.target, viewBox[2] / width);
    return panelHtml({ width, height, photo, layer, viewBox, label: describe(cell, view), caption: describe(cell, view) });
  });
  const scale = cells.some(({ priors }) => priors.some(({ best }) => best !== undefined))
    ? `<div style="display:flex;align-items:center;gap:0.5em;font-size:0.85em;padding-top:8px"><span>best IoU with an object: 0</span><span style="width:10em;height:0.7em;background:${heatGradient}"></span><span>1</span></div>`
    : "";
  const outside = cells.some((cell) => visible(cell, view)[0] < 0) ? `<div style="font-size:0.85em;opacity:0.85;padding-top:8px">Plain grey lies outside the image: anchors reach there.</div>` : "";
  return `<div style="color:inherit">${gridHtml(panels, minWidth)}${scale}${outside}</div>`;
}

/** The photograph with as much around it as the cell's anchors need, at most half of its longer side. */
function visible({ priors }: Cell, { photo: { width, height } }: View): [number, number, number, number] {
  const reach = Math.max(0, ...priors.flatMap(({ box: [x1, y1, x2, y2] }) => [-x1, -y1, x2 - width, y2 - height]));
  const margin = Math.min(reach === 0 ? 0 : reach + 2, Math.max(width, height) / 2);
  return [-margin, -margin, width + 2 * margin, height + 2 * margin];
}

/** Grey around the photograph, on which every colour of the scale is seen. */
function surround([left, top, wide, high]: readonly [number, number, number, number], { photo: { width, height } }: View): string {
  if (left === 0) return "";
  const outer = `M${svgNumber(left)} ${svgNumber(top)}h${svgNumber(wide)}v${svgNumber(high)}h${svgNumber(-wide)}z`;
  return `<path d="${outer}M0 0v${height}h${width}v${-height}z" fill="#9a9a9a"/>`;
}

/** The cell as a white square of one stride, and its priors, the best one last and thicker. */
function cellLayer(cell: Cell, view: View): string {
  const { level: { strideX, strideY }, priors } = cell;
  const [x, y] = centre(priors[0].box);
  const place = `x="${svgNumber(x - strideX / 2)}" y="${svgNumber(y - strideY / 2)}" width="${strideX}" height="${strideY}"`;
  const square = `<rect ${place} fill="#fff" fill-opacity="0.35" stroke="#000" stroke-width="1" vector-effect="non-scaling-stroke"/>`;
  const sorted = [...priors].sort((a, b) => (a.best?.iou ?? 0) - (b.best?.iou ?? 0));
  return square + sorted.map((prior, i) => priorShape(prior, view, i === sorted.length - 1)).join("");
}

function priorShape({ box: [x1, y1, x2, y2], best }: Prior, { target, names, photo }: View, top: boolean): string {
  if (x2 <= x1) return `<circle cx="${svgNumber(x1)}" cy="${svgNumber(y1)}" r="${svgNumber(Math.max(photo.width, photo.height) / 90)}" fill="#fff" stroke="#000" stroke-width="1.5" vector-effect="non-scaling-stroke"/>`;
  const overlap = best === undefined ? "" : `, IoU ${best.iou.toFixed(2)} with ${objectName(target, best.object, names)}`;
  const place = `x="${svgNumber(x1)}" y="${svgNumber(y1)}" width="${svgNumber(x2 - x1)}" height="${svgNumber(y2 - y1)}" vector-effect="non-scaling-stroke"`;
  const title = escapeHtml(`${svgNumber(x2 - x1)} × ${svgNumber(y2 - y1)} px${overlap}`);
  const colour = best === undefined ? "#fff" : heatCss(best.iou);
  return `<g><title>${title}</title><rect ${place} fill="none" stroke="#000" stroke-opacity="0.55" stroke-width="${top ? 4.5 : 3}"/><rect ${place} fill="#fff" fill-opacity="0" stroke="${colour}" stroke-width="${top ? 2.8 : 1.4}"/></g>`;
}

function describe({ level, row, column, priors }: Cell, { target, names }: View): string {
  const where = `${levelName(level.strideX)}, stride ${level.strideX} px, row ${row}, column ${column}`;
  const [x, y] = centre(priors[0].box).map(svgNumber);
  if (level.kind === "point") return `${where}: the point (${x}, ${y})`;
  const best = priors.map((prior) => prior.best).reduce((a, b) => ((b?.iou ?? -1) > (a?.iou ?? -1) ? b : a), undefined);
  const overlap = best === undefined ? "" : `, best IoU ${best.iou.toFixed(2)} (${objectName(target, best.object, names)})`;
  return `${where}: ${priors.length} ${priors.length === 1 ? "anchor" : "anchors"} around (${x}, ${y})${overlap}`;
}
