import { expect, it } from "vitest";
import { diverging, divergingGradient, heat, heatCss, heatGradient } from "../../../lib/report/heat.ts";

/** CIE L* of an sRGB colour: another measure of lightness than the one the map is made with. */
function lightness(rgb: readonly number[]): number {
  const [r, g, b] = rgb.map((v) => (v / 255 <= 0.04045 ? v / 255 / 12.92 : ((v / 255 + 0.055) / 1.055) ** 2.4));
  const y = 0.2126 * r + 0.7152 * g + 0.0722 * b;
  return y > 0.008856 ? 116 * Math.cbrt(y) - 16 : 903.3 * y;
}

it("grows lighter in about even steps, from dark to light", () => {
  const steps = Array.from({ length: 11 }, (_, i) => lightness(heat(i / 10)));
  const differences = steps.slice(1).map((value, i) => value - steps[i]);
  expect(steps[0]).toBeLessThan(15);
  expect(steps[10]).toBeGreaterThan(88);
  for (const difference of differences) {
    expect(difference).toBeGreaterThan(5);
    expect(difference).toBeLessThan(12);
  }
});

it("stays at its ends outside 0 … 1 and speaks CSS", () => {
  expect(heat(-1)).toEqual(heat(0));
  expect(heat(2)).toEqual(heat(1));
  expect(heatCss(0)).toMatch(/^rgb\(\d+ \d+ \d+\)$/);
  expect(heatGradient.match(/rgb/g)).toHaveLength(9);
});

it("diverges from a pale grey to blue and red, as dark on either side", () => {
  const [low, none, high] = [-1, 0, 1].map((value) => diverging(value));
  expect(Math.max(...none) - Math.min(...none)).toBeLessThan(3);
  expect(low[2]).toBeGreaterThan(low[0] + 80);
  expect(high[0]).toBeGreaterThan(high[2] + 80);
  for (const t of [0.25, 0.5, 1]) expect(Math.abs(lightness(diverging(t)) - lightness(diverging(-t)))).toBeLessThan(8);
  expect(lightness(none)).toBeGreaterThan(lightness(diverging(0.25)) + 5);
  expect(diverging(-7)).toEqual(low);
  expect(divergingGradient.match(/rgb/g)).toHaveLength(9);
});
