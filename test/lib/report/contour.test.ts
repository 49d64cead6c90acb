import { describe, expect, it } from "vitest";
import { contours } from "../../../lib/report/contour.ts";
import { rleFrom } from "../../../lib/tensor/masks/segmentation.ts";
import { areaOfRle, decodeRle, emptyRle, encodeRle } from "../../../lib/tensor/masks/rle.ts";
import { random } from "../../../lib/tensor/random.ts";

/** Whether a point lies inside the rings by the even-odd rule. */
function inside(rings: readonly (readonly number[])[], px: number, py: number): boolean {
  let crossings = 0;
  for (const ring of rings) {
    for (let i = 0; i < ring.length; i += 2) {
      const [x1, y1, x2, y2] = [ring[i], ring[i + 1], ring[(i + 2) % ring.length], ring[(i + 3) % ring.length]];
      if (y1 > py !== y2 > py && px < x1 + ((py - y1) / (y2 - y1)) * (x2 - x1)) crossings++;
    }
  }
  return crossings % 2 === 1;
}

describe("contours", () => {
  it("enclose the middles of the object's pixels and no others", () => {
    const u = random("contours", 1);
    for (let n = 0; n < 200; n++) {
      const size = { height: 1 + u.integer(12), width: 1 + u.integer(12) };
      const density = u.next();
      const dense = Uint8Array.from({ length: size.height * size.width }, () => (u.next() < density ? 1 : 0));
      const rings = contours(encodeRle(dense, size), 0);
      dense.forEach((v, i) => expect(inside(rings, (i % size.width) + 0.5, Math.floor(i / size.width) + 0.5), `${n}: pixel ${i}`).toBe(v === 1));
    }
  });

  it("go once around parts and once around holes", () => {
    const frame = Uint8Array.from({ length: 49 }, (_, i) => ([i % 7, Math.floor(i / 7)].some((v) => v === 1 || v === 5) && [i % 7, Math.floor(i / 7)].every((v) => v >= 1 && v <= 5) ? 1 : 0));
    expect(contours(encodeRle(frame, { height: 7, width: 7 }), 0)).toHaveLength(2);
    expect(contours(encodeRle([1, 0, 0, 1], { height: 2, width: 2 }), 0)).toHaveLength(2);
    expect(contours(emptyRle({ height: 3, width: 3 }), 0.5)).toEqual([]);
  });

  it("leave out what the tolerance allows, and no more", () => {
    const size = { height: 200, width: 200 };
    const mask = rleFrom([[20, 30, 180, 60, 100, 190]], size);
    const [all, few] = [contours(mask, 0), contours(mask, 0.5)];
    expect(few[0].length).toBeLessThan(all[0].length / 3);
    const dense = decodeRle(mask);
    let wrong = 0;
    dense.forEach((v, i) => { if (inside(few, (i % 200) + 0.5, Math.floor(i / 200) + 0.5) !== (v === 1)) wrong++; });
    expect(wrong).toBeLessThan(0.015 * areaOfRle(mask));
    // Every point left out lies near the line that replaces it.
    for (let i = 0; i < all[0].length; i += 2) expect(distance(few[0], all[0][i], all[0][i + 1])).toBeLessThanOrEqual(0.5 + 1e-9);
  });

  it("take little for masks of noise", () => {
    const u = random("noise", 2);
    const mask = encodeRle(Uint8Array.from({ length: 300 * 300 }, () => u.integer(2)), { height: 300, width: 300 });
    const start = performance.now();
    expect(contours(mask, 0.5).length).toBeGreaterThan(1000);
    expect(performance.now() - start).toBeLessThan(10_000);
  });
});

/** Distance of a point from a ring. */
function distance(ring: readonly number[], px: number, py: number): number {
  let least = Infinity;
  for (let i = 0; i < ring.length; i += 2) {
    const [x1, y1] = [ring[i], ring[i + 1]];
    const [dx, dy] = [ring[(i + 2) % ring.length] - x1, ring[(i + 3) % ring.length] - y1];
    const t = dx === 0 && dy === 0 ? 0 : Math.min(1, Math.max(0, ((px - x1) * dx + (py - y1) * dy) / (dx * dx + dy * dy)));
    least = Math.min(least, Math.hypot(px - x1 - t * dx, py - y1 - t * dy));
  }
  return least;
}
