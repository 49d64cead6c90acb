/**
 * A colour from 0 (dark violet) to 1 (pale yellow), [r, g, b] of 0 to 255. Its lightness rises evenly to the eye: straight
 * in Ottosson's OKLab (2020), while the hue turns from violet over red to yellow.
 */
export function heat(value: number): [number, number, number] {
  const t = Math.min(1, Math.max(0, value));
  const hue = ((300 + 170 * t) * Math.PI) / 180;
  const chroma = 0.06 + 0.46 * t * (1 - t);
  return oklabToRgb(0.22 + 0.73 * t, chroma * Math.cos(hue), chroma * Math.sin(hue));
}

/** The same as a CSS colour. */
export function heatCss(value: number): string {
  return `rgb(${heat(value).join(" ")})`;
}

/** CSS of a bar from low to high, for legends. */
export const heatGradient = `linear-gradient(to right,${Array.from({ length: 9 }, (_, i) => heatCss(i / 8)).join(",")})`;

/**
 * A colour from −1 (blue) over 0 (pale grey) to 1 (red), [r, g, b] of 0 to 255: as far on either side as far from 0, in lightness
 * and in chroma.
 */
export function diverging(value: number): [number, number, number] {
  const t = Math.min(1, Math.max(-1, value));
  const hue = ((t < 0 ? 255 : 35) * Math.PI) / 180;
  const chroma = 0.19 * Math.abs(t) ** 0.8;
  return oklabToRgb(0.95 - 0.5 * Math.abs(t), chroma * Math.cos(hue), chroma * Math.sin(hue));
}

/** CSS of a bar from −1 to 1, for legends. */
export const divergingGradient = `linear-gradient(to right,${Array.from({ length: 9 }, (_, i) => `rgb(${diverging(i / 4 - 1).join(" ")})`).join(",")})`;

function oklabToRgb(lightness: number, a: number, b: number): [number, number, number] {
  const l = (lightness + 0.3963377774 * a + 0.2158037573 * b) ** 3;
  const m = (lightness - 0.1055613458 * a - 0.0638541728 * b) ** 3;
  const s = (lightness - 0.0894841775 * a - 1.291485548 * b) ** 3;
  return [
    screen(4.0767416621 * l - 3.3077115913 * m + 0.2309699292 * s),
    screen(-1.2684380046 * l + 2.6097574011 * m - 0.3413193965 * s),
    screen(-0.0041960863 * l - 0.7034186147 * m + 1.707614701 * s),
  ];
}

/** Linear light to an sRGB byte. */
function screen(light: number): number {
  const v = Math.min(1, Math.max(0, light));
  return Math.round(255 * (v <= 0.0031308 ? 12.92 * v : 1.055 * v ** (1 / 2.4) - 0.055));
}
