import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as tf from "@tensorflow/tfjs-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { loadBackend } from "../../../lib/backend/load.ts";
import { syntheticScenes } from "../../../lib/data/synthetic.ts";
import { writeCoco } from "../../../lib/data/write-coco.ts";
import { checkpoints } from "../../../lib/detector/weights/catalogue.ts";
import type { Experiment } from "../../../lib/papers/experiment.ts";
import { itemsOf } from "../../../lib/papers/items/index.ts";
import type { ItemRow, Setting } from "../../../lib/papers/item.ts";
import { checkpointOf, differences, experimentFor, missing, openProfileData, publishedRecipe, testTransforms } from "../../../lib/papers/scale/index.ts";
import { requirePixels, specOf } from "../../../lib/papers/weights.ts";
import { optimiserOf } from "../../../lib/train/recipe.ts";
import { short, train as trainAll } from "./short.ts";
import { encoded, guided, masked, representatives, student } from "./settings.ts";

const train = syntheticScenes({ images: 8, size: 64, seed: 5 });
const photographs = { ...train, images: train.images.map((image) => ({ ...image, width: 320, height: 240 })) };
const of = (setting: Setting, profile: "smoke" | "mini" | "paper" = "smoke") => experimentFor(setting, { profile, train: profile === "mini" ? photographs : train });
const all = Object.entries(representatives);

describe("the papers' recipes", () => {
  it("are mmdetection's in iterations of COCO's images with objects", () => {
    const once = publishedRecipe(student("retinanet", { name: "frs" }, { schedule: "1x" })).training;
    expect(once).toMatchObject({ iterations: 87_950, momentum: 0.9, weightDecay: 1e-4, learningRate: { base: 0.01, warmup: 500, warmupKind: "linear", warmupFactor: 0.001, drops: [58_633, 80_620] } });
    expect(once.clipNorm ?? once.clipValue).toBeUndefined();
    const twice = publishedRecipe(student("fasterRcnn", { name: "frs" })).training;
    expect(twice).toMatchObject({ iterations: 175_899, learningRate: { base: 0.02, drops: [117_266, 161_241] } });
  });

  it("give mmdetection's FCOS its constant warm-up, its biases and two sizes, and GFL a range of sizes", () => {
    const { training, input, preset } = publishedRecipe(student("fcos", { name: "frs" }));
    expect(training).toMatchObject({ learningRate: { base: 0.01, warmup: 500, warmupKind: "constant", warmupFactor: 1 / 3 }, biases: { learningRate: 2, weightDecay: 0 }, clipNorm: 35 });
    expect(input.train).toMatchObject({ resize: { short: [640, 800], long: 1333 }, normalise: { order: "bgr", mean: [102.9801, 115.9465, 122.7717], std: [1, 1, 1] } });
    expect(preset).toBe("mmdet-2x");
    expect(publishedRecipe(student("gfl", { name: "frs" })).input.train).toMatchObject({ resize: { short: { from: 480, to: 800 } } });
    expect(publishedRecipe(student("gfl", { name: "frs" }, { schedule: "2x" })).training.iterations).toBe(175_899);
  });

  it.each([["retinanet", 0.01], ["fcos", 0.01], ["fasterRcnn", 0.02]] as const)("are LGD's for %s", (detector, base) => {
    const { training, input, batchSize } = publishedRecipe(guided(detector, { name: "sssd" }));
    expect(training).toMatchObject({ iterations: 180_000, clipValue: 1, frozenUntil: { backbone: 20_000 }, learningRate: { base, warmup: 1000, warmupFactor: 0.001, drops: [120_000, 160_000] } });
    expect(batchSize).toBe(16);
    expect(input.train).toMatchObject({ flip: 0.5, normalise: "caffe", resize: { short: [640, 672, 704, 736, 768, 800], long: 1333 } });
    expect(publishedRecipe(guided(detector)).training.frozenUntil).toBeUndefined();
  });

  it("say each phase of a method and each switch of LGD's configurations", () => {
    const options = (setting: Setting) => publishedRecipe(setting).method!.options;
    expect(options(guided("fasterRcnn", { name: "lgd" }))).toEqual({ addContextBox: false, detachAppearanceEmbed: true, distillFrom: 30_000 });
    expect(options(guided("retinanet", { name: "sssd" }))).toEqual({ addContextBox: true, detachAppearanceEmbed: false, distillFrom: 20_000 });
    expect(options(guided("fcos", { name: "lgd" }))).toMatchObject({ addContextBox: false });
    expect(options(guided("fcos", { name: "lgd" }, { backbone: "resnet-101" }))).toMatchObject({ addContextBox: true });
    expect(options(student("fcos", { name: "frs", options: { head: 0 } }))).toEqual({ warmup: 500, feature: 0.01, head: 0 });
    expect(publishedRecipe(guided("fasterRcnn", { name: "sssd" })).method!.lambda).toEqual([[0, 75]]);
  });

  it("lengthen LabelEnc's first step by the iterations before its distance counts", () => {
    const { encoder, ...second } = encoded("fcos");
    expect(publishedRecipe(encoder!)).toMatchObject({ training: { iterations: 120_000, learningRate: { drops: [90_000, 110_000], warmupKind: "constant" } }, method: { options: { step: 1, distanceFrom: 30_000 } } });
    expect(publishedRecipe(second)).toMatchObject({ training: { iterations: 90_000, learningRate: { drops: [60_000, 80_000] }, biases: { learningRate: 2, weightDecay: 0 } }, method: { options: { step: 2, distanceUntil: 80_000 } } });
  });

  it("refuse what an origin does not have", () => {
    expect(() => of(guided("gfl"))).toThrow("detectron2-lgd has no gfl; it has retinanet, fcos, fasterRcnn");
    expect(() => of({ ...guided("fcos"), schedule: "2x" })).toThrow("detectron2-lgd has no schedule 2x for fcos; it has 180k");
  });
});

describe("a small profile", () => {
  it("keeps every phase's part of the training", () => {
    const { training, method } = of(guided("fasterRcnn", { name: "sssd", lambda: [[0, 75], [120_000, 80]] }));
    const part = (iteration: number) => Math.round((iteration / 180_000) * training.iterations);
    expect(training).toMatchObject({ frozenUntil: { backbone: part(20_000) }, learningRate: { drops: [part(120_000), part(160_000)] } });
    expect(method).toMatchObject({ options: { distillFrom: part(20_000) }, lambda: [[0, 27], [part(120_000), 28.8]] });
    expect(training.iterations).toBeGreaterThanOrEqual(100);
    const { training: other, method: lgd } = of(guided("fasterRcnn", { name: "lgd" }));
    expect(lgd).toMatchObject({ options: { distillFrom: Math.round(other.iterations / 6) }, lambda: [[0, 1]] });
  });

  it("keeps LabelEnc's phases in both steps", () => {
    const { training, method, encoder } = of(encoded("retinanet"));
    const { run } = encoder!;
    const first = (run as { experiment: Experiment }).experiment;
    expect(first.training.iterations).toBe(Math.round((training.iterations * 4) / 3));
    expect(first.method!.options).toMatchObject({ step: 1, distanceFrom: Math.round(first.training.iterations / 4) });
    expect(method!.options).toMatchObject({ step: 2, distanceUntil: Math.round((training.iterations * 8) / 9) });
  });

  it("carries λ by √C, and keeps what is switched off so", () => {
    const lambda = (value: number) => of(guided("retinanet", { name: "sssd", lambda: [[0, value]] })).method!.lambda![0][1];
    expect([50, 75, 100].map(lambda)).toEqual([18, 27, 36]);
    expect(lambda(50)).toBeCloseTo(50 * Math.sqrt(32 / 256), 0);
    expect(of(student("retinanet", { name: "frs", options: { head: 0 } })).method!.options).toMatchObject({ head: 0, feature: 0.03 });
  });

  it.each(["smoke", "mini"] as const)("has teachers that are larger and trained for longer than their students in %s", (profile) => {
    const run = (setting: Setting) => of(setting, profile).teacher!.run as { experiment: Experiment };
    const width = ({ detector: { backbone } }: Experiment) => Number((backbone as { name: string }).name.replace("tiny-", ""));
    const teachers = (["resnet-101", "resnext-101-64x4d"] as const).map((backbone) => run(student("retinanet", { name: "fkd" }, { teacher: { detector: "retinanet", backbone, code: "mmdet", schedule: "2x" } })).experiment);
    const own = of(student("retinanet", { name: "fkd" }), profile);
    expect([own, ...teachers].map(width)).toEqual([...new Set([own, ...teachers].map(width))].sort((a, b) => a - b));
    expect(teachers[0].training.iterations).toBeGreaterThan(own.training.iterations);
    const regNets = (["regnet-x-400mf", "regnet-x-800mf", "regnet-x-1.6gf", "regnet-x-3.2gf"] as const).map((backbone) => width(of({ detector: "retinanet", backbone, code: "mmdet", schedule: "1x" }, profile)));
    expect(new Set(regNets).size).toBe(4);
    expect([...regNets].sort((a, b) => a - b)).toEqual(regNets);
  });

  it("is as short as it is asked to be, in proportion, and another training", () => {
    const brief = (setting: Setting, profile: "smoke" | "mini" | "paper" = "smoke") => experimentFor(setting, { profile, train, iterations: 10 });
    const [own, less] = [of(student("retinanet", { name: "frs" })), brief(student("retinanet", { name: "frs" }))];
    expect(less.training.iterations).toBe(10);
    expect(less.name).not.toBe(own.name);
    const ratio = (one: Experiment) => (one.teacher!.run as { readonly experiment: Experiment }).experiment.training.iterations / one.training.iterations;
    expect(ratio(less)).toBeCloseTo(ratio(own), 1); // 27 of 10 iterations for 400 of 150
    expect(brief(student("retinanet", { name: "frs" }, { schedule: "1x" })).training.iterations).toBe(7); // of 100 where a 2x has 150
    expect(() => experimentFor(student("retinanet", { name: "frs" }), { profile: "smoke", train, iterations: 1.5 })).toThrow("iterations is 1.5; it must be a whole number from 1");
    expect(() => brief(student("retinanet", { name: "frs" }), "paper")).toThrow("the paper profile has the paper's schedule");
  });

  it("is a pure function of the setting, and names a training by what it trains", () => {
    for (const [, setting] of all) expect(of(structuredClone(setting))).toEqual(of(setting));
    const baseline = (code: "mmdet") => of({ detector: "retinanet", backbone: "resnet-50", code, schedule: "2x" });
    expect(baseline("mmdet").name).toBe("smoke/retinanet-tiny-8-150x8/plain");
    expect(experimentFor(guided("fcos"), { profile: "smoke", train, name: "mine/one" }).name).toBe("mine/one");
    const named = new Map<string, string[]>();
    for (const [, setting] of all) {
      const { name, ...content } = of(setting);
      named.set(JSON.stringify(content), [...(named.get(JSON.stringify(content)) ?? []), name]);
    }
    for (const names of named.values()) expect(new Set(names).size).toBe(1);
    for (const [, setting] of all) expect(of(setting).name).toMatch(/^smoke(?:\/[\w-][\w.-]*)+$/);
  });

  it("takes coarser levels for photographs, and asks for masks where they are learnt from", () => {
    expect(of(student("retinanet", { name: "frs" }), "mini").detector).toMatchObject({ neck: { first: 3, last: 5 }, anchors: { sizes: [[20, 30], [40, 60], [80, 120]] } });
    const boxes = { ...train, annotations: (index: number) => train.annotations(index).map(({ segmentation: _, ...rest }) => rest) };
    expect(() => experimentFor(masked({ name: "fgd" }), { profile: "smoke", train: boxes })).toThrow(/Mask R-CNN learns from masks, and synthetic .* has none/);
    expect(() => of({ detector: "retinanet", backbone: "regnet-x-99gf", code: "mmdet", schedule: "1x" })).toThrow(/the smoke profile has no network for regnet-x-99gf; it has resnet-50, .*regnet-x-3.2gf/);
  });

  it("scores images without what augments them", () => {
    expect(testTransforms(guided("fcos"), "mini")).toEqual({ padTo: 32, normalise: "simple" });
    expect(testTransforms(student("fcos", { name: "frs" }), "paper")).toMatchObject({ resize: { kind: "edge", short: 800, long: 1333 } });
  });
});

describe("the paper profile", () => {
  it("starts from the catalogue's weights and learns from the zoo's teachers", () => {
    const names = new Set(checkpoints.map(({ name }) => name));
    for (const [, setting] of all) {
      expect(missing(setting)).toEqual([]);
      const { weights, teacher } = of(setting, "paper");
      expect(names).toContain(weights);
      if (typeof teacher?.run === "object") expect(names).toContain(specOf(teacher.run.experiment.weights!).from);
    }
    const { detector, teacher, weights } = of(student("fcos", { name: "frs" }), "paper");
    expect({ detector, weights }).toEqual({ detector: { kind: "fcos", preset: "mmdet-2x", backbone: "resnet-50" }, weights: "open-mmlab/detectron/resnet50_caffe" });
    const published = "mmdetection/fcos_r101_caffe_fpn_mstrain_2x";
    expect(teacher).toMatchObject({ run: { experiment: { name: `paper/published/${published}`, detector: { kind: "fcos", preset: "mmdet-2x", backbone: "resnet-101" }, weights: { from: published, part: "detector" } }, seed: 0 } });
    expect(of(guided("retinanet"), "paper")).toMatchObject({ weights: "detectron2/MSRA/R-50", detector: { preset: "detectron2-lgd" }, data: { batchSize: 16, dropEmpty: true } });
    expect(of(masked({ name: "fgd" }), "paper").teacher).toMatchObject({ run: { experiment: { detector: { kind: "cascadeRcnn", preset: "mmdet-x101-32x4d-dconv" }, weights: { from: "mmdetection/cascade_mask_rcnn_x101_32x4d_fpn_dconv_c3-c5_1x" } } } });
  });

  it("names a published teacher by nothing that its training would change, and prepares its images as for a test", () => {
    const { data, training } = experimentFor(student("fcos", { name: "frs" }).teacher!, { profile: "paper", train, role: "teacher" });
    expect(training).toEqual({ iterations: 0, learningRate: { base: 0 } });
    expect(data).toEqual({ transforms: testTransforms(student("fcos", { name: "frs" }).teacher!, "paper"), batchSize: 1 });
    expect(optimiserOf(training).learningRate(0)).toBe(0);
  });

  it.each(["smoke", "paper"] as const)("has no teacher of other pixels than its student's (%s)", (profile) => {
    const taught = itemsOf().flatMap(({ rows }) => rows.flatMap(({ setting }) => (setting?.teacher ? [of(setting, profile)] : [])));
    expect(taught.length).toBeGreaterThan(20);
    for (const { name, teacher, data: { transforms } } of taught) {
      const { experiment } = teacher!.run as { readonly experiment: Experiment };
      expect(() => { requirePixels("the teacher was", experiment.data.transforms.normalise ?? "torchvision", transforms); }, name).not.toThrow();
    }
  });

  it("takes the row of a teacher for what teaches, and trains the same network as a student", () => {
    const setting = student("retinanet", { name: "frs" }).teacher!;
    const as = (role: ItemRow["role"], profile: "smoke" | "paper" = "paper") => experimentFor(setting, { profile, train, role });
    expect({ run: { experiment: as("teacher"), seed: 0 } }).toEqual(of(student("retinanet", { name: "frs" }), "paper").teacher);
    expect(as("student")).toEqual(of(setting, "paper"));
    expect(as("student").training.iterations).toBeGreaterThan(0);
    expect(as("teacher", "smoke")).toEqual(of(setting)); // of the small networks nobody has published any
  });

  it("trains the teachers that nobody has published, and inherits", () => {
    const { teacher } = of(representatives["frs regnet"], "paper");
    expect(teacher).toMatchObject({ run: { experiment: { detector: { backbone: "regnet-x-3.2gf" }, weights: "torchvision/regnet_x_3_2gf" }, seed: 0 } });
    expect(checkpointOf(representatives["frs regnet"].teacher!)).toBeUndefined();
    expect(of(representatives["fgd retinanet"], "paper").inherit).toBe(true);
    expect(of(encoded("fcos", { backbone: "resnet-101" }), "paper")).toMatchObject({ weights: "detectron2/MSRA/R-101", encoder: { run: { experiment: { weights: "detectron2/MSRA/R-50" } } } });
  });

  it("refuses by name what the catalogue lacks", () => {
    const setting: Setting = { detector: "retinanet", backbone: "regnet-x-12gf", code: "mmdet", schedule: "1x" };
    expect(missing(setting)).toEqual(["ImageNet weights of regnet-x-12gf for retinanet (mmdet)"]);
    expect(missing(student("retinanet", { name: "frs" }, { teacher: setting }))).toEqual(["of the teacher: ImageNet weights of regnet-x-12gf for retinanet (mmdet)"]);
    expect(() => of(setting, "paper")).toThrow(/the paper profile lacks ImageNet weights of regnet-x-12gf for retinanet \(mmdet\)/);
  });
});

describe("the items", () => {
  const settings = itemsOf().flatMap(({ rows }) => rows.flatMap(({ setting }) => (setting ? [setting] : [])));

  it.each(["smoke", "mini", "paper"] as const)("have an experiment for each row in %s, whose differences can be told", (profile) => {
    expect(settings.length).toBeGreaterThan(100);
    for (const setting of settings) {
      expect(missing(setting)).toEqual([]);
      expect(of(setting, profile).training.iterations).toBeGreaterThan(0);
      expect(differences(setting, profile).length).toBeGreaterThan(0);
    }
  });

  it("share trainings", () => {
    const unique = new Set(settings.map((setting) => JSON.stringify(of(setting))));
    expect(unique.size).toBeLessThan(settings.length);
  });
});

describe("differences", () => {
  /** Values of plain data, those of lists one by one. */
  const values = (value: unknown): unknown[] => (typeof value === "object" && value !== null ? Object.values(value).flatMap(values) : value === undefined ? [] : [value]);
  const text = (value: unknown) => (typeof value === "boolean" ? (value ? "yes" : "no") : typeof value === "number" ? (Number.isInteger(value) && value >= 10_000 ? value.toLocaleString("en-US") : String(Number(value.toPrecision(4)))) : String(value));

  it.each(all)("name every value of training and method that is another, for %s", (_name, setting) => {
    const rows = differences(setting, "smoke");
    const [there, here] = [publishedRecipe(setting), of(setting)];
    const told = rows.map((row) => `${row.paper} ${row.here}`).join(" ");
    for (const [paper, own] of [[there.training, here.training], [there.method, here.method]] as const) {
      if (paper === undefined || own === undefined) continue;
      for (const [key, value] of Object.entries(paper)) {
        const ours = (own as unknown as Record<string, unknown>)[key];
        if (JSON.stringify(value) === JSON.stringify(ours)) continue;
        const changed = values(value).filter((one) => !values(ours).includes(one));
        for (const one of changed) expect(told, key).toContain(text(one));
      }
    }
    expect(rows.every(({ what, paper, here: ours }) => what !== "" && paper !== ours)).toBe(true);
    for (const what of ["data", "images", "batch", "backbone", "iterations", "learning rate"]) expect(rows.map((row) => row.what)).toContain(what);
    if (setting.teacher) expect(rows.find(({ what }) => what === "teacher")).toMatchObject({ here: expect.stringContaining("from random weights") as unknown });
  });

  it("give the reason of every weight that is carried", () => {
    const row = differences(guided("fcos", { name: "sssd" }), "smoke").find(({ what }) => what === "sssd: lambda")!;
    expect(row).toMatchObject({ paper: "[[0, 75]]", here: expect.stringContaining("[[0, 27]] (") as unknown });
    expect(row.here).toContain("√");
  });

  it("say where the paper profile departs from its paper", () => {
    expect(differences(encoded("retinanet"), "paper").map(({ what }) => what)).toEqual(["images of an epoch", "data", "detector and start of the backbone"]);
    expect(differences(student("retinanet", { name: "sharedKd" }), "paper").map(({ what }) => what)).toContain("method");
  });
});

describe("data of a profile", () => {
  it("are scenes that no split shares", async () => {
    const { train: scenes, validation, tuning, rest, name } = await openProfileData("smoke", "synthetic");
    expect(new Set([scenes, validation, tuning].map(({ hash }) => hash)).size).toBe(3);
    expect(rest.hash).toBe(scenes.hash);
    expect(name).toMatch(/^synthetic scenes/);
  });

  it.each([true, false])("are a folder's splits under names without a path, and a fifth to choose hyper-parameters on (validation given: %s)", async (given) => {
    const place = mkdtempSync(join(tmpdir(), "scale-data-"));
    try {
      const folder = join(place, "photos");
      const scenes = (images: number, split: string) => syntheticScenes({ images, size: 32, seed: 1, split });
      await writeCoco({ train: scenes(20, "train"), ...(given && { val: scenes(5, "val") }) }, folder);
      const { train: whole, validation, tuning, rest, name } = await openProfileData("mini", `${folder}/`);
      const files = ({ images }: typeof whole) => images.map(({ fileName }) => fileName);
      expect(files(whole)).toHaveLength(given ? 20 : 16);
      expect(tuning.images).toHaveLength(given ? 4 : 3);
      expect([...files(tuning), ...files(rest)].sort()).toEqual([...files(whole)].sort());
      if (!given) expect(files(validation).some((file) => files(whole).includes(file))).toBe(false);
      for (const text of [name, whole.name, validation.name, tuning.name, rest.name]) expect(text).not.toContain(place);
      expect(whole.name).toMatch(/^photos\/instances_train\.json/);
      expect(validation.name).toContain(given ? "instances_val" : "20 % by file name");
      expect((await openProfileData("mini", folder)).tuning.hash).toBe(tuning.hash);
    } finally {
      rmSync(place, { recursive: true, force: true });
    }
  });

  it("are COCO's in the paper profile, and nothing else", async () => {
    await expect(openProfileData("paper", "synthetic")).rejects.toThrow("the paper profile trains on COCO 2017");
  });
});

describe("every kind of training", () => {
  let runs: string;
  beforeAll(async () => {
    await loadBackend();
    runs = mkdtempSync(join(tmpdir(), "scale-"));
  });
  afterAll(() => { rmSync(runs, { recursive: true, force: true }); });

  const some = ["sssd fcos", "lgd fasterRcnn", "labelEnc fcos R101", "frs gfl", "frs regions", "gid fasterRcnn", "fgd fcos", "semckd retinanet", "mgd masks"];
  it.each(some)("takes two steps: %s", async (name) => {
    const before = tf.memory().numTensors;
    const steps = await trainAll(short(of(representatives[name])), { dataset: train, seed: 1, runs });
    expect(steps).toHaveLength(2);
    expect(steps.every(({ total, gradientNorm }) => Number.isFinite(total) && gradientNorm > 0)).toBe(true);
    expect(tf.memory().numTensors).toBe(before);
  });
});
