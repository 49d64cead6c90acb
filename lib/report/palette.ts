/**
 * Okabe and Ito's colours, told apart with any common colour blindness ("Color Universal Design", 2008), less black and
 * yellow, which vanish on a dark or a white page.
 */
export const PALETTE = ["#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9"] as const;

/** A grey that reads on white and on black alike (contrast 4.5 : 1 on both). */
export const NEUTRAL = "#777777";

/** The n-th colour: the palette, then hues a golden angle apart. */
export function colour(n: number): string {
  if (n < PALETTE.length) return PALETTE[n];
  return hslToHex((n * 137.508) % 360, 0.62, 0.48);
}

/** The n-th class's colour over photographs: as `colour`, but the first two trade places, so that of the synthetic classes the warm one is warm. */
export function classColour(n: number): string {
  return colour(n < 2 ? 1 - n : n);
}

/** A colour of its own for each object: its class's for the first one of a class, the next free one for every other. */
export function objectColours(labels: ArrayLike<number>): string[] {
  const list = Array.from(labels);
  const taken = new Set(list);
  let free = 0;
  return list.map((label, o) => {
    if (list.indexOf(label) === o) return classColour(label);
    while (taken.has(free)) free++;
    taken.add(free);
    return classColour(free);
  });
}

/** Whether black (rather than white) text reads better on a colour "#rrggbb" (WCAG's relative luminance). */
export function darkTextOn(hex: string): boolean {
  const [r, g, b] = channels(hex).map((value) => (value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4));
  const luminance = 0.2126 * r + 0.7152 * g + 0.0722 * b;
  return (luminance + 0.05) / 0.05 > 1.05 / (luminance + 0.05);
}

/** A colour "#rrggbb" with an opacity from 0 to 1. */
export function withOpacity(hex: string, opacity: number): string {
  return `rgba(${channels(hex).map((value) => Math.round(255 * value)).join(", ")}, ${opacity})`;
}

function channels(hex: string): [number, number, number] {
  return [1, 3, 5].map((at) => Number.parseInt(hex.slice(at, at + 2), 16) / 255) as [number, number, number];
}

function hslToHex(hue: number, saturation: number, lightness: number): string {
  const a = saturation * Math.min(lightness, 1 - lightness);
  const channel = (n: number) => {
    const k = (n + hue / 30) % 12;
    return Math.round(255 * (lightness - a * Math.max(-1, Math.min(k - 3, 9 - k, 1))));
  };
  return `#${[0, 8, 4].map((n) => channel(n).toString(16).padStart(2, "0")).join("")}`;
}
