import { execFileSync } from "node:child_process";
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { openCoco } from "../../../lib/data/coco.ts";
import { sharedFolder } from "../../shared.ts";
import { testPython } from "../../python.ts";
import type { CocoObject } from "./fixtures.ts";
import { cocoObject, temporaryFolder, writeFolder } from "./fixtures.ts";

const root = temporaryFolder();
let made = 0;
const fresh = () => { const folder = join(root, String(made++)); mkdirSync(folder); return folder; };

async function opened(change: (coco: CocoObject) => void, options = {}) {
  const coco = cocoObject();
  change(coco);
  return openCoco(await writeFolder(fresh(), coco), options);
}

describe("openCoco", () => {
  it("sorts images, categories and annotations by id and keeps fields as read", async () => {
    const dataset = await opened(() => undefined);
    expect(dataset.images.map((image) => image.id)).toEqual([3, 7]);
    expect(dataset.categories).toEqual([{ id: 2, name: "cat" }, { id: 5, name: "cup" }]);
    expect(dataset.annotations(1).map((a) => a.id)).toEqual([10, 11]);
    expect(dataset.annotations(0)).toEqual([{ id: 12, imageId: 3, categoryId: 2, xywh: [0, 0, 20, 24], area: 400, crowd: true, segmentation: { counts: [80, 400], size: [24, 20] } }]);
    expect(dataset.annotations(1)[1].segmentation).toEqual([[1, 2, 11, 2, 11, 14.5]]);
    expect(dataset.report).toMatchObject({ annotations: 3, crowds: 1, overhanging: 0, degenerate: 0, dropped: {} });
    expect((await dataset.pixels(0)).data).toHaveLength(20 * 24 * 3);
  });

  it("hashes the images' sizes, so that other images make another dataset", async () => {
    const folder = await writeFolder(fresh(), cocoObject());
    const image = join(folder, "images", "a.png");
    const [before, blind] = [await openCoco(folder), await openCoco(folder, { checkFiles: false })];
    const bytes = readFileSync(image);
    writeFileSync(image, Buffer.concat([bytes, Buffer.alloc(1)]));
    expect((await openCoco(folder)).hash).not.toBe(before.hash);
    expect((await openCoco(folder, { checkFiles: false })).hash).toBe(blind.hash);
    writeFileSync(image, bytes); // a new time of writing is no new dataset
    expect((await openCoco(folder)).hash).toBe(before.hash);
  });

  it("hashes the file's bytes", async () => {
    const [a, b, c] = [await opened(() => undefined), await opened(() => undefined), await opened((coco) => { coco.annotations[0].area = 91; })];
    expect(a.hash).toBe(b.hash);
    expect(a.hash).not.toBe(c.hash);
  });

  it("fills in a missing area and crowd flag, and leaves masks out when asked", async () => {
    const dataset = await opened((coco) => { delete coco.annotations[0].area; delete coco.annotations[0].iscrowd; }, { masks: false });
    expect(dataset.annotations(1)[1]).toEqual({ id: 11, imageId: 7, categoryId: 5, xywh: [1, 2, 10, 12.5], area: 125, crowd: false });
  });

  it("accepts annotations before the images and categories they speak of", async () => {
    const { images, categories, annotations } = cocoObject();
    const dataset = await openCoco(await writeFolder(fresh(), JSON.stringify({ annotations, categories, images })));
    expect(dataset.report.annotations).toBe(3);
  });

  it("keeps boxes that overhang by rounding, counts them, and leaves boxes of no size out", async () => {
    const dataset = await opened((coco) => { coco.annotations[1].bbox = [20, 5, 21.5, 25]; coco.annotations[0].bbox = [1, 2, 10, 0]; });
    expect(dataset.annotations(1).map((a) => a.xywh)).toEqual([[20, 5, 21.5, 25]]);
    expect(dataset.report).toMatchObject({ overhanging: 1, degenerate: 1 });
  });

  const annotation = (field: string, value: unknown) => (coco: CocoObject) => { coco.annotations[0][field] = value; };
  it.each<[string, (coco: CocoObject) => void, RegExp]>([
    ["a box outside", annotation("bbox", [35, 2, 10, 5]), /annotation 11, field "bbox": received \[35,2,10,5\], allowed a box inside image 7, 40×30 pixels/],
    ["a box beside", annotation("bbox", [-1.5, 2, 1, 5]), /annotation 11, field "bbox"/],
    ["a negative size", annotation("bbox", [5, 5, -2, 5]), /annotation 11, field "bbox".*not corners/],
    ["three numbers", annotation("bbox", [5, 5, 2]), /annotation 11, field "bbox".*four finite numbers/],
    ["a text", annotation("bbox", [5, 5, 2, "x"]), /annotation 11, field "bbox"/],
    ["no box", annotation("bbox", undefined), /annotation 11, field "bbox": received undefined/],
    ["an unknown image", annotation("image_id", 8), /annotation 11, field "image_id": received 8/],
    ["an unknown category", annotation("category_id", 1), /annotation 11, field "category_id": received 1.*5, 2/],
    ["a negative area", annotation("area", -1), /annotation 11, field "area": received -1/],
    ["a strange crowd flag", annotation("iscrowd", 2), /annotation 11, field "iscrowd": received 2/],
    ["a polygon of two points", annotation("segmentation", [[1, 2, 3, 4]]), /annotation 11, field "segmentation".*polygon 0: 4 numbers received.*`masks: false`/],
    ["a polygon of text", annotation("segmentation", [["1", "2", "3", "4", "5", "6"]]), /polygon 0: number 0 is 1, allowed are finite/],
    ["broken compressed counts", annotation("segmentation", { counts: "zz", size: [30, 40] }), /annotation 11, field "segmentation".*character 0 of its counts is "z"/],
    ["compressed counts that do not fill the image", annotation("segmentation", { counts: "12", size: [30, 40] }), /add up to 3 pixels, but 30 × 40 has 1200/],
    ["a mask of numbers", annotation("segmentation", 7), /the mask has no counts or no size/],
    ["an odd polygon", annotation("segmentation", [[1, 2, 3]]), /annotation 11, field "segmentation"/],
    ["short run lengths", annotation("segmentation", { counts: [1, 2], size: [30, 40] }), /annotation 11, field "segmentation"/],
    ["run lengths of another size", annotation("segmentation", { counts: [1200], size: [40, 30] }), /annotation 11, field "segmentation".*size: \[30, 40\]/],
    ["a repeated annotation", annotation("id", 10), /annotation 10, field "id"/],
    ["an annotation without id", annotation("id", undefined), /annotation at position 0 of "annotations", field "id"/],
    ["a repeated image", (coco) => { coco.images[1].id = 7; }, /image 7, field "id"/],
    ["an image without size", (coco) => { delete coco.images[0].width; }, /image 7, field "width": received undefined/],
    ["a file outside the folder", (coco) => { coco.images[0].file_name = "../b.png"; }, /image 7, field "file_name"/],
    ["an absent file", (coco) => { coco.images[0].file_name = "c.png"; }, /image 7, field "file_name".*c\.png is missing/],
    ["a repeated category", (coco) => { coco.categories[1].id = 5; }, /category 5, field "id"/],
    ["a category without name", (coco) => { coco.categories[0].name = ""; }, /category 5, field "name"/],
    ["no image", (coco) => { coco.images = []; coco.annotations = []; }, /holds no usable image/],
  ])("refuses %s, naming file, record and field", async (_name, change, message) => {
    await expect(opened(change)).rejects.toThrow(message);
    await expect(opened(change)).rejects.toThrow("annotations.json: ");
  });

  it("refuses NaN written by Python", async () => {
    const text = JSON.stringify(cocoObject()).replace("[1,2,10,12.5]", "[1, NaN, 10, 12.5]");
    await expect(openCoco(await writeFolder(fresh(), text))).rejects.toThrow(/annotation 11, field "bbox": received \[1,NaN,10,12\.5\], allowed four finite numbers/);
  });

  it.each(["images", "categories", "annotations"] as const)("refuses a file without %s", async (key) => {
    const coco: Partial<CocoObject> = cocoObject();
    delete coco[key];
    if (key === "images") coco.annotations = [];
    await expect(openCoco(await writeFolder(fresh(), JSON.stringify(coco)))).rejects.toThrow(`key "${key}" is missing`);
  });

  it("leaves broken records out and counts them when asked", async () => {
    const dataset = await opened((coco) => { coco.annotations[0].bbox = [35, 2, 10, 5]; coco.annotations[1].category_id = 1; coco.images[1].file_name = "gone.png"; }, { onInvalid: "drop" });
    expect(dataset.report.dropped).toEqual({ bbox: 1, category_id: 1, file_name: 1 });
    expect(dataset.images.map((image) => image.id)).toEqual([7]);
    expect(dataset.annotations(0)).toEqual([]);
  });

  it("hashes what is left when records are left out", async () => {
    const broken = (coco: CocoObject) => { coco.annotations[0].bbox = [35, 2, 10, 5]; };
    const [a, b] = [await opened(broken, { onInvalid: "drop" }), await opened(broken, { onInvalid: "drop" })];
    expect(a.hash).toBe(b.hash);
    const folder = await writeFolder(fresh(), cocoObject());
    const whole = await openCoco(folder, { onInvalid: "drop" });
    rmSync(join(folder, "images", "a.png"));
    expect((await openCoco(folder, { onInvalid: "drop" })).hash).not.toBe(whole.hash);
  });

  it("refuses positions outside the dataset", async () => {
    const dataset = await opened(() => undefined);
    expect(() => dataset.annotations(2)).toThrow(RangeError);
    await expect(dataset.pixels(-1)).rejects.toThrow(RangeError);
  });

  it("names a dataset that is not there", async () => {
    await expect(openCoco(join(root, "absent"))).rejects.toThrow(/absent: no such dataset/);
    await expect(openCoco(fresh())).rejects.toThrow(/no COCO annotation file/);
  });
});

const coco = sharedFolder("data", "coco-mini");
const python = coco === undefined ? undefined : testPython(["pycocotools"]);
describe.skipIf(python === undefined)("openCoco beside pycocotools", () => {
  it("reads the same records from photographs' annotations", async () => {
    const file = join(coco!, "instances_val.json");
    const script = "import json,sys\nfrom pycocotools.coco import COCO\nimport contextlib\nwith contextlib.redirect_stdout(sys.stderr): c=COCO(sys.argv[1])\nprint(json.dumps([[a['id'],a['image_id'],a['category_id'],a['bbox'],a['area'],a['iscrowd']] for i in sorted(c.getImgIds()) for a in sorted(c.loadAnns(c.getAnnIds(imgIds=[i])),key=lambda a:a['id'])]))";
    const expected = JSON.parse(execFileSync(python!, ["-c", script, file], { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] })) as unknown;
    const dataset = await openCoco(file);
    const own = dataset.images.flatMap((_image, i) => dataset.annotations(i).map((a) => [a.id, a.imageId, a.categoryId, a.xywh, a.area, a.crowd ? 1 : 0]));
    expect(own).toEqual(expected);
    const raw = JSON.parse(readFileSync(file, "utf8")) as { annotations: { id: number; segmentation: unknown }[] };
    const masks = new Map(raw.annotations.map((a) => [a.id, a.segmentation]));
    for (let i = 0; i < dataset.images.length; i++) for (const a of dataset.annotations(i)) expect(a.segmentation).toEqual(masks.get(a.id));
  });
});

describe("openCoco on a chosen file", () => {
  it("takes annotations and images from where they are named", async () => {
    const folder = await writeFolder(fresh(), cocoObject(), "somewhere.json");
    const other = fresh();
    writeFileSync(join(other, "own.json"), JSON.stringify(cocoObject()));
    const dataset = await openCoco(other, { annotations: join(other, "own.json"), images: join(folder, "images") });
    expect((await dataset.pixels(1)).width).toBe(40);
  });
});
