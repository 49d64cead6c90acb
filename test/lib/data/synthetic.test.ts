import { describe, expect, it } from "vitest";
import type { Segmentation } from "../../../lib/data/dataset.ts";
import type { SyntheticOptions } from "../../../lib/data/synthetic.ts";
import { syntheticScenes } from "../../../lib/data/synthetic.ts";
import { visibleParts } from "../../../lib/data/synthetic/visible.ts";
import { random } from "../../../lib/tensor/random.ts";

const base: SyntheticOptions = { images: 120, size: 96, seed: 0 };
const scenes = syntheticScenes(base);
const annotations = (dataset: ReturnType<typeof syntheticScenes>) => dataset.images.flatMap((_image, i) => dataset.annotations(i));

/** Mask [height, width] from uncompressed run lengths. */
function unpack(segmentation: Segmentation | undefined): { mask: Uint8Array; height: number; width: number } {
  const { counts, size: [height, width] } = segmentation as { counts: number[]; size: [number, number] };
  const mask = new Uint8Array(height * width);
  let at = 0;
  counts.forEach((count, k) => { for (let i = 0; i < count; i++, at++) mask[(at % height) * width + Math.floor(at / height)] = k % 2; });
  expect(at).toBe(height * width);
  return { mask, height, width };
}

describe("syntheticScenes", () => {
  it("make the same scene for the same seed, split and index, however many there are", async () => {
    const again = syntheticScenes({ ...base, images: 5 });
    for (let i = 0; i < 5; i++) {
      expect(again.annotations(i)).toEqual(scenes.annotations(i));
      expect(await again.pixels(i)).toEqual(await scenes.pixels(i));
    }
    for (const other of [{ seed: 1 }, { split: "val" }]) {
      const different = syntheticScenes({ ...base, ...other });
      expect(different.annotations(0)).not.toEqual(scenes.annotations(0));
      expect((await different.pixels(0)).data).not.toEqual((await scenes.pixels(0)).data);
      expect(different.hash).not.toBe(scenes.hash);
    }
    expect(syntheticScenes(base).hash).toBe(scenes.hash);
  });

  it("annotate visible pixels: area, tight box and mask agree, and no pixel belongs to two objects", () => {
    for (let i = 0; i < 40; i++) {
      const seen = new Uint8Array(96 * 96);
      for (const { xywh: [x, y, w, h], area, segmentation } of scenes.annotations(i)) {
        const { mask, width } = unpack(segmentation);
        const xs: number[] = [], ys: number[] = [];
        mask.forEach((v, k) => { if (v) { xs.push(k % width); ys.push(Math.floor(k / width)); seen[k]++; } });
        expect(xs.length).toBe(area);
        expect([Math.min(...xs), Math.min(...ys), Math.max(...xs) + 1, Math.max(...ys) + 1]).toEqual([x, y, x + w, y + h]);
      }
      expect(Math.max(...seen)).toBeLessThanOrEqual(1);
    }
  });

  it("hold what they promise: counts, sizes, all classes, empty images, look-alikes, unique ids", () => {
    const all = annotations(scenes);
    const perImage = scenes.images.map((_image, i) => scenes.annotations(i).length);
    expect(Math.max(...perImage)).toBeLessThanOrEqual(6);
    const filled = perImage.filter((n) => n > 0);
    expect(filled.reduce((s, n) => s + n, 0) / filled.length).toBeGreaterThan(3);
    const empty = perImage.filter((n) => n === 0).length;
    expect(empty).toBeGreaterThan(0);
    expect(empty).toBeLessThan(15);
    expect(new Set(all.map((a) => a.categoryId))).toEqual(new Set([1, 2, 3, 4, 5, 6]));
    expect(new Set(all.map((a) => a.id)).size).toBe(all.length);
    expect(all.filter((a) => a.area < 32 ** 2).length).toBeGreaterThan(all.length / 3);
    expect(all.filter((a) => a.area >= 32 ** 2).length).toBeGreaterThan(10);
    const lookAlikes = scenes.images.map((_image, i) => scenes.distractors(i));
    expect(new Set(lookAlikes.map((list) => list.length))).toEqual(new Set([1, 2, 3]));
    expect(new Set(lookAlikes.flat().map((d) => d.shape)).size).toBe(5);
  });

  it("overlap at most a quarter of the smaller box", () => {
    for (let i = 0; i < 60; i++) {
      const boxes = [...scenes.annotations(i).map((a) => a.xywh), ...scenes.distractors(i).map((d) => d.xywh)];
      boxes.forEach(([x, y, w, h], a) => boxes.slice(a + 1).forEach(([u, v, p, q]) => {
        const overlap = Math.max(0, Math.min(x + w, u + p) - Math.max(x, u)) * Math.max(0, Math.min(y + h, v + q) - Math.max(y, v));
        // The rule is kept for the shapes' whole boxes; a hidden edge shrinks a box, whole pixels widen it.
        expect(overlap / Math.min(w * h, p * q)).toBeLessThan(0.4);
      }));
    }
  });

  it("reach all three COCO sizes on larger images, and choose classes and sides", () => {
    const large = annotations(syntheticScenes({ images: 60, size: { width: 320, height: 256 }, seed: 1 }));
    for (const [low, high] of [[0, 1024], [1024, 9216], [9216, Infinity]]) expect(large.some((a) => a.area >= low && a.area < high)).toBe(true);
    const some = syntheticScenes({ images: 30, size: 64, seed: 1, classes: ["ring", "square"], sides: [20, 24] });
    expect(some.categories).toEqual([{ id: 3, name: "square" }, { id: 5, name: "ring" }]);
    for (const { categoryId, xywh: [, , w, h] } of annotations(some)) {
      expect([3, 5]).toContain(categoryId);
      expect(Math.max(w, h)).toBeLessThan(36);
    }
    expect(syntheticScenes({ ...base, classes: 2 }).categories.map((c) => c.name)).toEqual(["warm disk", "cool disk"]);
  });

  it("show the object where its box is: pixels there differ from the same scene without it", async () => {
    const { data } = await scenes.pixels(0);
    expect(data).toHaveLength(96 * 96 * 3);
    const { xywh: [x, y, w, h], segmentation } = scenes.annotations(0).reduce((a, b) => (a.area > b.area ? a : b));
    const { mask } = unpack(segmentation);
    const mean = (inside: number) => [0, 1, 2].map((c) => {
      let sum = 0, count = 0;
      for (let j = y; j < y + h; j++) for (let i = x; i < x + w; i++) if (mask[j * 96 + i] === inside) { sum += data[(j * 96 + i) * 3 + c]; count++; }
      return sum / count;
    });
    const [object, around] = [mean(1), mean(0)];
    expect(Math.hypot(...object.map((v, c) => v - around[c]))).toBeGreaterThan(25);
  });

  it.each<[Partial<SyntheticOptions>, RegExp]>([
    [{ images: 0 }, /images received 0/], [{ size: 16 }, /size received 16/], [{ classes: 7 }, /classes received 7, allowed 1 to 6/], [{ classes: 0 }, /classes/], [{ classes: ["star" as never] }, /classes/],
    [{ empty: 2 }, /empty/], [{ objects: [3, 2] }, /objects received \[3,2\]/], [{ sides: [1, 5] }, /sides/], [{ distractors: [0.5, 2] }, /distractors/], [{ seed: 0.5 }, /seed/],
  ])("refuse %j", (change, message) => {
    expect(() => syntheticScenes({ ...base, ...change })).toThrow(RangeError);
    expect(() => syntheticScenes({ ...base, ...change })).toThrow(message);
  });

  it("refuse positions outside", async () => {
    expect(() => scenes.annotations(120)).toThrow(RangeError);
    await expect(scenes.pixels(120)).rejects.toThrow(RangeError);
  });
});

describe("visibleParts", () => {
  it("run lengths restore any mask, edges of the image included", () => {
    const u = random("masks", 1);
    for (let n = 0; n < 200; n++) {
      const [width, height] = [1 + u.integer(7), 1 + u.integer(7)];
      const owner = Int16Array.from({ length: width * height }, () => u.integer(3) - 1);
      visibleParts(owner, { width, height }, 2).forEach((part, object) => {
        const expected = Uint8Array.from(owner, (v) => (v === object ? 1 : 0));
        if (part === undefined) { expect(Math.max(...expected)).toBe(0); return; }
        expect(unpack({ counts: part.counts, size: [height, width] }).mask).toEqual(expected);
        expect(part.counts.slice(1).every((count) => count > 0)).toBe(true);
      });
    }
  });
});
