import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import * as tf from "@tensorflow/tfjs-core";
import { afterAll, beforeAll, expect, it } from "vitest";
import { loadBackend } from "../../../../lib/backend/load.ts";
import { syntheticScenes } from "../../../../lib/data/synthetic.ts";
import { sharedKdLabel } from "../../../../lib/distill/shared-kd.ts";
import { experimentSteps, runPlace } from "../../../../lib/papers/build.ts";
import type { Experiment } from "../../../../lib/papers/experiment.ts";
import type { ItemRow } from "../../../../lib/papers/item.ts";
import type { RowResult } from "../../../../lib/papers/row-result.ts";
import { showDetections } from "../../../../lib/papers/show/detections.ts";
import { showLooks } from "../../../../lib/papers/show/looks.ts";
import { entropiesOf, showEntropies, showMask, showRegions } from "../../../../lib/papers/show/regions.ts";
import { displaySymbol, type Displayable } from "../../../../lib/report/html.ts";
import { result, runRecord, smallItem } from "../study-of.ts";

const runs = mkdtempSync(join(tmpdir(), "potstill-pictures-"));
afterAll(() => { rmSync(runs, { recursive: true }); });

const dataset = syntheticScenes({ images: 4, size: 64, seed: 3, empty: 0 });
const shared = { data: { transforms: { normalise: "simple" }, batchSize: 2 }, training: { iterations: 2, learningRate: { base: 0.01, warmup: 1 } } } as const;
const detector = (width: number): Experiment["detector"] => ({ preset: "tiny", channels: 16, backbone: { name: `tiny-${width}` } });
const teacher: Experiment = { name: "teacher", detector: detector(8), ...shared };
const student: Experiment = { name: "student", detector: detector(4), ...shared };
const taught: Experiment = { ...student, name: "taught", method: { name: "frs" }, teacher: { run: { experiment: teacher, seed: 5 } }, allow: ["randomBackbone"] };

const item = smallItem();
const experiments: Readonly<Record<string, Experiment>> = { student, taught };
const study = { validation: dataset, runs, experimentOf: (row: string | ItemRow) => experiments[typeof row === "string" ? row : row.id] };
let results: RowResult[] = [];

async function trained(experiment: Experiment, seed: number): Promise<string> {
  for await (const step of experimentSteps(experiment, { dataset, seed, runs })) void step;
  return relative(runs, (await runPlace(experiment, { dataset, seed, runs })).folder);
}

beforeAll(async () => {
  await loadBackend();
  const folder = await trained(teacher, 5);
  results = [
    result(item, "student", { run: runRecord(await trained(student, 0)) }),
    result(item, "taught", { run: runRecord(await trained(taught, 0), { teacher: folder }) }),
    result(item, "other", { problem: "the disk was full" }),
  ];
});

const text = async (shown: Displayable) => String((await shown[displaySymbol]())["text/plain"] ?? (await shown[displaySymbol]())["text/markdown"]);

/** What a picture shows as text; it may leave no tensor. */
async function pictured(make: () => Promise<Displayable>): Promise<string> {
  const before = tf.memory().numTensors;
  const shown = await text(await make());
  expect(tf.memory().numTensors).toBe(before);
  return shown;
}

it("sets rows' detections side by side, and names the rows that have none", async () => {
  const shown = await pictured(() => showDetections(study, results, { rows: ["student", "taught", "other"], images: [0, 99] }));
  expect(shown).toMatch(/ground truth[\s\S]*the student[\s\S]*the taught/);
  expect(shown).toContain("Not trained here: other.");
  expect(await pictured(() => showDetections(study, results, { rows: ["other"] }))).toMatch(/none of these rows has a trained detector/);
});

it("paints the teacher's score and its regions on every level", async () => {
  expect(await pictured(() => showMask(study, results))).toMatch(/P2: 16 × 16 cells, from 0[\s\S]*P4: 4 × 4/);
  expect(await pictured(() => showRegions(study, results, { row: "taught", threshold: 0.2 }))).toMatch(/P2: stride 4 px, cells: TP \d+, FP \d+, FN \d+, TN \d+/);
  expect(await pictured(() => showRegions(study, results, { row: "student" }))).toContain("the row student was trained under a teacher");
});

it("measures the regions' entropies by three measures at each threshold", async () => {
  const before = tf.memory().numTensors;
  const rows = await entropiesOf(study, results, { thresholds: [0.2, 0.005], images: 2 });
  expect(tf.memory().numTensors).toBe(before);
  expect(rows.map(({ threshold }) => threshold)).toEqual([0.2, 0.2, 0.2, 0.005, 0.005, 0.005]);
  const shown = await text(showEntropies(rows));
  expect(shown.match(/activations/g)).toHaveLength(2);
  expect(shown).toMatch(/grey levels of the image +0\.01|grey levels of the image +0\.00/);
  expect(await entropiesOf(study, [], {})).toEqual([]);
});

it("shows where methods look between a student and its teacher", async () => {
  const shown = await pictured(() => showLooks(study, results, { methods: ["fitNets", "fkd", "frs", "fgd", "sharedKd"] }));
  expect(shown).toMatch(/FitNets: every cell alike, P2: 16 × 16 cells, from 1 to 1/);
  for (const words of ["FKD: the teacher's attention", "FRS: the teacher's score, S / N", "FGD: foreground", sharedKdLabel]) expect(shown).toContain(`${words}`);
});
