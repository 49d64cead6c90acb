import { spawnSync } from "node:child_process";
import { existsSync, readFileSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { temporaryFolder } from "../../lib/data/fixtures.ts";

const root = join(import.meta.dirname, "..", "..", "..");
const folder = temporaryFolder();
const at = (name: string) => join(folder, name);

/** Runs the command; the note of a first start, that sources are compiled, is left out. */
function potstill(...args: string[]) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [join(root, "cli", "potstill.mjs"), "dataset", ...args], { encoding: "utf8" });
  return { status, stdout, stderr: stderr.replace("potstill: compiling TypeScript …\n", "") };
}

describe("potstill dataset", () => {
  beforeAll(() => {
    const made = potstill("synthetic", at("scenes"), "--images", "9", "--val", "3", "--size", "64x48", "--seed", "5");
    expect([made.status, made.stderr]).toEqual([0, ""]);
    expect(made.stdout).toBe(`${at("scenes")}: 9 training and 3 validation scenes of 64×48 pixels, seed 5\n`);
  });

  it("checks what it made", () => {
    const { status, stdout } = potstill("check", at("scenes"));
    expect(status).toBe(0);
    expect(stdout).toMatch(/^train: .*instances_train\.json\n {2}9 images \(\d+ without objects\)/);
    expect(stdout).toMatch(/\nval: .*instances_val\.json\n {2}3 images/);
    expect(stdout).toMatch(/6 categories: warm disk \d+, cool disk/);
  });

  it("makes the same folder twice", () => {
    potstill("synthetic", at("again"), "--images", "9", "--val", "3", "--size", "64x48", "--seed", "5");
    for (const file of ["instances_train.json", "instances_val.json", "train/000004.png", "val/000003.png"]) {
      expect(readFileSync(join(at("again"), file)).equals(readFileSync(join(at("scenes"), file))), file).toBe(true);
    }
  });

  it("does not write over a folder", () => {
    const { status, stderr } = potstill("synthetic", at("scenes"), "--images", "2");
    expect(status).toBe(1);
    expect(stderr).toMatch(/^potstill: .*scenes: is not empty; choose a folder that does not exist/);
  });

  it.each([["--images", "0"], ["--images", "many"], ["--size", "96x"], ["--size", "8"], ["--classes", "7"], ["--empty", "1.5"], ["--colour", "red"]])("calls %s %s wrong usage", (flag, value) => {
    const { status, stderr } = potstill("synthetic", at("never"), flag, value);
    expect([status, existsSync(at("never"))]).toEqual([2, false]);
    expect(stderr).toContain(flag.slice(2));
  });

  it("names a missing dataset, a truncated image and broken JSON, with exit code 1", () => {
    const missing = potstill("check", at("absent"));
    expect([missing.status, missing.stderr]).toEqual([1, `potstill: ${at("absent")}: no such dataset; give a folder in COCO format or an annotation file\n`]);
    truncateSync(join(at("again"), "train", "000002.png"), 2000);
    const image = potstill("check", at("again"));
    expect([image.status, image.stderr]).toEqual([1, expect.stringMatching(/000002\.png: cannot be decoded/)]);
    expect(potstill("check", at("again"), "--no-pixels").status).toBe(0);
    const text = readFileSync(join(at("again"), "instances_val.json"), "utf8");
    writeFileSync(join(at("again"), "instances_val.json"), text.slice(0, text.indexOf("segmentation")));
    const json = potstill("check", at("again"), "--no-pixels");
    expect([json.status, json.stderr]).toEqual([1, expect.stringMatching(/instances_val\.json: broken JSON at byte \d+: the file ends inside "annotations"/)]);
  });

  it("counts what it leaves out", () => {
    const path = join(at("scenes"), "instances_val.json");
    const text = readFileSync(path, "utf8");
    writeFileSync(path, text.replace(/"bbox":\[\d+,/, '"bbox":[900,'));
    const refused = potstill("check", at("scenes"));
    expect([refused.status, refused.stderr]).toEqual([1, expect.stringMatching(/instances_val\.json: annotation \d+, field "bbox": received \[900,.*allowed a box inside image \d+, 64×48 pixels/)]);
    const dropped = potstill("check", at("scenes"), "--drop");
    expect([dropped.status, dropped.stdout]).toEqual([0, expect.stringContaining("left out: 1 for their bbox")]);
    writeFileSync(path, text);
  });
});
