import { ignored } from "../detector/assign/max-iou.ts";
import type { AssignedLevel } from "../detector/assignment.ts";
import { escapeHtml } from "./html.ts";
import { svgNumber } from "./panels.ts";

/** Objects' names and colours, by their places. */
export interface ObjectLooks {
  readonly names: readonly string[];
  readonly colours: readonly string[];
}

/** Positives of one cell for one object. */
interface Share {
  readonly object: number;
  readonly count: number;
}

/**
 * SVG elements of a level's assignment: cells with positives in their objects' colours, side by side where several objects
 * share a cell, stronger the more of the cell's priors are positive; cells with ignored priors only are hatched. A cell is
 * a square of one stride around its priors' centre.
 * @param objects how the objects are called in tooltips, and their colours
 */
export function assignmentLayer(level: AssignedLevel, objects: ObjectLooks): string {
  const fills = new Map<string, { share: Share; path: string; cells: number }>();
  let hatching = "";
  for (let cell = 0; cell < level.height * level.width; cell++) {
    const shares = sharesOf(level, cell);
    if (shares === "ignored") hatching += hatch(level, cell);
    else shares.forEach((share, i) => {
      const key = `${share.object}/${share.count}`;
      const before = fills.get(key) ?? { share, path: "", cells: 0 };
      fills.set(key, { share, path: before.path + strip(level, cell, [i, shares.length]), cells: before.cells + 1 });
    });
  }
  return hatchPath(hatching) + [...fills.values()].map((fill) => fillPath(fill, level, objects)).join("");
}

function sharesOf({ objects, perCell }: AssignedLevel, cell: number): readonly Share[] | "ignored" {
  const own = objects.subarray(cell * perCell, (cell + 1) * perCell);
  const positives = own.filter((o) => o >= 0);
  if (positives.length === 0) return own.includes(ignored) ? "ignored" : [];
  return [...new Set(positives)].sort((a, b) => a - b).map((object) => ({ object, count: positives.filter((o) => o === object).length }));
}

/** Upper left corner of a cell's square. */
function corner({ kind, coordinates: c, perCell, strideX, strideY }: AssignedLevel, cell: number): [number, number] {
  const i = cell * perCell;
  const [x, y] = kind === "point" ? [c[2 * i], c[2 * i + 1]] : [(c[4 * i] + c[4 * i + 2]) / 2, (c[4 * i + 1] + c[4 * i + 3]) / 2];
  return [x - strideX / 2, y - strideY / 2];
}

/** The i-th of n vertical strips of a cell. */
function strip(level: AssignedLevel, cell: number, [i, n]: readonly [number, number]): string {
  const [x, y] = corner(level, cell);
  const wide = level.strideX / n;
  return `M${svgNumber(x + i * wide)} ${svgNumber(y)}h${svgNumber(wide)}v${level.strideY}h${svgNumber(-wide)}z`;
}

/** Two diagonals, which go on in the neighbouring cells. */
function hatch(level: AssignedLevel, cell: number): string {
  const [x, y] = corner(level, cell).map(svgNumber);
  const [w, h] = [level.strideX, level.strideY].map((side) => svgNumber(side / 2));
  return `M${x} ${y}m0 ${h}l${w} -${h}m0 ${svgNumber(level.strideY)}l${w} -${h}`;
}

function hatchPath(path: string): string {
  if (path === "") return "";
  const line = `d="${path}" fill="none" vector-effect="non-scaling-stroke"`;
  return `<g><title>ignored: trains nothing</title><path ${line} stroke="#000" stroke-opacity="0.6" stroke-width="2.4"/><path ${line} stroke="#ddd" stroke-width="1.1"/></g>`;
}

function fillPath({ share: { object, count }, path, cells }: { share: Share; path: string; cells: number }, { perCell, kind }: AssignedLevel, { names, colours }: ObjectLooks): string {
  const priors = kind === "point" ? "the point" : perCell === 1 ? "the anchor" : `${count} of ${perCell} anchors`;
  const title = escapeHtml(`${names[object]}: ${priors} positive in ${cells === 1 ? "this cell" : `each of these ${cells} cells`}`);
  const opacity = perCell === 1 ? 0.7 : 0.4 + (0.5 * count) / perCell;
  return `<path d="${path}" fill="${colours[object]}" fill-opacity="${svgNumber(opacity)}" stroke="#fff" stroke-opacity="0.8" stroke-width="0.8" vector-effect="non-scaling-stroke"><title>${title}</title></path>`;
}
