import * as tf from "@tensorflow/tfjs";
import { beforeAll, describe, expect, it } from "vitest";
import { batchAt, evaluationBatches } from "../../../lib/data/batches.ts";
import type { Annotation, Segmentation } from "../../../lib/data/dataset.ts";
import { DatasetError } from "../../../lib/data/error.ts";
import { moveMask } from "../../../lib/data/move-mask.ts";
import { syntheticScenes } from "../../../lib/data/synthetic.ts";
import { maskIou } from "../../../lib/tensor/masks/iou.ts";
import { areaOfRle, boxOfRle, decodeRle, encodeRle } from "../../../lib/tensor/masks/rle.ts";
import { rleFrom } from "../../../lib/tensor/masks/segmentation.ts";
import { box, memoryDataset } from "./fixtures.ts";

beforeAll(async () => { await tf.setBackend("cpu"); });

const image = { id: 1, fileName: "a.png", width: 40, height: 30 };
const annotation = (segmentation?: Segmentation): Annotation => ({ ...box(7, 0, [4, 6, 20, 12]), ...(segmentation !== undefined && { segmentation }) });
const polygon = [[4, 6, 24, 6, 24, 18, 4, 18]];
const bitmap = { counts: [...rleFrom(polygon, image).counts], size: [30, 40] } as const;

describe("moveMask", () => {
  it.each([
    ["polygon", polygon, false, false], ["polygon", polygon, true, true], ["polygon", bitmap, true, false],
    ["bitmap", polygon, false, true], ["bitmap", bitmap, true, true],
  ] as const)("moves by %s as the box moves", (convention, segmentation, flipX, flipY) => {
    const mask = moveMask(annotation(segmentation), image, { to: { width: 80, height: 90, flipX, flipY }, convention });
    expect([mask.width, mask.height]).toEqual([80, 90]);
    expect(boxOfRle(mask)).toEqual([flipX ? 32 : 8, flipY ? 36 : 18, 40, 36]);
    expect(areaOfRle(mask)).toBe(40 * 36);
  });

  it("draws polygons in the new size, where pixels would keep the old one's steps", () => {
    const triangle = [[0.3, 0.2, 37.1, 3.4, 11.2, 28.9]];
    const to = { width: 400, height: 300, flipX: false, flipY: false };
    const drawn = moveMask(annotation(triangle), image, { to, convention: "polygon" });
    expect(drawn).toEqual(rleFrom([triangle[0].map((v) => v * 10)], to));
    const enlarged = moveMask(annotation(triangle), image, { to, convention: "bitmap" });
    expect(maskIou([drawn], [enlarged])[0]).toBeGreaterThan(0.9);
    expect(maskIou([drawn], [enlarged])[0]).toBeLessThan(0.99);
  });

  it("gives an empty mask to what is too thin to be seen", () => {
    const mask = moveMask(annotation([[1, 1, 1.2, 1, 1.2, 9]]), image, { to: { width: 20, height: 15, flipX: false, flipY: false }, convention: "polygon" });
    expect(areaOfRle(mask)).toBe(0);
  });

  it.each<[string, Segmentation | undefined, RegExp]>([
    ["no mask", undefined, /image 1, annotation 7: it has no mask, and masks are asked for/],
    ["two points", [[1, 2, 3, 4]], /image 1, annotation 7: 4 numbers received/],
    ["counts of another image", { counts: [10], size: [5, 2] }, /its size is \[5, 2\], the image's \[30, 40\]/],
    ["broken text", { counts: "!", size: [30, 40] }, /character 0 of its counts is "!"/],
  ])("refuses %s", (_, segmentation, message) => {
    const move = () => moveMask(annotation(segmentation), image, { to: { ...image, flipX: false, flipY: false }, convention: "polygon" });
    expect(move).toThrow(DatasetError);
    expect(move).toThrow(message);
  });
});

describe("batches with masks", () => {
  const scenes = syntheticScenes({ images: 6, size: 48, seed: 3, empty: 0 });
  const transforms = { resize: { kind: "edge", short: { from: 60, to: 90 } }, flip: 0.5, verticalFlip: 0.5, padTo: 16 } as const;

  it.each([true, "bitmap"] as const)("have one per box, around the same pixels, with masks: %s", async (masks) => {
    for (let i = 0; i < 4; i++) {
      const options = { batchSize: 2, seed: 4, transforms };
      const [batch, without] = [await batchAt(scenes, i, { ...options, masks }), await batchAt(scenes, i, options)];
      expect([...batch.images.dataSync()]).toEqual([...without.images.dataSync()]);
      batch.targets.forEach(({ masks: made, ...target }, b) => {
        expect(target).toEqual(without.targets[b]);
        expect(made).toHaveLength(target.labels.length);
        made!.forEach((mask, n) => {
          expect([mask.width, mask.height]).toEqual([target.width, target.height]);
          const [x, y, w, h] = boxOfRle(mask);
          [x, y, x + w, y + h].forEach((side, k) => expect(Math.abs(side - target.boxes[4 * n + k])).toBeLessThan(2));
        });
      });
      batch.dispose();
      without.dispose();
    }
  });

  it("hold the very pixels of unresized images", async () => {
    for await (const batch of evaluationBatches(scenes, { batchSize: 6, masks: true })) {
      batch.targets.forEach(({ masks }, index) => {
        expect(masks!.map(decodeRle)).toEqual(scenes.annotations(index).map(({ segmentation }) => decodeRle(rleFrom(segmentation!, { height: 48, width: 48 }))));
      });
      batch.dispose();
    }
  });

  it("leave crowds and boxes without area out, as boxes are", async () => {
    const pixels = { data: new Uint8Array(12 * 10 * 3), width: 12, height: 10 };
    const all = encodeRle(new Uint8Array(120).fill(1), { height: 10, width: 12 });
    const masked = (a: Annotation): Annotation => ({ ...a, segmentation: { counts: [...all.counts], size: [10, 12] } });
    const dataset = memoryDataset([pixels], [[masked(box(1, 0, [0, 0, 4, 4])), box(2, 0, [0, 0, 9, 9], 2, true), box(3, 0, [12, 2, 1, 1]), masked(box(4, 0, [1, 1, 3, 3]))]]);
    const batch = await batchAt(dataset, 0, { batchSize: 1, seed: 1, masks: true });
    expect(batch.targets[0].masks).toHaveLength(2);
    batch.dispose();
  });

  it("are refused without masks, and for an unknown convention", async () => {
    const dataset = memoryDataset([{ data: new Uint8Array(300), width: 10, height: 10 }], [[box(1, 0, [0, 0, 4, 4])]]);
    await expect(batchAt(dataset, 0, { batchSize: 1, seed: 1, masks: true })).rejects.toThrow(/image 1, annotation 1: it has no mask/);
    await expect(batchAt(dataset, 0, { batchSize: 1, seed: 1, masks: "soft" as never })).rejects.toThrow(/masks received "soft", allowed are true, false, "polygon" and "bitmap"/);
  });
});
