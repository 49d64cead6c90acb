import { describe, expect, it } from "vitest";
import { checkCrop, drawCrop, type Crop } from "../../../lib/data/crop.ts";
import { normalisations, rowWriter } from "../../../lib/data/normalise.ts";
import { checkTransforms, moveBox, moveTargets, paint, plan } from "../../../lib/data/transforms.ts";
import { syntheticScenes } from "../../../lib/data/synthetic.ts";
import { cropRle } from "../../../lib/tensor/masks/crop.ts";
import { areaOfRle, boxOfRle, decodeRle, encodeRle } from "../../../lib/tensor/masks/rle.ts";
import { rleFrom } from "../../../lib/tensor/masks/segmentation.ts";
import { random } from "../../../lib/tensor/random.ts";
import { box, memoryDataset, noise } from "./fixtures.ts";

const image = { width: 60, height: 40 };
const draws = (crop: Crop, size = image) => Array.from({ length: 500 }, (_, i) => drawCrop(size, crop, random("crop", i)));

describe("drawCrop", () => {
  it.each<[Crop, [number, number], [number, number]]>([
    [{ kind: "relative-range", width: 0.5, height: 0.9 }, [30, 60], [36, 40]],
    [{ kind: "relative", width: 0.5, height: 0.25 }, [30, 30], [10, 10]],
    [{ kind: "absolute", width: 20, height: 100 }, [20, 20], [40, 40]],
    [{ kind: "absolute-range", from: 30, to: 50 }, [30, 50], [30, 40]],
    [{ kind: "absolute-range", from: 70, to: 90 }, [60, 60], [40, 40]],
  ])("%j takes widths %j and heights %j, all of them, anywhere within the image", (crop, widths, heights) => {
    const all = draws(crop);
    const span = (values: number[]) => [Math.min(...values), Math.max(...values)];
    expect(span(all.map(({ width }) => width))).toEqual(widths);
    expect(span(all.map(({ height }) => height))).toEqual(heights);
    expect(all.every(({ x, y, width, height }) => x >= 0 && y >= 0 && x + width <= 60 && y + height <= 40)).toBe(true);
    const [left, right] = [Math.min(...all.map(({ x }) => x)), Math.max(...all.map(({ x, width }) => x + width))];
    expect([left, right]).toEqual([0, 60]);
  });

  it("takes at least a pixel", () => {
    expect(draws({ kind: "relative", width: 0.001, height: 0.001 })[0]).toMatchObject({ width: 1, height: 1 });
  });

  it.each<[object, RegExp]>([
    [{ kind: "square" }, /crop\.kind received "square", allowed relative-range, relative, absolute, absolute-range/],
    [{ kind: "relative", width: 1.5, height: 1 }, /crop\.width must be a share above 0 and at most 1, received 1\.5/],
    [{ kind: "absolute", width: 3, height: 2.5 }, /crop\.height must be a whole number of pixels above 0, received 2\.5/],
    [{ kind: "absolute-range", from: 5, to: 4 }, /crop\.from must be at most crop\.to/],
    [{ kind: "relative", width: 0.5, height: 0.5, from: 2 }, /crop of kind "relative" has no from, allowed kind, width, height/],
  ])("%j is refused", (crop, message) => {
    expect(() => { checkTransforms({ crop: crop as Crop }); }).toThrow(message);
    expect(() => { checkCrop(crop as Crop); }).toThrow(message);
  });
});

describe("a plan with a crop", () => {
  const transforms = { crop: { kind: "relative", width: 0.5, height: 0.5 }, resize: { kind: "scale", factor: 2 }, flip: 0.5 } as const;

  it("sizes what is cut out, in training alone", () => {
    expect(plan(image, transforms)).toEqual({ width: 120, height: 80, flipX: false, flipY: false });
    expect(plan(image, transforms, random(1))).toMatchObject({ width: 60, height: 40, crop: { width: 30, height: 20 } });
  });

  it("draws the same sizes and mirrors as before where nothing is cut out", () => {
    const size = { kind: "edge", short: [20, 30, 50] } as const;
    const u = random("same"), v = random("same");
    const to = plan(image, { resize: size, flip: 0.5 }, u);
    expect(to.height).toBe([20, 30, 50][Math.floor(v.next() * 3)]);
    expect(to.flipX).toBe(v.next() < 0.5);
    expect(to).not.toHaveProperty("crop");
  });

  it("moves boxes and pixels alike", () => {
    const { data } = noise(60, 40, 2);
    const to = { width: 20, height: 12, flipX: true, flipY: true, crop: { x: 7, y: 5, width: 20, height: 12 } };
    const out = new Float32Array(20 * 12 * 3);
    paint({ data, ...image }, to, rowWriter({ ...normalisations.simple, mean: [0, 0, 0], std: [1, 1, 1] }), { out, offset: 0, rowLength: 60 });
    // The pixel at (10, 8) is the box from there to (11, 9).
    const [x, y] = moveBox([10, 8, 1, 1], image, to);
    expect([...out.slice((y * 20 + x) * 3, (y * 20 + x) * 3 + 3)]).toEqual([...data.slice((8 * 60 + 10) * 3, (8 * 60 + 10) * 3 + 3)]);
    expect([x, y]).toEqual([20 - 4, 12 - 4]);
  });

  it("clips boxes at its border and drops those beyond", () => {
    const dataset = memoryDataset([noise(60, 40, 1)], [[box(1, 0, [0, 0, 20, 20]), box(2, 0, [40, 0, 10, 10], 5), box(3, 0, [12, 12, 4, 4], 5)]]);
    const to = { width: 40, height: 20, flipX: false, flipY: false, crop: { x: 10, y: 10, width: 20, height: 10 } };
    const target = moveTargets(dataset, 0, to, { labels: new Map([[2, 0], [5, 1]]) });
    expect([...target.boxes]).toEqual([0, 0, 20, 20, 4, 4, 12, 12]);
    expect([...target.labels]).toEqual([0, 1]);
    expect(target).toMatchObject({ scaleX: 2, scaleY: 2, crop: { x: 10, y: 10 } });
  });

  it.each(["polygon", "bitmap"] as const)("cuts masks (%s), drops those without a pixel and draws boxes anew around the rest", (convention) => {
    // An L whose box reaches into the part, whose pixels do not; and one that keeps only its foot.
    const l = (id: number, x: number, y: number) => ({ ...box(id, 0, [x, y, 20, 20]), segmentation: [[x, y, x + 4, y, x + 4, y + 16, x + 20, y + 16, x + 20, y + 20, x, y + 20]] });
    const dataset = memoryDataset([noise(60, 40, 1)], [[l(1, 0, 14), l(2, 2, 0)]]);
    const to = { width: 30, height: 20, flipX: false, flipY: false, crop: { x: 10, y: 10, width: 30, height: 20 } };
    const target = moveTargets(dataset, 0, to, { labels: new Map([[2, 0], [5, 1]]), masks: convention });
    expect([...target.boxes]).toEqual([0, 6, 12, 10]);
    expect(target.masks!.map((mask) => [mask.width, mask.height, areaOfRle(mask)])).toEqual([[30, 20, 12 * 4]]);
  });

  it("of drawn scenes leaves every mask within its box", () => {
    const scenes = syntheticScenes({ images: 6, size: 64, seed: 4 });
    const labels = new Map(scenes.categories.map(({ id }, i) => [id, i]));
    scenes.images.forEach((info, i) => {
      const to = plan(info, { crop: { kind: "relative-range", width: 0.3, height: 0.3 }, resize: { kind: "scale", factor: 1.5 }, flip: 0.5 }, random("scene", i));
      const { boxes, masks } = moveTargets(scenes, i, to, { labels, masks: "bitmap" });
      masks!.forEach((mask, k) => {
        const [x, y, w, h] = boxOfRle(mask);
        expect(areaOfRle(mask)).toBeGreaterThan(0);
        expect([x, y, x + w, y + h]).toEqual([...boxes.slice(4 * k, 4 * k + 4)]);
      });
    });
  });
});

describe("cropRle", () => {
  it("is what cutting the dense mask gives", () => {
    const u = random("rle", 3);
    for (let i = 0; i < 30; i++) {
      const size = { width: 3 + u.integer(12), height: 3 + u.integer(12) };
      const dense = Uint8Array.from({ length: size.width * size.height }, () => (u.next() < 0.6 ? 1 : 0));
      const part = drawCrop(size, { kind: "relative-range", width: 0.2, height: 0.2 }, u);
      const wanted = Array.from({ length: part.height * part.width }, (_, k) => dense[(part.y + Math.floor(k / part.width)) * size.width + part.x + (k % part.width)]);
      expect([...decodeRle(cropRle(encodeRle(dense, size), part))]).toEqual(wanted);
    }
  });

  it("refuses a part that reaches beyond", () => {
    const mask = rleFrom([[0, 0, 5, 0, 5, 5]], { width: 8, height: 8 });
    expect(() => cropRle(mask, { x: 4, y: 0, width: 5, height: 8 })).toThrow(/reach beyond its 8 × 8/);
  });
});
