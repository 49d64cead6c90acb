import { mkdirSync, renameSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { openCocoFolder } from "../../../lib/data/coco-folder.ts";
import { openCoco } from "../../../lib/data/coco.ts";
import { syntheticScenes } from "../../../lib/data/synthetic.ts";
import { writeCoco } from "../../../lib/data/write-coco.ts";
import { sharedFolder } from "../../shared.ts";
import { cocoObject, temporaryFolder, writeFolder } from "./fixtures.ts";

const root = temporaryFolder();
let made = 0;
const fresh = () => { const folder = join(root, String(made++)); mkdirSync(folder); return folder; };

describe("openCocoFolder", () => {
  it.each([
    ["instances_train.json", "instances_val.json"],
    ["annotations/instances_train2017.json", "annotations/instances_val2017.json"],
    ["train/_annotations.coco.json", "valid/_annotations.coco.json"],
    ["annotations/train.json", "annotations/val.json"],
  ])("finds %s and %s", async (train, val) => {
    const folder = fresh();
    for (const place of ["annotations", "train", "valid"]) mkdirSync(join(folder, place));
    await writeFolder(folder, cocoObject(), train);
    const half = cocoObject();
    half.images = half.images.slice(0, 1);
    half.annotations = half.annotations.slice(0, 2);
    await writeFolder(folder, half, val);
    await writeFolder(folder, "[]", "annotations/captions_train2017.json");
    const opened = await openCocoFolder(folder);
    expect([opened.train.images.length, opened.val.images.length, opened.test]).toEqual([2, 1, undefined]);
  });

  it("finds images beside COCO's own names", async () => {
    const folder = await writeFolder(fresh(), cocoObject(), "annotations_dummy.json");
    renameSync(join(folder, "images"), join(folder, "train2017"));
    mkdirSync(join(folder, "annotations"));
    renameSync(join(folder, "annotations_dummy.json"), join(folder, "annotations", "instances_train2017.json"));
    expect((await openCoco(folder)).report.imageFolder).toBe(join(folder, "train2017"));
  });

  it("takes a file named like a result when there is no other (as some label tools export)", async () => {
    expect((await openCoco(await writeFolder(fresh(), cocoObject(), "result.json"))).report.annotations).toBe(3);
  });

  it("asks which of several splits", async () => {
    const folder = await writeFolder(fresh(), cocoObject(), "instances_train.json");
    await writeFolder(folder, cocoObject(), "instances_val.json");
    await expect(openCoco(folder)).rejects.toThrow(/holds train, val; say which split/);
    expect((await openCoco(folder, { split: "val" })).name).toMatch(/instances_val/);
    await expect(openCoco(folder, { split: "test" })).rejects.toThrow(/no annotation file for split "test"; found train, val/);
    await writeFolder(folder, cocoObject(), "instances_train2014.json");
    await expect(openCocoFolder(folder)).rejects.toThrow(/several train annotation files/);
  });

  it("refuses splits whose categories differ, naming both", async () => {
    const folder = await writeFolder(fresh(), cocoObject(), "instances_train.json");
    const other = cocoObject();
    other.categories[0].name = "mug";
    await writeFolder(folder, other, "instances_val.json");
    await expect(openCocoFolder(folder)).rejects.toThrow(/categories differ: .*instances_train.json has 2 \(only there: 5 cup\), .*instances_val.json has 2 \(only there: 5 mug\)/);
  });

  it("holds out a fixed fifth of a single file, by name alone", async () => {
    const folder = join(fresh(), "single");
    await writeCoco(syntheticScenes({ images: 20, size: 32, seed: 1 }), folder);
    const [a, b] = [await openCocoFolder(folder), await openCocoFolder(folder)];
    expect([a.train.images.length, a.val.images.length]).toEqual([16, 4]);
    expect(a.val.images).toEqual(b.val.images);
    expect(new Set([...a.train.images, ...a.val.images].map((image) => image.id)).size).toBe(20);
    expect(a.train.hash).not.toBe(a.val.hash);
    expect(a.train.hash).toBe(b.train.hash);
  });

  it("refuses what is no dataset", async () => {
    await expect(openCocoFolder(join(root, "absent"))).rejects.toThrow(/absent: no such dataset; give a folder/);
    await expect(openCocoFolder("absent/folder")).rejects.toThrow(`"absent/folder" was looked for from ${process.cwd()}`);
    await expect(openCocoFolder(fresh())).rejects.toThrow(/no COCO annotation file; expected instances_train\.json/);
    const folder = await writeFolder(fresh(), cocoObject(), "instances_train.json");
    renameSync(join(folder, "images"), join(folder, "elsewhere"));
    await expect(openCocoFolder(folder)).rejects.toThrow(/image 7, field "file_name": found b\.png in none of/);
  });
});

const data = sharedFolder("data");
describe.skipIf(data === undefined)("real photographs", () => {
  it.each([["bccd", [205, 87, 72], 3], ["coco-mini", [120, 66, undefined], 80]] as const)("opens %s", async (name, counts, categories) => {
    const { train, val, test } = await openCocoFolder(join(data!, name));
    expect([train.images.length, val.images.length, test?.images.length]).toEqual(counts);
    expect(train.categories).toHaveLength(categories);
    const pixels = await val.pixels(0);
    expect([pixels.width, pixels.height]).toEqual([val.images[0].width, val.images[0].height]);
  });
});
