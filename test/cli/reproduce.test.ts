import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { syntheticScenes } from "../../lib/data/synthetic.ts";
import { writeCoco } from "../../lib/data/write-coco.ts";
import type { RecordedItem } from "../../lib/papers/recorded.ts";
import { findLeaks, thisMachine } from "../../lib/provenance/leaks.ts";
import { potstill, root } from "../potstill.ts";

const folder = mkdtempSync(join(tmpdir(), "potstill-cli-"));
const good = join(folder, "good");
beforeAll(async () => {
  const scenes = (split: string) => syntheticScenes({ images: 4, size: 64, seed: 1, split });
  await writeCoco({ train: scenes("train"), val: scenes("val") }, good);
});
afterAll(() => { rmSync(folder, { recursive: true }); });

/** A copy of the good folder with one thing broken. */
function broken(name: string, spoil: (path: string) => void): string {
  const path = join(folder, name);
  cpSync(good, path, { recursive: true });
  spoil(path);
  return path;
}

interface Annotations { images: { file_name: string; width: number }[]; annotations: { id: number; bbox: number[] }[]; categories: { name: string }[] }
const edit = (path: string, file: string, change: (json: Annotations) => void) => {
  const json = JSON.parse(readFileSync(join(path, file), "utf8")) as Annotations;
  change(json);
  writeFileSync(join(path, file), JSON.stringify(json));
};

describe("potstill reproduce", () => {
  const output = join(folder, "out");
  const start = (args: readonly string[]) => potstill(["reproduce", "sssd/calibration", "--output", output, ...args]);

  it.each([
    [["--profile", "huge"], /smoke, mini, paper/],
    [["--interval", "5,1"], /0 < low < high/],
    [["--tolerance", "2"], /share between 0 and 1/],
    [["--seeds", "0"], /whole number of at least 1/],
    [["--no-such-option"], /unknown option/],
  ])("refuses %j as wrong usage (exit 2)", async (args, message) => {
    const { code, stderr } = await start(args);
    expect(stderr).toMatch(message);
    expect(code).toBe(2);
  });

  it("lists the items when one is unknown", async () => {
    const { code, stderr } = await potstill(["reproduce", "frs/table-9"]);
    expect(stderr).toMatch(/no item "frs\/table-9"; allowed: .*sssd\/calibration/);
    expect(code).toBe(2);
  });

  it.each([
    ["a missing dataset", () => join(folder, "nowhere"), /nowhere/],
    ["broken JSON", () => broken("json", (path) => truncateSync(join(path, "instances_train.json"), 500)), /instances_train\.json/],
    ["a box outside the image", () => broken("box", (path) => edit(path, "instances_train.json", ({ annotations }) => { annotations[1].bbox = [60, 0, 40, 10]; })), /annotation.*bbox/s],
    ["categories that differ", () => broken("names", (path) => edit(path, "instances_val.json", ({ categories }) => { categories[0].name = "cat"; })), /categories differ.*cat/s],
  ])("refuses %s before anything is trained (exit 1), leaving no output", async (_, make, message) => {
    const { code, stderr } = await start(["--data", make()]);
    expect(stderr).toMatch(message);
    expect(code).toBe(1);
    expect(existsSync(output)).toBe(false);
  });

  it("refuses the paper profile on drawn scenes (exit 2), and without its weights when they cannot be had", async () => {
    const drawn = await start(["--profile", "paper"]);
    expect([drawn.code, drawn.stderr]).toEqual([2, expect.stringMatching(/--profile paper needs --data/)]);
    const alone = await potstill(["reproduce", "sssd/calibration", "--output", output, "--profile", "paper", "--data", good], { env: { POTSTILL_CACHE: join(folder, "cache"), POTSTILL_BACKEND: "wasm", POTSTILL_WEIGHTS_MIRROR: `file://${join(folder, "nowhere")}` } });
    expect([alone.code, alone.stderr]).toEqual([1, expect.stringMatching(/the weights "detectron2\/MSRA\/R-50" are not in .*cannot be fetched.*potstill weights fetch detectron2\/MSRA\/R-50/s)]);
    expect(existsSync(output)).toBe(false);
  });

  it("fails instead of computing on the CPU when a GPU is required", async () => {
    const { code, stderr } = await start(["--require-gpu"]);
    expect(stderr).toMatch(/a GPU is required/);
    expect(code).toBe(1);
    expect(existsSync(output)).toBe(false);
  });

  it("names a truncated image, records the failure in the notebook and exits 1", async () => {
    const path = broken("image", (data) => {
      for (const name of readdirSync(data, { recursive: true, encoding: "utf8" })) if (name.endsWith(".png") && name.includes("train")) truncateSync(join(data, name), 300);
    });
    mkdirSync(output, { recursive: true });
    const { code, stderr } = await potstill(["reproduce", "sssd/calibration", "--data", path, "--output", output], { cwd: folder });
    expect(code).toBe(1);
    expect(stderr).toMatch(/00000\d\.png/);
    const raw = readFileSync(join(output, "sssd-calibration.ipynb"), "utf8");
    expect((JSON.parse(raw) as { metadata: { papermill: { exception: boolean; input_path: string } } }).metadata.papermill).toMatchObject({ exception: true, input_path: "notebooks/sssd-calibration.ipynb" });
    expect(raw).not.toContain(join(root, "notebooks")); // no path of this machine
    expect(raw).toContain('\\"image\\"'); // the data's folder by its name, in the cell that sets it
    expect(readFileSync(join(output, "items", "sssd--calibration.html"), "utf8")).toMatch(/its notebook failed: .*00000\d\.png/);
    for (const text of [raw, readFileSync(join(output, "sssd-calibration.html"), "utf8")]) {
      expect(findLeaks(text, thisMachine())).toEqual([]);
      for (const place of [folder, root]) expect(text).not.toContain(place);
    }
  });

  it("writes a site of the calibration alone, with the numbers of its notebook", async () => {
    const place = mkdtempSync(join(tmpdir(), "potstill-alone-"));
    try {
      const { code, stdout } = await potstill(["reproduce", "sssd/calibration", "--data", good, "--output", "site", "--iterations", "2", "--tolerance", "0.05"], { cwd: place });
      expect([code, stdout]).toEqual([0, expect.stringMatching(/site {6}site\/index\.html/)]);
      const { items, judgedBy } = JSON.parse(readFileSync(join(place, "site", "results.json"), "utf8")) as { items: RecordedItem[]; judgedBy: object };
      const [{ id, rows: [, found], data }] = items;
      const lambda = found.here.lambda![0]!;
      expect([items.length, id, Object.keys(judgedBy)[0]]).toEqual([1, "sssd/calibration", "commit"]);
      expect(data).toBe("instances_train.json");
      expect(stdout).toMatch(new RegExp(`λ\\* of SSSD by binary search +50 +${Number(lambda.toPrecision(3))}`));
      expect(readFileSync(join(place, "site", "index.html"), "utf8")).toMatch(/SSSD has LGD(&#39;|')s share at λ = 50/);
    } finally {
      rmSync(place, { recursive: true });
    }
  }, 120_000);
});
