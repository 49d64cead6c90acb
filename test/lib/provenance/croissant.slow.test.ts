import { spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { syntheticScenes } from "../../../lib/data/synthetic.ts";
import { writeCoco } from "../../../lib/data/write-coco.ts";
import { croissantOfScenes, writeCroissant } from "../../../lib/provenance/croissant-folder.ts";
import { validatorPython } from "../../python.ts";
import { temporary } from "./folders.ts";

const folder = temporary();
const python = validatorPython(["mlcroissant"]);
const about = { license: "https://creativecommons.org/publicdomain/zero/1.0/", cite: "Drawn scenes", date: "2026-01-02" };
const scenes = (split: string) => syntheticScenes({ images: 3, size: 64, seed: 2, split, classes: 3, empty: 0 });

/** Without a network: what it would fetch must not be needed. */
function mlcroissant(script: string, ...args: string[]): { readonly status: number | null; readonly output: string } {
  const nowhere = "http://127.0.0.1:9";
  const { status, stdout, stderr } = spawnSync(python!, ["-c", script, ...args], { encoding: "utf8", timeout: 120_000, env: { ...process.env, HTTP_PROXY: nowhere, HTTPS_PROXY: nowhere } });
  return { status, output: `${stdout}${stderr}` };
}
const validate = "import sys, mlcroissant as mlc\nissues = mlc.Dataset(sys.argv[1]).metadata.ctx.issues\nprint(sorted(issues.errors), sorted(issues.warnings))";
const boxes = "import sys, mlcroissant as mlc\nfor r in mlc.Dataset(sys.argv[1]).records(sys.argv[2]): print(*[round(v) for v in r[sys.argv[2] + '/bbox']])";

describe.skipIf(python === undefined)("mlcroissant", () => {
  it("finds nothing wrong and nothing missing, and reads the same boxes", async () => {
    const made = join(folder, "made"), drawn = join(folder, "drawn.json");
    const train = scenes("train");
    await writeCoco({ train, val: scenes("val") }, made);
    const [target] = await writeCroissant(made, { about });
    writeFileSync(drawn, croissantOfScenes({ train, val: scenes("val") }, about));
    for (const path of [target, drawn]) {
      const { status, output } = mlcroissant(validate, path);
      expect([status, output.trim().split("\n").at(-1)]).toEqual([0, "[] []"]);
    }
    const { status, output } = mlcroissant(boxes, target, "val-boxes");
    const own = scenes("val").images.flatMap((_image, index) => scenes("val").annotations(index).map(({ xywh }) => xywh.map(Math.round).join(" ")));
    expect([status, output.split("\n").filter((line) => /^[\d ]+$/.test(line)).sort()]).toEqual([0, own.sort()]);
  }, 300_000);
});
