import { expect, it } from "vitest";
import { examples } from "../../../lib/report/examples.ts";
import { sharedFolder } from "../../shared.ts";

it("draws scenes with objects in each", async () => {
  const { dataset, transforms, masks } = await examples("synthetic", { images: 12, side: 64, seed: 5, objects: [3, 4] });
  const counts = dataset.images.map((_, i) => dataset.annotations(i).length);
  expect(Math.min(...counts)).toBeGreaterThanOrEqual(1);
  expect(Math.max(...counts)).toBeLessThanOrEqual(4);
  expect(transforms.resize).toBeUndefined();
  expect(masks).toBe(true);
});

it("says so when a folder is none", async () => {
  await expect(examples("no/such/folder", { images: 1, side: 64, seed: 0 })).rejects.toThrow(/no\/such\/folder/);
});

it.skipIf(sharedFolder("data", "coco-mini") === undefined)("takes photographs with as many objects as asked for", async () => {
  const folder = sharedFolder("data", "coco-mini")!;
  const { dataset, masks } = await examples(folder, { images: 4, side: 96, seed: 0, objects: [3, 5] });
  expect(masks).toBe(true);
  for (const i of dataset.images.keys()) {
    const count = dataset.annotations(i).filter(({ crowd }) => !crowd).length;
    expect(count).toBeGreaterThanOrEqual(3);
    expect(count).toBeLessThanOrEqual(5);
  }
  await expect(examples(folder, { images: 4, side: 96, seed: 0, objects: [900, 901] })).rejects.toThrow(/has 0 images with 900 to 901 objects/);
});

it.skipIf(sharedFolder("data", "bccd") === undefined)("tells that objects have no masks", async () => {
  expect((await examples(sharedFolder("data", "bccd")!, { images: 2, side: 96, seed: 0, objects: [1, 40] })).masks).toBe(false);
});
