import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as tf from "@tensorflow/tfjs-core";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { loadBackend } from "../../../lib/backend/load.ts";
import type { Transforms } from "../../../lib/data/transforms.ts";
import { saveWeights } from "../../../lib/detector/weights/save.ts";
import { buildModel, buildTraining, experimentSteps, runPlace } from "../../../lib/papers/build.ts";
import { buildDetector } from "../../../lib/papers/detectors.ts";
import type { Experiment } from "../../../lib/papers/experiment.ts";
import type { Step } from "../../../lib/train/step.ts";
import { tinyExperiment, tinyScenes } from "../train/tiny.ts";

const folder = mkdtempSync(join(tmpdir(), "potstill-teacher-"));
afterAll(() => { rmSync(folder, { recursive: true }); });

const dataset = tinyScenes(4);
const classes = dataset.categories.length;
const detector = { kind: "fcos", preset: "tiny", channels: 8, backbone: "tiny-4" } as const;
const wide = { ...detector, backbone: "tiny-8" } as const;
const file = join(folder, "teacher.safetensors");
const runs = join(folder, "runs");
const options = { dataset, seed: 1, runs };

/** A student of a teacher's file; its own backbone is meant to start at random. */
const taught = (changes: Partial<Experiment> = {}): Experiment => tinyExperiment(2, {
  detector, teacher: { detector: wide, weights: file }, method: { name: "semckd" }, allow: ["randomBackbone"], ...changes,
});

const teacherRun = tinyExperiment(2, { name: "test/teacher", detector, method: undefined });

async function all(steps: AsyncIterable<Step>): Promise<Step[]> {
  const list: Step[] = [];
  for await (const step of steps) list.push(step);
  return list;
}

beforeAll(async () => {
  await loadBackend();
  const teacher = buildDetector(wide, { classes, seed: 77 });
  saveWeights(teacher, file);
  teacher.dispose();
});

let before = 0;
beforeEach(() => { before = tf.memory().numTensors; });
afterEach(() => { expect(tf.memory().numTensors).toBe(before); });

describe("an experiment with a teacher", () => {
  it("trains by a method of the table with λ's schedule; the run tells the teacher's name and hash", async () => {
    const experiment = taught({ training: { iterations: 4, learningRate: { base: 0.001 } }, method: { name: "semckd", options: {}, lambda: [[0, 2]], ramp: 2, until: 3 } });
    const steps = await all(experimentSteps(experiment, options));
    const own = steps[2].lambda;
    expect(own).toBeGreaterThan(0);
    expect(steps.map(({ lambda }) => lambda / own)).toEqual([0, 0.5, 1, 0]);
    const { folder: place } = await runPlace(experiment, options);
    const text = readFileSync(join(place, "config.json"), "utf8");
    expect(JSON.parse(text)).toMatchObject({ config: { teacher: { detector: wide, weights: { part: "detector" } }, allow: ["randomBackbone"] }, started: { teacher: { name: "teacher.safetensors", part: "detector" } } });
    expect(text).not.toContain(folder);
  });

  it("is named after what the teacher is and has learnt, wherever that lies, and not after what is allowed", async () => {
    const elsewhere = join(folder, "copy.safetensors"), other = join(folder, "other.safetensors");
    cpSync(file, elsewhere);
    const teacher = buildDetector(wide, { classes, seed: 78 });
    saveWeights(teacher, other);
    teacher.dispose();
    const name = async (weights: string, changes: Partial<Experiment> = {}) => (await runPlace(taught({ teacher: { detector: wide, weights }, ...changes }), options)).identity;
    const first = await name(file);
    expect(await name(elsewhere)).toBe(first);
    expect(await name(file, { allow: [] })).toBe(first);
    expect(await name(other)).not.toBe(first);
    expect(await name(file, { inherit: true })).not.toBe(first);
  });

  it("takes another training's result: by its folder, or as the training itself", async () => {
    await expect(buildModel(taught({ teacher: { run: { experiment: teacherRun } } }), options)).rejects.toThrow(/teacher\.run \(test\/teacher\): there is no run .*Train the teacher first/);
    const trained = await all(experimentSteps(teacherRun, { ...options, seed: 0 }));
    expect(trained).toHaveLength(2);
    const { folder: place } = await runPlace(teacherRun, { ...options, seed: 0 });
    const built = await Promise.all([{ experiment: teacherRun }, place].map((run) => buildModel(taught({ teacher: { run }, inherit: true }), options)));
    const values = built.map(({ teacher }) => teacher!.parameters().map(({ variable }) => [...variable.dataSync()]));
    expect(values[0]).toEqual(values[1]);
    const heads = [built[0].detector, built[0].teacher!].map((one) => one.parameters().filter(({ group }) => group === "head").map(({ variable }) => [...variable.dataSync()]));
    expect(heads[0]).toEqual(heads[1]);
    expect(built[0].started).toMatchObject({ teacher: { name: "run" }, inherited: { kept: [] } });
    for (const model of built) model.dispose();
    const identities = await Promise.all([{ experiment: teacherRun }, place].map(async (run) => (await runPlace(taught({ teacher: { run } }), options)).identity));
    expect(identities[0]).toBe(identities[1]);
  });

  it.each<[string, Partial<Experiment>, RegExp]>([
    ["no weights for the teacher", { teacher: { detector: wide } }, /^randomTeacher: the teacher .* has \d+ weights at their random start \(.*"allow": \["randomTeacher"\] if you mean it/],
    ["weights that leave part of it random", { teacher: { detector: wide, weights: { from: file, part: "backbone" } } }, /^randomTeacher: the teacher .* has \d+ weights at their random start/],
    ["a student's random backbone", { allow: [] }, /^randomBackbone: the backbone of the student .* \d+ weights at their random start.*ImageNet.*"allow": \["randomBackbone"\]/],
    ["pyramids of other strides", { detector: { ...detector, neck: { first: 3, last: 5 } } }, /^otherStrides: the student .* has levels of strides .*, the teacher .* of .*"allow": \["otherStrides"\]/],
    ["a method whose adapters stay random", { training: { iterations: 2, learningRate: { base: 0.01 }, groupFactors: { distill: 0 } } }, /^untrainedMethod: semckd: training\.groupFactors\.distill is 0/],
    ["a method that is frozen to the end", { training: { iterations: 2, learningRate: { base: 0.01 }, frozenUntil: { distill: 2 } } }, /^untrainedMethod: semckd: training\.frozenUntil\.distill is 2/],
    ["no teacher", { teacher: undefined }, /the method semckd learns from a teacher: name one/],
    ["a teacher that nobody needs", { method: { name: "lgd" } }, /the method lgd makes its own teacher/],
    ["a teacher without a method", { method: undefined }, /there is no method to learn from it by/],
    ["nobody to inherit from", { teacher: undefined, inherit: true, method: undefined }, /no teacher to inherit from/],
    ["what nobody allows", { allow: ["anything" as never] }, /allow is \["anything"\]; it must list some of randomTeacher/],
    ["a teacher of other weights", { teacher: { detector, weights: file } }, /do not fit the detector/],
  ])("is refused for %s, before anything is trained", async (_what, changes, message) => {
    await expect(buildTraining(taught(changes), options)).rejects.toThrow(message);
  });

  it("is refused for a run that was trained on other pixels, as far as the run says it", async () => {
    await all(experimentSteps(teacherRun, { ...options, seed: 0 }));
    const { folder: place } = await runPlace(teacherRun, { ...options, seed: 0 });
    const under = (run: NonNullable<Experiment["teacher"]>["run"], normalise: Transforms["normalise"]) => buildModel(taught({ teacher: { run }, data: { batchSize: 2, transforms: normalise === undefined ? {} : { normalise } } }), options);
    await expect(under(place, "caffe")).rejects.toThrow('teacher.run: the teacher was trained on RGB pixels with deviations 63.75, 63.75, 63.75, the images are prepared as BGR with 1, 1, 1. Set data.transforms.normalise to "simple"');
    await expect(under({ experiment: teacherRun }, undefined)).rejects.toThrow(/^teacher\.run \(test\/teacher\): .* prepared as RGB with 58\.395, 57\.12, 57\.375\./);
    (await under(place, { order: "rgb", mean: [120, 120, 120], std: [60, 63.75, 68] })).dispose();
    const older = join(folder, "older");
    cpSync(place, older, { recursive: true });
    const { config: { data: { transforms: _, ...data }, ...config }, ...rest } = JSON.parse(readFileSync(join(place, "config.json"), "utf8")) as { config: { data: { transforms: unknown } } };
    writeFileSync(join(older, "config.json"), JSON.stringify({ ...rest, config: { ...config, data } }));
    (await under(older, "caffe")).dispose();
  });

  it("is refused for a teacher of other classes, in number or in name", async () => {
    const more = join(folder, "more.safetensors");
    const teacher = buildDetector(wide, { classes: classes + 2, seed: 3 });
    saveWeights(teacher, more);
    teacher.dispose();
    const experiment = taught({ teacher: { detector: wide, weights: more, classes: classes + 2 } });
    await expect(buildTraining(experiment, options)).rejects.toThrow(new RegExp(`^otherClasses: the teacher .* knows ${classes + 2} classes, the student .* ${classes}`));
    const allowed = await buildTraining({ ...experiment, allow: ["randomBackbone", "otherClasses"] }, options);
    allowed.dispose();
    const renamed = { ...dataset, categories: dataset.categories.map(({ id }, i) => ({ id, name: `thing ${i}` })) };
    const { folder: place } = await runPlace(teacherRun, { ...options, seed: 0 });
    await expect(buildTraining(taught({ teacher: { run: place } }), { ...options, dataset: renamed })).rejects.toThrow(/^otherClasses: class 0 is "thing 0" for the student and "/);
  });
});

describe("a student without a teacher", () => {
  it("is refused where frozen layers would stay random, and only there", async () => {
    const frozen = tinyExperiment(1, { method: undefined, detector: { kind: "retinanet", preset: "tiny", channels: 8, backbone: { name: "resnet-18", frozenStages: 1 } } });
    await expect(buildTraining(frozen, options)).rejects.toThrow(/^randomBackbone: .*in layers that are never trained/);
    (await buildTraining({ ...frozen, allow: ["randomBackbone"] }, options)).dispose();
    (await buildTraining(tinyExperiment(1), options)).dispose();
  });
});
