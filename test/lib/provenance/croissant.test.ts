import { createHash } from "node:crypto";
import { cpSync, existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join, relative } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { openCocoFolder } from "../../../lib/data/coco-folder.ts";
import { syntheticScenes } from "../../../lib/data/synthetic.ts";
import { writeCoco } from "../../../lib/data/write-coco.ts";
import { croissantOfScenes, writeCroissant } from "../../../lib/provenance/croissant-folder.ts";
import { findLeaks } from "../../../lib/provenance/leaks.ts";
import { temporary } from "./folders.ts";

const folder = temporary();
const scenes = (split: string, images: number) => syntheticScenes({ images, size: 64, seed: 2, split, classes: 3, empty: 0 });
const made = join(folder, "made");
beforeAll(() => writeCoco({ train: scenes("train", 4), val: scenes("val", 2) }, made));

interface Field { readonly "@id": string; readonly source?: { readonly extract: { readonly jsonPath?: string; readonly column?: string }; readonly fileObject: { readonly "@id": string } }; readonly references?: { readonly field: { readonly "@id": string } } }
interface Croissant {
  readonly conformsTo: string;
  readonly distribution: readonly { readonly "@id": string; readonly "@type": string; readonly contentUrl?: string; readonly sha256?: string; readonly includes?: string; readonly encodingFormat: string }[];
  readonly recordSet: readonly { readonly "@id": string; readonly field: readonly Field[]; readonly data?: readonly Record<string, unknown>[]; readonly key?: { readonly "@id": string } }[];
}
const read = (path: string) => JSON.parse(readFileSync(path, "utf8")) as Croissant;
const sha256 = (bytes: Uint8Array) => createHash("sha256").update(bytes).digest("hex");
const recordsOf = ({ recordSet }: Croissant, id: string) => recordSet.find((one) => one["@id"] === id)!;

/** Every reference leads somewhere, every inline record has exactly its fields. */
function requireWhole({ recordSet, distribution }: Croissant): void {
  const fields = new Set(recordSet.flatMap(({ field }) => field.map((one) => one["@id"])));
  const files = new Set(distribution.map((one) => one["@id"]));
  expect(new Set([...fields, ...files, ...recordSet.map((one) => one["@id"])]).size).toBe(fields.size + files.size + recordSet.length);
  for (const { field, data, key } of recordSet) {
    expect(fields).toContain(key!["@id"]);
    for (const { source, references } of field) {
      if (references) expect(fields).toContain(references.field["@id"]);
      if (source) expect(files).toContain(source.fileObject["@id"]);
    }
    for (const record of data ?? []) expect(Object.keys(record)).toEqual(field.map((one) => one["@id"]));
  }
}

describe("the Croissant of a COCO folder", () => {
  it("names every file with its hash, relative to itself, and the records in them", async () => {
    const [target, list] = await writeCroissant(made);
    expect([target, list].map((path) => relative(made, path))).toEqual(["croissant.json", "croissant-images.csv"]);
    const content = read(target);
    expect(content.conformsTo).toBe("http://mlcommons.org/croissant/1.0");
    requireWhole(content);
    for (const { contentUrl, sha256: hash } of content.distribution.filter((one) => one["@type"] === "cr:FileObject")) expect(sha256(readFileSync(join(made, contentUrl!)))).toBe(hash);
    expect(content.distribution.filter((one) => one["@type"] === "cr:FileSet").map(({ includes, encodingFormat }) => [includes, encodingFormat])).toEqual([["train/*.png", "image/png"], ["val/*.png", "image/png"]]);
    const lines = readFileSync(list, "utf8").trimEnd().split("\n").slice(1).map((line) => line.split(","));
    expect(lines).toHaveLength(6);
    for (const [path, bytes, hash] of lines) expect([sha256(readFileSync(join(made, path))), readFileSync(join(made, path)).length]).toEqual([hash, Number(bytes)]);
    const boxes = recordsOf(content, "train-boxes").field.find((one) => one["@id"] === "train-boxes/bbox")!;
    expect(boxes.source?.extract).toEqual({ jsonPath: "$.annotations[*].bbox" });
    expect(recordsOf(content, "categories").data).toEqual([{ "categories/id": 1, "categories/name": "warm disk" }, { "categories/id": 2, "categories/name": "cool disk" }, { "categories/id": 3, "categories/name": "square" }]);
    expect(findLeaks(readFileSync(target, "utf8"))).toEqual([]);
  });

  it("is the same file again, and does not get into the way of the dataset", async () => {
    const before = readFileSync(join(made, "croissant.json"), "utf8");
    await writeCroissant(made);
    expect(readFileSync(join(made, "croissant.json"), "utf8")).toBe(before);
    expect((await openCocoFolder(made)).train.images).toHaveLength(4);
  });

  it("goes elsewhere on demand, and says what only its owner knows", async () => {
    const out = join(folder, "elsewhere", "shapes.json");
    await writeCroissant(made, { out, about: { name: "Shapes", license: "CC0-1.0", url: "https://example.org", cite: "Shapes" } });
    const content = read(out);
    expect(content).toMatchObject({ name: "Shapes", license: "CC0-1.0", url: "https://example.org", citeAs: "Shapes" });
    expect(content.distribution.map(({ contentUrl, includes }) => contentUrl ?? includes)).toContain("../made/instances_train.json");
    expect(existsSync(join(folder, "elsewhere", "shapes-images.csv"))).toBe(true);
    expect(read(join(made, "croissant.json"))).not.toHaveProperty("license");
  });

  it("has no masks where annotations have none, and one part for one file", async () => {
    const single = join(folder, "single");
    await writeCoco(scenes("train", 2), single);
    const path = join(single, "annotations.json");
    const json = JSON.parse(readFileSync(path, "utf8")) as { annotations: { segmentation?: unknown }[] };
    delete json.annotations[0].segmentation;
    writeFileSync(path, JSON.stringify(json));
    const content = read((await writeCroissant(single))[0]);
    expect(content.recordSet.map((one) => one["@id"])).toEqual(["categories", "images", "boxes", "files"]);
    requireWhole(content);
  });

  it("refuses what is no dataset", async () => {
    await expect(writeCroissant(join(folder, "nowhere"))).rejects.toThrow(/no such dataset/);
    const broken = join(folder, "broken");
    cpSync(made, broken, { recursive: true });
    rmSync(join(broken, "val", "000001.png"));
    await expect(writeCroissant(broken)).rejects.toThrow(/000001\.png is missing/);
  });
});

describe("the Croissant of scenes that no file holds", () => {
  it("holds their records itself", () => {
    const dataset = scenes("train", 3);
    const content = JSON.parse(croissantOfScenes({ train: dataset })) as Croissant;
    requireWhole(content);
    expect(recordsOf(content, "train-images").data).toHaveLength(3);
    const boxes = recordsOf(content, "train-boxes").data!;
    expect(boxes).toHaveLength([0, 1, 2].flatMap((index) => dataset.annotations(index)).length);
    expect(boxes[0]["train-boxes/bbox"]).toEqual([...dataset.annotations(0)[0].xywh]);
    expect(JSON.stringify(content)).toContain(dataset.hash);
  });
});
