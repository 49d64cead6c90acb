import { describe, expect, it } from "vitest";
import { maskIou, sharedPixels } from "../../../../lib/tensor/masks/iou.ts";
import { intersectionOf, unionOf } from "../../../../lib/tensor/masks/merge.ts";
import { decodeRle, encodeRle } from "../../../../lib/tensor/masks/rle.ts";
import { random } from "../../../../lib/tensor/random.ts";

const u = random("merge", 1);
const size = { height: 7, width: 5 };
const dense = () => Uint8Array.from({ length: 35 }, () => u.integer(2));

describe("merged masks", () => {
  it("are the pixels of any, or of all", () => {
    for (let n = 0; n < 200; n++) {
      const all = [dense(), dense(), dense()];
      const masks = all.map((one) => encodeRle(one, size));
      expect(decodeRle(unionOf(masks))).toEqual(all[0].map((v, i) => v | all[1][i] | all[2][i]));
      expect(decodeRle(intersectionOf(masks))).toEqual(all[0].map((v, i) => v & all[1][i] & all[2][i]));
    }
  });

  it("need one size, and one mask at least", () => {
    const [a, b] = [encodeRle([1, 0], { height: 1, width: 2 }), encodeRle([1, 0], { height: 2, width: 1 })];
    expect(() => unionOf([a, b])).toThrow(/mask 1 is 2 × 1, the first 1 × 2/);
    expect(() => intersectionOf([])).toThrow(/of no masks/);
    expect(() => maskIou([a], [b])).toThrow(/detection 0 is 1 × 2, annotation 0 is 2 × 1/);
  });
});

describe("overlap", () => {
  it("counts shared pixels, over either's, or over the detection's for crowds", () => {
    for (let n = 0; n < 200; n++) {
      const [a, b] = [dense(), dense()];
      const sum = (values: Uint8Array) => values.reduce((total, v) => total + v, 0);
      const shared = sum(a.map((v, i) => v & b[i]));
      const [left, right] = [encodeRle(a, size), encodeRle(b, size)];
      expect(sharedPixels(left.counts, right.counts)).toBe(shared);
      expect([...maskIou([left], [right, right], [false, true])]).toEqual([shared / Math.max(1, sum(a) + sum(b) - shared), shared / Math.max(1, sum(a))]);
      const pool = Uint32Array.of(9, ...left.counts, ...right.counts, 9);
      const middle = 1 + left.counts.length;
      expect(sharedPixels(pool, pool, { fromA: 1, toA: middle, fromB: middle, toB: pool.length - 1 })).toBe(shared);
    }
  });
});
