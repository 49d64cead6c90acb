import { describe, expect, it } from "vitest";
import { pasteMask, pasteMasks, pasteValues } from "../../../../lib/tensor/masks/paste.ts";
import type { PasteConvention } from "../../../../lib/tensor/masks/paste.ts";
import { areaOfRle, boxOfRle, encodeRle } from "../../../../lib/tensor/masks/rle.ts";
import { random } from "../../../../lib/tensor/random.ts";

const full = { values: new Float32Array(28 * 28).fill(1), height: 28, width: 28 };
const size = { height: 40, width: 50 };
const conventions: readonly PasteConvention[] = ["torchvision", "mmdet"];

describe.each(conventions)("masks pasted as %s does", (convention) => {
  it("are the pasted values cut at the threshold", () => {
    const u = random("paste", convention);
    for (let n = 0; n < 100; n++) {
      const values = Float32Array.from({ length: 20 }, () => u.next());
      const mask = { values, height: 4, width: 5 };
      const [x, y] = [u.uniform(-30, 60), u.uniform(-30, 50)];
      const box = [x, y, x + u.uniform(0, 60), y + u.uniform(0, 60)];
      const threshold = u.next();
      const dense = pasteValues(mask, box, { convention, size });
      expect(pasteMask(mask, box, { convention, size, threshold })).toEqual(encodeRle(Array.from(dense, (v) => convention === "torchvision" ? v > threshold : v >= threshold), size));
    }
  });

  it("fill their box, and stay inside the image", () => {
    expect(boxOfRle(pasteMask(full, [10, 8, 30, 20], { convention, size }))).toEqual(convention === "torchvision" ? [10, 7, 20, 14] : [10, 8, 20, 12]);
    expect(areaOfRle(pasteMask(full, [-1000, -1000, 1000, 1000], { convention, size }))).toBe(2000);
    expect(areaOfRle(pasteMask(full, [-1e9, -1e9, 1e9, 1e9], { convention, size }))).toBe(2000);
    for (const box of [[60, 5, 70, 10], [-20, 5, -10, 10], [5, 50, 10, 60]]) expect(areaOfRle(pasteMask(full, box, { convention, size }))).toBe(0);
  });

  it("are small for boxes without area", () => {
    expect(areaOfRle(pasteMask(full, [10, 10, 10, 20], { convention, size }))).toBeLessThanOrEqual(convention === "mmdet" ? 0 : 12);
    expect(areaOfRle(pasteMask(full, [10, 10, 10, 10], { convention, size }))).toBeLessThanOrEqual(convention === "mmdet" ? 0 : 1);
  });

  it("come one per box", () => {
    const masks = Float32Array.of(1, 1, 1, 1, 0, 0, 0, 0);
    const pasted = pasteMasks(masks, Float32Array.of(0, 0, 10, 10, 5, 5, 20, 20), { convention, size });
    expect(pasted.map((mask) => areaOfRle(mask) > 0)).toEqual([true, false]);
    expect(pasteMasks(new Float32Array(0), new Float32Array(0), { convention, size })).toEqual([]);
  });

  it("refuse what does not fit", () => {
    expect(() => pasteMask({ ...full, height: 27 }, [0, 0, 1, 1], { convention, size })).toThrow(/784 values received, 27 × 28 needs 756/);
    expect(() => pasteMask(full, [0, 0, NaN, 1], { convention, size })).toThrow(/the box received is \[0, 0, NaN, 1\]/);
    expect(() => pasteMask(full, [0, 0, 1, 1], { convention, size: { height: 0, width: 4 } })).toThrow(/size received is 0 × 4/);
    expect(() => pasteMasks(new Float32Array(7), new Float32Array(8), { convention, size })).toThrow(/7 values and 8 box numbers/);
  });
});
