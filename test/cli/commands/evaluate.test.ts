import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Command } from "commander";
import { afterAll, afterEach, expect, it, vi } from "vitest";
import { register } from "../../../cli/commands/evaluate.ts";

const folder = mkdtempSync(join(tmpdir(), "potstill-cli-evaluate-"));
afterAll(() => rmSync(folder, { recursive: true }));
afterEach(() => vi.restoreAllMocks());

const annotations = join(folder, "gt.json");
const results = join(folder, "dt.json");
const box = { image_id: 5, category_id: 2, bbox: [10, 10, 20, 30] };
writeFileSync(annotations, JSON.stringify({ images: [{ id: 5 }], categories: [{ id: 2, name: "cell" }], annotations: [{ ...box, id: 1, area: 600, iscrowd: 0 }] }));
writeFileSync(results, JSON.stringify([{ ...box, score: 0.9 }, { ...box, category_id: 3, score: 0.8 }]));

const run = (...rest: string[]) => runWith({ results, annotations }, ...rest);

async function runWith(files: { results: string; annotations: string }, ...rest: string[]): Promise<{ out: string; err: string }> {
  const written = { out: "", err: "" };
  vi.spyOn(process.stdout, "write").mockImplementation((text) => ((written.out += String(text)), true));
  vi.spyOn(process.stderr, "write").mockImplementation((text) => ((written.err += String(text)), true));
  const program = new Command().exitOverride();
  register(program);
  program.commands.forEach((command) => command.exitOverride());
  await program.parseAsync(["evaluate", files.results, "--annotations", files.annotations, ...rest], { from: "user" });
  return written;
}

it("prints the table, and notes on stderr", async () => {
  const { out, err } = await run();
  expect(out.split("\n")).toHaveLength(13);
  expect(out).toMatch(/^ Average Precision {2}\(AP\) @\[ IoU=0\.50:0\.95 \| area= {3}all \| maxDets=100 \] = 1\.000\n/);
  expect(err).toMatch(/1 detections of .*dt\.json were left out/);
});

it("prints JSON alone with --json", async () => {
  const { out } = await run("--json");
  const record = JSON.parse(out) as { stats: number[]; perCategory: { name: string; AP: number }[] };
  expect(record.stats).toHaveLength(12);
  expect(record.stats[4]).toBe(-1);
  expect(record.perCategory[0]).toMatchObject({ id: 2, name: "cell" });
  expect(record.perCategory[0].AP).toBe(record.stats[0]);
});

it("says why AP is undefined with other limits, as in pycocotools", async () => {
  const { out, err } = await run("--max-dets", "1,10,50");
  expect(out).toMatch(/= -1\.000\n/);
  expect(err).toMatch(/read at 100 detections/);
});

it("compares masks with --type segm, by the areas asked for", async () => {
  const files = { results: join(folder, "masks.json"), annotations: join(folder, "truth.json") };
  const rle = { size: [40, 50], counts: [410, 20, 20, 20, 20, 20, 20, 20, 20, 20, 1410] };
  writeFileSync(files.annotations, JSON.stringify({ images: [{ id: 5, height: 40, width: 50 }], categories: [{ id: 2, name: "cell" }], annotations: [{ ...box, id: 1, area: 600, iscrowd: 0, segmentation: rle }] }));
  writeFileSync(files.results, JSON.stringify([{ ...box, score: 0.9, segmentation: rle }]));
  const { out, err } = await runWith(files, "--type", "segm");
  expect(out).toMatch(/area= {3}all \| maxDets=100 \] = 1\.000\n/);
  expect(err).toMatch(/the results have boxes, so these decide .* --area-of mask measures the masks/);
  const asked = await runWith(files, "--type", "segm", "--area-of", "mask", "--json");
  expect(JSON.parse(asked.out)).toMatchObject({ type: "segm", detections: 1 });
  expect(asked.err).toBe("");
  await expect(runWith({ results, annotations }, "--type", "segm")).rejects.toThrow(/annotations\[0\] \(id 1\) has no "segmentation"/);
});

it("refuses other types and limits", async () => {
  await expect(run("--type", "keypoints")).rejects.toThrow(/--type is keypoints; it must be bbox or segm/);
  await expect(run("--type", "segm", "--area-of", "hull")).rejects.toThrow(/--area-of is hull; it must be mask or box/);
  await expect(run("--area-of", "mask")).rejects.toThrow(/--area-of is for --type segm/);
  await expect(run("--max-dets", "10,1,100")).rejects.toThrow(/three ascending/);
});

it("says which argument names a file that does not exist or is a folder", async () => {
  const gone = join(folder, "gone.json");
  await expect(runWith({ results: gone, annotations })).rejects.toThrow(`<results>: the file ${gone} does not exist; name the JSON list`);
  await expect(runWith({ results, annotations: gone })).rejects.toThrow(`--annotations: the file ${gone} does not exist; name the ground truth`);
  await expect(runWith({ results, annotations: folder })).rejects.toThrow(`--annotations: ${folder} is a folder`);
});

it("says that boxes were taken as masks where results have none", async () => {
  const gt = join(folder, "gt-masks.json");
  writeFileSync(gt, JSON.stringify({ images: [{ id: 5, width: 64, height: 64 }], categories: [{ id: 2, name: "cell" }], annotations: [{ ...box, id: 1, area: 600, iscrowd: 0, segmentation: [[10, 10, 30, 10, 30, 40, 10, 40]] }] }));
  expect((await runWith({ results, annotations: gt }, "--type", "segm")).err).toMatch(/of the results have no segmentation: their boxes were taken as rectangular masks/);
  expect((await runWith({ results, annotations: gt })).err).not.toMatch(/rectangular/);
});
