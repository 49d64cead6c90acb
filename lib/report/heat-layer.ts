import { diverging, heat } from "./heat.ts";
import type { LevelMap, View } from "./look.ts";
import { pngUri } from "./panels.ts";

/** Values at the lowest and at the highest colour. */
export interface HeatRange {
  readonly low: number;
  readonly high: number;
  /** Whether colours tell the sign, 0 being pale. Default: when the range lies around 0. */
  readonly signed?: boolean;
}

/** How much the colours cover of the photograph. */
export const heatOpacity = 0.68;

/** Lowest and highest value of the cells that begin within the photograph: the batch's padding does not count. */
export function heatRange({ stride, width, values }: LevelMap, { photo }: Pick<View, "photo">): HeatRange {
  let [low, high] = [Infinity, -Infinity];
  values.forEach((value, i) => {
    if ((i % width) * stride >= photo.width || Math.floor(i / width) * stride >= photo.height) return;
    low = Math.min(low, value);
    high = Math.max(high, value);
  });
  return { low, high };
}

/** Whether a range's colours tell the sign. */
export const isSigned = ({ low, high, signed = low < 0 && low === -high }: HeatRange): boolean => signed;

/** SVG: a level's cells as squares of one stride, translucent, from violet (low) to yellow (high), or from blue to red around 0. */
export async function heatLayer({ stride, height, width, values }: LevelMap, range: HeatRange): Promise<string> {
  const { low, high } = range;
  const colour = (value: number) => (isSigned(range) ? diverging(high > 0 ? value / high : 0) : heat(high > low ? (value - low) / (high - low) : 0));
  const data = new Uint8Array(4 * values.length);
  values.forEach((value, i) => { data.set([...colour(value), 255], 4 * i); });
  const uri = await pngUri({ data, width, height });
  return `<image href="${uri}" width="${width * stride}" height="${height * stride}" preserveAspectRatio="none" opacity="${heatOpacity}" style="image-rendering:pixelated"/>`;
}

/** Short enough to stand beneath a small picture: three significant digits, or two and a power of ten; with a true minus. */
export function heatNumber(value: number): string {
  const text = value !== 0 && Math.abs(value) < 0.01 ? value.toExponential(1) : String(Number(value.toPrecision(3)));
  return text.replaceAll("-", "−");
}
