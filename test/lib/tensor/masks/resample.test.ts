import { describe, expect, it } from "vitest";
import { resampleRle } from "../../../../lib/tensor/masks/resample.ts";
import { decodeRle, encodeRle } from "../../../../lib/tensor/masks/rle.ts";
import { random } from "../../../../lib/tensor/random.ts";

describe("resampled masks", () => {
  it.each(["centre", "floor"] as const)("take the pixel that the rule %s says, mirrored as asked", (sampling) => {
    const u = random("resample", sampling);
    for (let n = 0; n < 300; n++) {
      const [from, size] = [0, 1].map(() => ({ height: 1 + u.integer(30), width: 1 + u.integer(30) }));
      const dense = Uint8Array.from({ length: from.height * from.width }, () => (u.next() < 0.6 ? 1 : 0));
      const [flipX, flipY] = [u.next() < 0.5, u.next() < 0.5];
      // Away from the rule's own float32 rounding the exact quotient decides; here sides are small, so it always does.
      const source = (i: number, old: number, now: number) => Math.floor(((sampling === "centre" ? 2 * i + 1 : 2 * i) * old) / (2 * now));
      const expected = Uint8Array.from({ length: size.height * size.width }, (_, i) => {
        const [x, y] = [i % size.width, Math.floor(i / size.width)];
        const [u0, v0] = [flipX ? size.width - 1 - x : x, flipY ? size.height - 1 - y : y];
        return dense[source(v0, from.height, size.height) * from.width + source(u0, from.width, size.width)];
      });
      expect(decodeRle(resampleRle(encodeRle(dense, from), { size, flipX, flipY, sampling }))).toEqual(expected);
    }
  });

  it("leave a mask of the same size alone, and give it back when mirrored twice", () => {
    const mask = encodeRle([1, 0, 1, 1, 0, 0, 1, 0], { height: 2, width: 4 });
    expect(resampleRle(mask, { size: mask })).toBe(mask);
    const once = resampleRle(mask, { size: mask, flipX: true, flipY: true });
    expect(once).not.toEqual(mask);
    expect(resampleRle(once, { size: mask, flipX: true, flipY: true })).toEqual(mask);
  });

  it("refuse an empty size", () => {
    expect(() => resampleRle(encodeRle([1], { height: 1, width: 1 }), { size: { height: 0, width: 3 } })).toThrow(/size received is 0 × 3/);
  });
});
