import { execFileSync, spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { openCocoFolder } from "../../../lib/data/coco-folder.ts";
import { openCoco } from "../../../lib/data/coco.ts";
import { toCocoGroundTruth } from "../../../lib/data/ground-truth.ts";
import { subset } from "../../../lib/data/subset.ts";
import { checkPixels, survey } from "../../../lib/data/survey.ts";
import { syntheticScenes } from "../../../lib/data/synthetic.ts";
import { writeCoco } from "../../../lib/data/write-coco.ts";
import { testPython } from "../../python.ts";
import { temporaryFolder } from "./fixtures.ts";

const root = temporaryFolder();
const scenes = syntheticScenes({ images: 12, size: { width: 64, height: 48 }, seed: 4, empty: 0.3 });

describe("writeCoco", () => {
  it("is read back with the same annotations and the same pixels", async () => {
    const folder = join(root, "single");
    const steps: number[] = [];
    await writeCoco(scenes, folder, { onProgress: (done, total) => { expect(total).toBe(12); steps.push(done); } });
    expect(steps).toEqual(Array.from({ length: 12 }, (_, i) => i + 1));
    const read = await openCoco(folder);
    expect(toCocoGroundTruth(read)).toEqual(toCocoGroundTruth(scenes));
    for (let i = 0; i < 12; i++) expect(await read.pixels(i)).toEqual(await scenes.pixels(i));
  });

  it("writes splits that openCocoFolder finds", async () => {
    const folder = join(root, "deep", "splits");
    const val = syntheticScenes({ images: 3, size: 48, seed: 4, split: "val" });
    await writeCoco({ train: scenes, val }, folder);
    const opened = await openCocoFolder(folder);
    expect([opened.train.images.length, opened.val.images.length]).toEqual([12, 3]);
    expect(await opened.val.pixels(2)).toEqual(await val.pixels(2));
    expect(readdirSync(join(root, "deep"))).toEqual(["splits"]);
  });

  it("writes the same bytes twice", async () => {
    await writeCoco(scenes, join(root, "again"));
    await writeCoco(scenes, join(root, "twice"));
    expect((await openCoco(join(root, "again"))).hash).toBe((await openCoco(join(root, "twice"))).hash);
  });

  it("refuses a folder in use, and leaves nothing when an image fails", async () => {
    mkdirSync(join(root, "full"));
    writeFileSync(join(root, "full", "x"), "");
    await expect(writeCoco(scenes, join(root, "full"))).rejects.toThrow(/full: is not empty/);
    await expect(writeCoco(scenes, join(root, "full", "x"))).rejects.toThrow(/x: is a file/);
    await expect(writeCoco(scenes, join(root, "full", "x", "y"))).rejects.toThrow(/y: cannot be written/);
    await expect(writeCoco(scenes, "/proc/potstill-data")).rejects.toThrow(/cannot be written/);
    const broken = { ...scenes, pixels: async (index: number) => { if (index === 7) throw new Error("7 is broken"); return scenes.pixels(index); } };
    await expect(writeCoco(broken, join(root, "broken"))).rejects.toThrow("7 is broken");
    expect(readdirSync(root).filter((name) => name.includes("broken"))).toEqual([]);
  });
});

/** `dist/` is built by `npm test` before the tests. */
const built = join(import.meta.dirname, "..", "..", "..", "dist", "lib", "data", "write-coco.js");
describe.skipIf(!existsSync(built))("writeCoco without space", () => {
  it("says so and leaves nothing behind", () => {
    const folder = join(root, "limited");
    mkdirSync(folder);
    const script = `
      import { writeCoco } from ${JSON.stringify(built)};
      import { syntheticScenes } from ${JSON.stringify(join(built, "..", "synthetic.js"))};
      try { await writeCoco(syntheticScenes({ images: 4, size: 200, seed: 0 }), ${JSON.stringify(join(folder, "out"))}); console.log("written"); }
      catch (error) { console.log(error.name + ": " + error.message); }`;
    writeFileSync(join(folder, "run.mjs"), script);
    // A limit on file size stands for a full disk, which a test cannot make: writing fails half way all the same.
    const { stdout } = spawnSync("bash", ["-c", `trap '' XFSZ; ulimit -f 16; exec ${process.execPath} ${join(folder, "run.mjs")}`], { encoding: "utf8" });
    expect(stdout).toMatch(/^DatasetError: .*out: cannot be written: .*choose another folder/);
    expect(readdirSync(folder)).toEqual(["run.mjs"]);
  });
});

describe("subset and survey", () => {
  it("take positions or a count, with a hash of their own", async () => {
    const part = subset(scenes, [7, 2, 2]);
    expect(part.images.map((image) => image.id)).toEqual([3, 8]);
    expect(part.annotations(1)).toEqual(scenes.annotations(7));
    expect(await part.pixels(0)).toEqual(await scenes.pixels(2));
    expect(new Set([part.hash, subset(scenes, 2).hash, scenes.hash]).size).toBe(3);
    expect(subset(scenes, 2).hash).toBe(subset(scenes, [0, 1]).hash);
    expect(() => subset(scenes, 13)).toThrow(/13 images was asked for, allowed are 1 to 12/);
    expect(() => subset(scenes, [12])).toThrow(RangeError);
    expect(() => part.annotations(2)).toThrow(RangeError);
  });

  it("count and decode", async () => {
    const counted = survey(scenes);
    const total = scenes.images.reduce((sum, _image, i) => sum + scenes.annotations(i).length, 0);
    expect(counted).toMatchObject({ images: 12, annotations: total, crowds: 0, masks: total });
    expect(counted.small + counted.medium + counted.large).toBe(total);
    expect(counted.perCategory.reduce((sum, { objects }) => sum + objects, 0)).toBe(total);
    const steps: number[] = [];
    await checkPixels(scenes, (done) => steps.push(done));
    expect(steps).toEqual([8, 12]);
  });
});

const python = testPython(["pycocotools", "PIL", "numpy"]);
describe.skipIf(python === undefined)("a written folder in pycocotools", () => {
  it("loads, and its masks have the stated areas and boxes", async () => {
    const folder = join(root, "pycoco");
    await writeCoco(scenes, folder);
    const script = `
import sys, json, contextlib
from pycocotools.coco import COCO
from pycocotools import mask as M
from PIL import Image
with contextlib.redirect_stdout(sys.stderr):
    c = COCO(sys.argv[1] + "/annotations.json")
out = []
for a in c.loadAnns(c.getAnnIds()):
    r = c.annToRLE(a)
    out.append([a["id"], float(M.area(r)) == a["area"], M.toBbox(r).tolist() == [float(v) for v in a["bbox"]], int(c.annToMask(a).sum()) == a["area"]])
sizes = [Image.open(sys.argv[1] + "/images/" + i["file_name"]).size == (i["width"], i["height"]) for i in c.loadImgs(c.getImgIds())]
print(json.dumps([out, sizes]))`;
    const [rows, sizes] = JSON.parse(execFileSync(python!, ["-c", script, folder], { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] })) as [[number, boolean, boolean, boolean][], boolean[]];
    expect(rows).toEqual(toCocoGroundTruth(scenes).annotations.map(({ id }) => [id, true, true, true]));
    expect(sizes).toEqual(scenes.images.map(() => true));
  });
});
