import { levelName } from "../detector/assignment.ts";
import { divergingGradient, heatGradient } from "./heat.ts";
import { heatLayer, heatNumber, heatRange, isSigned, type HeatRange } from "./heat-layer.ts";
import { displaySymbol, escapeHtml } from "./html.ts";
import type { Displayable } from "./html.ts";
import type { LevelMap, View } from "./look.ts";
import { outlineLayer } from "./outline-layer.ts";
import { panelHtml, photoUri } from "./panels.ts";

/** A level's numbers, called other than by its level alone where that would not tell it from others. */
export interface HeatMap extends LevelMap {
  /** Plain text; default "P3" for stride 8 and so on. */
  readonly name?: string;
}

/** What is shown under one heading: a panel per map. */
export type HeatGroup = readonly HeatMap[];

export interface HeatPanelsOptions {
  /** From lowest to highest colour: of each map its own (default), of each group its own, or the same for all; a range [−x, x] has colours that tell the sign. */
  readonly range?: "map" | "group" | readonly [number, number];
  /** White outlines of the objects' boxes; default true. */
  readonly objects?: boolean;
  /** A group is at least so wide, in CSS pixels, where the page allows it; default 340. */
  readonly minWidth?: number;
}

/**
 * Numbers per cell over one dimmed photograph, group beside group: colours from violet (low) to yellow (high), a cell a square of
 * one stride. What lies in the batch's padding is neither shown nor counted in the range.
 * @param groups maps by heading
 * @throws RangeError for values that do not fit a map's size, and for a group without maps
 */
export function heatPanels(view: View, groups: Readonly<Record<string, HeatGroup>>, options: HeatPanelsOptions = {}): Displayable {
  for (const [heading, maps] of Object.entries(groups)) {
    if (maps.length === 0) throw new RangeError(`"${heading}" has no maps to show; leave it out`);
    for (const map of maps) if (map.values.length !== map.height * map.width) throw new RangeError(`"${heading}", ${nameOf(map)}: ${map.values.length} values are given for ${map.height} × ${map.width} cells`);
  }
  return {
    [displaySymbol]: async () => ({
      "text/html": await html(view, groups, options),
      "text/plain": Object.entries(groups).flatMap(([heading, maps]) => maps.map((map) => describe(heading, map, rangeOf(map, maps, view, options)))).join("\n"),
    }),
  };
}

async function html(view: View, groups: Readonly<Record<string, HeatGroup>>, options: HeatPanelsOptions): Promise<string> {
  const { objects = true, minWidth = 340 } = options;
  const { width, height } = view.photo;
  const photo = await photoUri(view.photo, { dimmed: true, maxSide: 320, quality: 75 });
  const outlines = objects ? outlineLayer(view.target, view.names) : "";
  const shown = await Promise.all(Object.entries(groups).map(async ([heading, maps]) => {
    const panels = await Promise.all(maps.map(async (map) => {
      const range = rangeOf(map, maps, view, options);
      return panelHtml({ width, height, photo, layer: (await heatLayer(map, range)) + outlines, label: describe(heading, map, range), caption: { html: caption(map, range) } });
    }));
    const columns = `display:grid;grid-template-columns:repeat(${maps.length},minmax(0,1fr));gap:8px;align-items:start`;
    return `<section style="min-width:0;padding-bottom:16px;display:grid;grid-template-columns:minmax(0,1fr);grid-row:span 2;grid-template-rows:auto;grid-template-rows:subgrid"><div style="align-self:end;font-weight:600;font-size:0.9em;padding-bottom:4px;overflow-wrap:anywhere">${escapeHtml(heading)}</div><div style="${columns}">${panels.join("")}</div></section>`;
  }));
  return `<div style="color:inherit;display:grid;grid-template-columns:repeat(auto-fill,minmax(min(100%,${minWidth}px),1fr));gap:0 24px">${shown.join("")}</div>`;
}

function rangeOf(map: HeatMap, group: HeatGroup, view: View, { range = "map" }: HeatPanelsOptions): HeatRange {
  if (range === "map") return heatRange(map, view);
  if (range !== "group") return { low: range[0], high: range[1] };
  const ranges = group.map((one) => heatRange(one, view));
  return { low: Math.min(...ranges.map(({ low }) => low)), high: Math.max(...ranges.map(({ high }) => high)) };
}

const nameOf = ({ name, stride }: HeatMap) => name ?? levelName(stride);

function describe(heading: string, map: HeatMap, { low, high }: HeatRange): string {
  return `${heading}, ${nameOf(map)}: ${map.width} × ${map.height} cells, from ${heatNumber(low)} to ${heatNumber(high)}`;
}

function caption(map: HeatMap, { low, high }: HeatRange): string {
  const bar = `<span style="flex:1 0 1em;height:0.7em;background:${isSigned({ low, high }) ? divergingGradient : heatGradient}"></span>`;
  return `<b>${escapeHtml(nameOf(map))}</b><span style="display:flex;flex-wrap:wrap;align-items:center;gap:0 0.35em;white-space:nowrap;font-variant-numeric:tabular-nums"><span>${heatNumber(low)}</span>${bar}<span>${heatNumber(high)}</span></span>`;
}
