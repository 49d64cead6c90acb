import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as tf from "@tensorflow/tfjs-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { dryRun, type DryRunFlags, type DryRunReport } from "../../cli/reproduce/dry-run.ts";
import { InterruptedError } from "../../lib/backend/cancel.ts";
import { loadBackend } from "../../lib/backend/load.ts";
import { writeCoco } from "../../lib/data/write-coco.ts";
import { itemOf } from "../../lib/papers/items/index.ts";
import { measureStep, photographs } from "../../lib/papers/measure-step.ts";
import { calibrationExperiment, calibrationSetting } from "../../lib/papers/sssd.ts";
import { tinyData } from "../lib/papers/tiny-study.ts";
import { potstill } from "../potstill.ts";

const folder = mkdtempSync(join(tmpdir(), "potstill-dry-"));
const data = join(folder, "data");
beforeAll(async () => writeCoco(tinyData(), data));
afterAll(() => { rmSync(folder, { recursive: true }); });

/** The smallest networks of the paper profile. */
const item = itemOf("frs/teachers");
const paper = { profile: "paper", data: "synthetic", rows: ["under-800mf"], runs: join(folder, "runs"), json: true } as const;
/** One network is counted sooner. */
const alone = { ...paper, rows: ["student"] };
const report = async (flags: DryRunFlags) => JSON.parse((await dryRun([item], flags)).text) as DryRunReport;

describe("reproduce --dry-run", () => {
  let first: DryRunReport;
  beforeAll(async () => { first = await report(paper); }, 300_000);
  const named = ({ trainings }: Pick<DryRunReport, "trainings">, row: string, of = "frs/teachers") => trainings.find(({ rows }) => rows.includes(`${of}/${row}`))!;

  it("tells what each row of the paper profile trains from what, and how long that is estimated to take", () => {
    const student = named(first, "under-800mf");
    expect(student).toMatchObject({ seed: 0, steps: 87_950, done: false, after: [expect.stringMatching(/teacher/)], weights: ["torchvision/regnet_x_400mf"] });
    expect(student.experiment).toMatchObject({ detector: { kind: "retinanet", preset: "mmdet" }, data: { batchSize: 16 }, method: { name: "frs" } });
    const teacher = first.trainings.find(({ label }) => label === student.after[0])!;
    expect(first.trainings.indexOf(teacher)).toBeLessThan(first.trainings.indexOf(student));
    const plain = named(first, "student");
    expect(student.multiplyAdds).toBeCloseTo(plain.multiplyAdds! + teacher.multiplyAdds! / 3, -3); // three passes of the student, one of the teacher
    expect(student.hours! / plain.hours!).toBeCloseTo(student.multiplyAdds! / plain.multiplyAdds!, 10);
    expect(first.assumption).toMatch(/an estimate, .* from detectron2's published 0\.210 s on 8 V100 .* of which this library has measured nothing\. That step read and prepared its images and had heads on regions, .* a method's own layers and scoring come on top$/);
  });

  it("lists data and weights with their hashes, whether they are here, and what is missing by name", async () => {
    expect(first.weights).toContainEqual({ name: "torchvision/regnet_x_400mf", hash: "sha256 adf1edd5…", url: expect.stringContaining("regnet_x_400mf-adf1edd5.pth") as string, here: false });
    expect(first.data).toMatchObject({ wanted: { name: "COCO 2017", images: { train: 118_287 } }, problem: expect.stringMatching(/--data FOLDER/) as string });
    expect(first.missing).toEqual([expect.stringMatching(/^the data: the paper profile trains on COCO 2017; give its folder/)]);
    const gone = await report({ ...alone, data: join(folder, "nowhere") });
    expect(gone.missing).toEqual([expect.stringMatching(/^the data: .*nowhere/)]);
    expect(readdirSync(folder)).toEqual(["data"]);
  }, 120_000);

  it("estimates from a step that somebody measured, and says so", async () => {
    const own = await report({ ...alone, stepSeconds: { row: "frs/teachers/student", seconds: 2 } });
    expect(named(own, "student").hours).toBeCloseTo((2 * 87_950) / 3600, 6);
    expect(own.assumption).toMatch(/from the 2 s that were given for a step of frs\/teachers\/student\. What else that step did .* what only others do, and scoring, come on top$/);
    await expect(report({ ...alone, stepSeconds: { row: "frs/teachers/nobody", seconds: 2 } })).rejects.toThrow(/the step of frs\/teachers\/nobody was measured, which is not trained here; rows: frs\/teachers\//);
  }, 120_000);

  it("measures a step on this device, leaves nothing behind, and estimates from it", async () => {
    const before = tf.memory().numTensors;
    const own = await report({ ...alone, measureStep: 1 });
    expect(tf.memory().numTensors).toBe(before);
    const [, seconds] = /^CPU hours are an estimate, .* from the (\S+) s that a step of one image of the student of paper\/retinanet-regnet-x-400mf-87950x16\/plain took here \(.*\)/.exec(own.assumption!)!;
    expect(Number(seconds)).toBeGreaterThan(0);
    expect(named(own, "student").hours! / ((16 * Number(seconds) * 87_950) / 3600)).toBeCloseTo(1, 1); // the text has three digits
    expect(own.assumption).toMatch(/That step prepared its images, and had heads on regions if its detector has them, .* reading of images and scoring come on top$/);
    expect(own.device).toBe("CPU");
    expect(readdirSync(folder)).toEqual(["data"]);
    await expect(dryRun([itemOf("shared-kd/table-2")], { ...paper, rows: [], measureStep: true })).rejects.toThrow(/none of these trainings can be measured without photographs: they learn from masks/);
  }, 300_000);

  it("draws what it measures on once, however many photographs a step takes", async () => {
    const drawn = photographs(2);
    expect([drawn.images.length, drawn.categories.length]).toEqual([2, 80]);
    expect(await drawn.pixels(1)).toBe(await drawn.pixels(1));
  });

  it("advises fewer images where memory does not suffice for several, and passes on whatever else a step throws", async () => {
    const tensors = tf.memory().numTensors;
    const experiment = calibrationExperiment(calibrationSetting("smoke", 96), { method: "lgd", lambda: 1 });
    const environment = await loadBackend({});
    const failing = (images: number, error: Error) => measureStep(experiment, { images, environment, onStep: () => { throw error; } });
    const memory = new Error("Invalid TF_Status: 8\nMessage: OOM when allocating tensor with shape[2,64,240,320]"); // as TensorFlow says it
    await expect(failing(2, memory)).rejects.toThrow(/^a step of 2 images could not be taken: .*\n.*OOM when .*\. Measure one of fewer images$/);
    await expect(failing(1, memory)).rejects.toBe(memory);
    for (const other of [new InterruptedError(), new Error("the loss is NaN in the bathroom")]) await expect(failing(2, other)).rejects.toBe(other);
    expect(tf.memory().numTensors).toBe(tensors);
  }, 120_000);

  it("tells what the search for λ would train at most, which no plan knows", async () => {
    const { trainings, searches: [search], notRun, missing } = JSON.parse((await dryRun([itemOf("sssd/calibration")], { ...paper, profile: "smoke", rows: [], seeds: 2 })).text) as DryRunReport;
    expect([trainings, notRun, missing]).toEqual([[], [], []]);
    expect(search).toMatchObject({ item: "sssd/calibration", rows: ["sssd/calibration/lgd-1", "sssd/calibration/sssd-found"], weights: [], steps: 30 * (2 + 40 + 3) });
    expect(search.probes.map(({ experiment: { name, detector }, atMost }) => [name, detector.channels, atMost])).toEqual([
      ["sssd/calibration/lgd", 32, 2], ["sssd/calibration/sssd", 32, 2 * (15 + 5)], // 99 / 2^13 < 0.02, and both ends; six steps, the first of them at an end
      ...[8, 16, 64].map((channels) => ["sssd/calibration/lgd", channels, 1]),
    ]);
    expect(search.probes.map(({ experiment: { method } }) => method!.observe)).toEqual([true, undefined, true, true, true]); // as the notebook trains them
    expect([search.hours, search.text]).toEqual([undefined, expect.stringMatching(/^on drawn scenes of its own; .*\(15 at most\).*\(5 at most\).*at most 24 trainings for the first seed and 21 for each other$/)]);
  });

  it("lists the search at the paper's scale with its setting, its weights and the most that it takes", async () => {
    const { text, missing } = await dryRun([itemOf("sssd/calibration")], { ...paper, rows: [], json: false, iterations: 500, interval: [2, 20], tolerance: 0.01, stepSeconds: { row: "sssd/calibration/sssd-found", seconds: 3.6 } });
    expect(missing).toEqual([expect.stringMatching(/^the data: /)]);
    expect(text).toMatch(/^paper profile, 1 seed: a search of at most 20 trainings, 10,000 steps, about 10 GPU hours as an upper bound\n/); // 18 of half an hour, two smaller ones
    expect(text).toMatch(/\nSearched, not planned\n {8}sssd\/calibration → sssd\/calibration\/lgd, sssd\/calibration\/sssd\n/);
    expect(text).toMatch(/Faster R-CNN \{"preset":"detectron2-lgd","channels":256\}; 16 images a step, 640×480 as \d+×\d+\n +0\.02, the first 500 iterations .*; 500 iterations; .*\n +methods lgd and sssd .*\n +weights detectron2\/MSRA\/R-50\n/);
    expect(text).toMatch(/ a seed trains LGD at λ = 1 once, and SSSD at 2 and 20 and in the middle of what is left until its share is within 0\.01 of LGD's .*LGD at 64 and 128 channels, too\n/);
    expect(text).toMatch(/\nWeights\n {2}(here|to fetch) +detectron2\/MSRA\/R-50\b/);
  }, 120_000);

  it("tells of the search beside other items, with rows that are theirs, and by itself", async () => {
    const beside = await dryRun([itemOf("sssd/calibration"), item], { ...alone, profile: "smoke", json: false });
    expect(beside.text).toMatch(/^smoke profile, 1 seed: 1 training \(0 done\), \d+ steps; a search of at most 24 trainings, 720 steps\n/);
    expect([beside.missing, beside.text]).toEqual([[], expect.stringMatching(/on drawn scenes of its own/)]);
    const { code, stdout } = await potstill(["reproduce", "sssd/calibration", "--dry-run"], { cwd: folder });
    expect([code, stdout]).toEqual([0, expect.stringMatching(/^smoke profile, 1 seed: a search of at most 24 trainings, 720 steps\n\nData\n {2}trained on .*: 400 images[^]*Nothing is missing\.\n$/)]);
    expect(stdout).not.toMatch(/Weights|GPU/);
  }, 120_000);

  it("takes a teacher that is published as it is, for whatever seeds", async () => {
    const flags = { ...paper, rows: ["fpn"], seeds: 2 };
    const { text } = await dryRun([itemOf("frs/table-3")], { ...flags, json: false });
    const { trainings } = JSON.parse((await dryRun([itemOf("frs/table-3")], flags)).text) as DryRunReport;
    expect(trainings.filter(({ rows }) => rows.includes("frs/table-3/teacher"))).toEqual([expect.objectContaining({ steps: 0, seed: 0, hours: 0, weights: ["mmdetection/retinanet_r101_fpn_2x"] })]);
    const student = named({ trainings }, "fpn", "frs/table-3");
    expect(student.experiment.teacher).toMatchObject({ run: { experiment: { training: { iterations: 0 } } } });
    expect(student.after).toEqual(["frs/table-3/teacher"]);
    expect(text).toMatch(/^paper profile, 2 seeds: 4 trainings \(0 done\), 703,596 steps, about [\d,]+ GPU hours; 1 published detector \(0 scored\)\n/);
    expect(text).toMatch(/frs\/table-3\/teacher → paper\/published\/mmdetection\/retinanet_r101_fpn_2x\n.*\n +published weights: nothing is trained, they are scored and learnt from\n/);
    await expect(dryRun([itemOf("frs/table-3")], { ...flags, stepSeconds: { row: "frs/table-3/teacher", seconds: 2 } })).rejects.toThrow(/the step of frs\/table-3\/teacher was measured, which is not trained here/);
  }, 120_000);

  it("says in words what is there, and that the paper's data are missing where others are given", async () => {
    const { text, missing } = await dryRun([item], { ...alone, data, json: false });
    expect(missing).toEqual([expect.stringMatching(/^the data: NOT the paper's: 4 images to train on instead of COCO 2017's 118,287, and 4 to score on instead of 5,000/)]);
    expect(text).toMatch(/trained on {2}.*: 4 images, SHA-256 [0-9a-f]{16}…/);
    expect(text).toMatch(/MISSING {2}NOT the paper's: 4 images to train on/);
    expect(text).toMatch(/640×480 as 1067×800/);
    expect(text).toMatch(/0\.01, the first 500 iterations rising in a line from 0\.00001; times 0\.1 at iteration 58633 and 80620/);
    expect(text).toMatch(/\nMissing:\n {2}the data: NOT the paper's: .*: --data FOLDER\n$/);
    const drawn = await dryRun([item], { ...alone, profile: "smoke", json: false });
    expect([drawn.text, drawn.missing]).toEqual([expect.stringMatching(/Nothing is missing\.\n$/), []]);
  }, 120_000);

  it("plans a small profile with its seeds, without GPU hours", async () => {
    const { trainings, seeds, assumption, missing } = await report({ ...alone, profile: "smoke", seeds: 2 });
    expect([trainings.map(({ seed }) => seed), seeds, assumption, missing]).toEqual([[0, 1], 2, undefined, []]);
    expect(trainings[0].hours).toBe(undefined);
    const { text } = await dryRun([item], { ...alone, profile: "smoke", seeds: 3, json: false });
    expect(text.match(/frs\/teachers\/student.*/g)).toEqual([expect.stringMatching(/^frs\/teachers\/student, seeds 0, 1, 2 → smoke\//)]); // told once
  }, 120_000);

  it("takes several items, and plans what they share once", async () => {
    const both = await potstill(["reproduce", "frs/regions", "frs/table-3", "frs/regions", "--dry-run", "--json"], { cwd: folder });
    const { trainings } = JSON.parse(both.stdout) as DryRunReport;
    expect(both.code).toBe(0);
    expect(new Set(trainings.flatMap(({ rows }) => rows.map((row) => row.replace(/\/[^/]+$/, ""))))).toEqual(new Set(["frs/regions", "frs/table-3"]));
    expect(trainings.filter(({ rows }) => rows.includes("frs/regions/student"))).toEqual([expect.objectContaining({ rows: expect.arrayContaining(["frs/table-3/student"]) as string[] })]);
    expect(new Set(trainings.map(({ folder: place, seed }) => `${place}/${seed}`)).size).toBe(trainings.length);
  }, 120_000);

  it("as a command exits 1 while the paper's data are missing", async () => {
    const { code, stdout } = await potstill(["reproduce", "frs/teachers", "--rows", "student", "--profile", "paper", "--data", data, "--dry-run"], { cwd: folder });
    expect([code, stdout]).toEqual([1, expect.stringMatching(/Missing:\n {2}the data: NOT the paper's/)]);
  }, 120_000);

  it("is a command; options that go with it alone are refused elsewhere", async () => {
    const { code, stdout } = await potstill(["reproduce", "frs/teachers", "--rows", "student", "--dry-run"], { cwd: folder });
    expect([code, stdout]).toEqual([0, expect.stringMatching(/^smoke profile, 1 seed: 1 training \(0 done\), /)]);
    const wrong = await Promise.all([["--json"], ["--step-seconds", "1"], ["--rows", ","]].map((flags) => potstill(["reproduce", "frs/teachers", ...flags], { cwd: folder })));
    expect(wrong.map((one) => one.code)).toEqual([2, 2, 2]);
    const twice = await potstill(["reproduce", "frs/teachers", "--dry-run", "--profile", "paper", "--measure-step", "--step-seconds", "frs/teachers/student=1"], { cwd: folder });
    expect([twice.code, twice.stderr]).toEqual([2, expect.stringMatching(/--measure-step and --step-seconds say two things/)]);
    const small = await potstill(["reproduce", "frs/teachers", "--dry-run", "--measure-step", "2"], { cwd: folder });
    expect([small.code, small.stderr]).toEqual([2, expect.stringMatching(/--measure-step is for the paper profile's hours/)]);
    expect(wrong.map(({ stderr }) => stderr).join("\n")).toMatch(/--json goes with --dry-run[^]*must be a row and what one of its steps took[^]*names of rows/);
    const rows = await potstill(["reproduce", "frs", "--rows", "student", "--dry-run"], { cwd: folder });
    expect([rows.code, rows.stderr]).toEqual([2, expect.stringMatching(/--rows names rows of one item, and \d+ are asked for/)]);
  }, 300_000);
});
