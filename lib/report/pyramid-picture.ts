import { levelName } from "../detector/assignment.ts";
import { heatLayer, heatOpacity, heatRange, type HeatRange } from "./heat-layer.ts";
import { divergingGradient, heatGradient } from "./heat.ts";
import { displaySymbol } from "./html.ts";
import type { Displayable } from "./html.ts";
import type { LevelMap, Look, View } from "./look.ts";
import { gridHtml, panelHtml, photoUri } from "./panels.ts";

export interface PyramidPictureOptions {
  /** What the numbers are, for the legend. Default "mean |x|". */
  readonly quantity?: string;
  /**
   * Whether the numbers' sign matters: then 0 is pale, negative blue and positive red, as far on either side. Default: when
   * there are negative ones.
   */
  readonly signed?: boolean;
  /** From lowest to highest colour: of each level its own (default), or the same for all; signed, the farther end from 0 counts. */
  readonly range?: "level" | readonly [number, number];
  /** A panel is at least so wide, in CSS pixels; default 200. */
  readonly minWidth?: number;
}

type Range = Required<HeatRange>;

/**
 * A pyramid's levels over the dimmed photograph, one panel each: colours from violet (low) to yellow (high), or from blue over
 * pale grey (0) to red where signs matter, a cell of the map a square of one stride. What lies in the batch's padding is neither shown nor counted in the range.
 * @param look what `lookAt` returns, or a view and `activations`
 * Throws RangeError for values that do not fit a level's size.
 */
export function pyramidPicture(look: Look | (View & { readonly pyramid: readonly LevelMap[] }), options: PyramidPictureOptions = {}): Displayable {
  for (const { stride, height, width, values } of look.pyramid) {
    if (values.length !== height * width) throw new RangeError(`the level of stride ${stride} has ${values.length} values for ${height} × ${width} cells`);
  }
  return {
    [displaySymbol]: async () => ({
      "text/html": await html(look, options),
      "text/plain": look.pyramid.map((level) => describe(level, rangeOf(level, look, options), options)).join("\n"),
    }),
  };
}

async function html(look: View & { readonly pyramid: readonly LevelMap[] }, options: PyramidPictureOptions): Promise<string> {
  const photo = await photoUri(look.photo, { dimmed: true, maxSide: 320, quality: 75 });
  const panels = await Promise.all(look.pyramid.map(async (level) => {
    const range = rangeOf(level, look, options);
    const { width, height } = look.photo;
    return panelHtml({ width, height, photo, layer: await heatLayer(level, range), label: describe(level, range, options), caption: { html: captionHtml(level, range, options) } });
  }));
  return `<div style="color:inherit">${gridHtml(panels, options.minWidth ?? 200)}</div>`;
}

/** The legend's bar has the colours over the dimmed photograph's usual grey. */
const veil = ((grey) => `linear-gradient(${grey},${grey})`)(`rgba(80,80,80,${(1 - heatOpacity).toFixed(2)})`);

/** The range of a level's colours: around 0 where signs matter. */
function rangeOf(level: LevelMap, look: View & { readonly pyramid: readonly LevelMap[] }, { range = "level", signed = look.pyramid.some(({ values }) => values.some((value) => value < 0)) }: PyramidPictureOptions): Range {
  const ends = range === "level" ? heatRange(level, look) : { low: range[0], high: range[1] };
  if (!signed) return { ...ends, signed };
  const reach = Math.max(Math.abs(ends.low), Math.abs(ends.high));
  return { low: -reach, high: reach, signed };
}

const number = (value: number) => String(Number(value.toPrecision(3))).replace("-", "−");

function describe({ stride, height, width }: LevelMap, { low, high }: Range, { quantity = "mean |x|" }: PyramidPictureOptions): string {
  return `${levelName(stride)}: stride ${stride} px, ${width} × ${height} cells, ${quantity} from ${number(low)} to ${number(high)}`;
}

function captionHtml({ stride, height, width }: LevelMap, { low, high, signed }: Range, { quantity = "mean |x|" }: PyramidPictureOptions): string {
  const bar = `<span style="flex:1;height:0.7em;min-width:3em;background:${veil},${signed ? divergingGradient : heatGradient}"></span>`;
  return `<b>${levelName(stride)}</b> · stride ${stride} px · ${width} × ${height} cells<span style="display:flex;align-items:center;gap:0.5em;font-variant-numeric:tabular-nums"><span>${quantity}</span><span>${number(low)}</span>${bar}<span>${number(high)}</span></span>`;
}
