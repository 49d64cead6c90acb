import { levelName } from "../detector/assignment.ts";
import { regionNames, type Region, type RegionLevel } from "../distill/regions.ts";
import { displaySymbol } from "./html.ts";
import type { Displayable } from "./html.ts";
import { outlineLayer } from "./outline-layer.ts";
import { gridHtml, legendHtml, panelHtml, photoUri, svgNumber } from "./panels.ts";
import type { RegionLook } from "./regions-look.ts";

export interface RegionsPictureOptions {
  /** A panel is at least so wide, in CSS pixels; default 200. */
  readonly minWidth?: number;
}

/** Told apart with any common colour blindness; background that the teacher leaves alone stays the photograph's. */
const looks: Readonly<Record<Region, { readonly fill: string; readonly opacity: number; readonly meaning: string }>> = {
  TP: { fill: "#009E73", opacity: 0.68, meaning: "object, high score" },
  FP: { fill: "#E69F00", opacity: 0.62, meaning: "background, high score" },
  FN: { fill: "#56B4E9", opacity: 0.55, meaning: "object, low score" },
  TN: { fill: "#000000", opacity: 0, meaning: "background, low score" },
};

/**
 * The four regions of FRS's study over the dimmed photograph, one panel per level: what is an object by the ground truth, and
 * what the teacher scores high. A cell is a square of one stride; cells that begin in the batch's padding are neither shown
 * nor counted.
 * @param look one of what `lookAtRegions` returns
 */
export function regionsPicture(look: RegionLook, options: RegionsPictureOptions = {}): Displayable {
  return {
    [displaySymbol]: async () => ({
      "text/html": await html(look, options),
      "text/plain": look.regions.map((level) => describe(level, look)).join("\n"),
    }),
  };
}

async function html(look: RegionLook, { minWidth = 200 }: RegionsPictureOptions): Promise<string> {
  const { width, height } = look.photo;
  const photo = await photoUri(look.photo, { dimmed: true, maxSide: 320, quality: 75 });
  const objects = outlineLayer(look.target, look.names);
  const panels = look.regions.map((level) => panelHtml({ width, height, photo, layer: regionLayer(level, look) + objects, label: describe(level, look), caption: { html: caption(level, look) } }));
  return `<div style="color:inherit">${gridHtml(panels, minWidth)}${legend(look)}</div>`;
}

/** The cells of a region that begin within the photograph. */
function cellsOf({ stride, width, cells }: RegionLevel, region: Region, { photo }: RegionLook): number[] {
  const wanted = regionNames.indexOf(region);
  return Array.from(cells.keys()).filter((cell) => cells[cell] === wanted && (cell % width) * stride < photo.width && Math.floor(cell / width) * stride < photo.height);
}

function regionLayer(level: RegionLevel, look: RegionLook): string {
  return regionNames.filter((name) => looks[name].opacity > 0).map((name) => {
    const path = runsOf(cellsOf(level, name, look), level.width).map(([row, from, to]) => `M${from * level.stride} ${row * level.stride}h${(to - from + 1) * level.stride}v${level.stride}h${-(to - from + 1) * level.stride}z`).join("");
    if (path === "") return "";
    const { fill, opacity, meaning } = looks[name];
    return `<path d="${path}" fill="${fill}" fill-opacity="${svgNumber(opacity)}"><title>${name}: ${meaning}</title></path>`;
  }).join("");
}

/** Neighbouring cells of a row as one: row, first and last column. */
function runsOf(cells: readonly number[], width: number): (readonly [number, number, number])[] {
  const runs: [number, number, number][] = [];
  for (const cell of cells) {
    const [row, column] = [Math.floor(cell / width), cell % width];
    const last = runs.at(-1);
    if (last?.[0] === row && last[2] === column - 1) last[2] = column;
    else runs.push([row, column, column]);
  }
  return runs;
}

function counts(level: RegionLevel, look: RegionLook): readonly string[] {
  return regionNames.map((name) => `${name} ${cellsOf(level, name, look).length}`);
}

function describe(level: RegionLevel, look: RegionLook): string {
  return `${levelName(level.stride)}: stride ${level.stride} px, cells: ${counts(level, look).join(", ")}`;
}

function caption(level: RegionLevel, look: RegionLook): string {
  const items = counts(level, look).map((item) => `<span style="white-space:nowrap">${item}</span>`).join(" · ");
  return `<b>${levelName(level.stride)}</b> · stride ${level.stride} px, cells:<br><span style="font-variant-numeric:tabular-nums">${items}</span>`;
}

function legend({ threshold }: RegionLook): string {
  const mark = (name: Region) => `border-top:0.8em solid ${looks[name].opacity === 0 ? "#555555" : looks[name].fill}`;
  const box = ["border:1.6px solid #fff;outline:1px solid #555;height:0.6em", "object's box"] as const;
  return legendHtml([...regionNames.map((name) => [mark(name), `${name}: ${looks[name].meaning.replace("high score", `score > ${threshold}`).replace("low score", `score ≤ ${threshold}`)}`] as const), box]);
}
