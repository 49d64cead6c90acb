import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as tf from "@tensorflow/tfjs-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { loadBackend } from "../../../lib/backend/load.ts";
import { readSafetensors } from "../../../lib/detector/weights/safetensors.ts";
import { buildModel, runPlace } from "../../../lib/papers/build.ts";
import { experimentOf } from "../../../lib/papers/config.ts";
import type { EncoderSpec } from "../../../lib/papers/encoder.ts";
import type { Experiment } from "../../../lib/papers/experiment.ts";
import { tinyExperiment, tinyScenes } from "../train/tiny.ts";
import { train } from "./short.ts";

const dataset = tinyScenes(8);
const widths = { stem: 4, stages: [4, 8, 16] };
const first = tinyExperiment(2, { name: "test/first", method: { name: "labelEnc", options: { step: 1, distanceFrom: 1, widths } } });
const second = (changes: Partial<Experiment> = {}, encoder: EncoderSpec = { run: { experiment: first, seed: 3 } }): Experiment =>
  tinyExperiment(2, { name: "test/second", method: { name: "labelEnc", options: { step: 2 } }, encoder, ...changes });

let runs: string;
const options = (seed = 1) => ({ dataset, seed, runs });
const folder = async (experiment: Experiment, seed = 1) => (await runPlace(experiment, options(seed))).folder;

beforeAll(async () => {
  await loadBackend();
  runs = mkdtempSync(join(tmpdir(), "encoder-"));
  await train(first, options(3));
});
afterAll(() => { rmSync(runs, { recursive: true, force: true }); });

describe("LabelEnc's second step as an experiment", () => {
  it("starts with the encoder's pyramid and step 1's head, learns from the encoder, and gives everything back", async () => {
    const before = tf.memory().numTensors;
    const { tensors } = readSafetensors(join(await folder(first, 3), "checkpoint", "state.safetensors"));
    const model = await buildModel(second(), options());
    const own = new Map(model.detector.parameters().map(({ name, group, variable }) => [name, { group, values: variable.dataSync<"float32">().slice() }]));
    const head = [...own].filter(([, { group }]) => group === "head");
    expect(head.length).toBeGreaterThan(0);
    for (const [name, { values }] of head) expect(values, name).toEqual(tensors.get(name)!.data);
    const equal = (a: ArrayLike<number>, b: ArrayLike<number>) => a.length === b.length && Array.from(a).every((value, i) => value === b[i]);
    const weights = [...own].filter(([, { group, values }]) => group === "neck" && values.some((value) => value !== 0));
    expect(weights.length).toBeGreaterThan(0);
    for (const [name, { values }] of weights) {
      const sources = [...tensors].filter(([, { data }]) => equal(data as Float32Array, values)).map(([source]) => source);
      expect(sources, name).toHaveLength(1); // the encoder's, under its own name
      expect(sources).not.toContain(name);
    }
    const frozen = model.distiller!.parameters().filter((parameter) => parameter.frozen);
    for (const { name, variable } of frozen) expect(variable.dataSync(), name).toEqual(tensors.get(name)!.data);
    expect(frozen.length).toBeGreaterThan(10);
    model.dispose();
    expect(tf.memory().numTensors).toBe(before);
  });

  it("trains, and reports the distance", async () => {
    const steps = await train(second(), options());
    expect(steps.map(({ losses }) => Object.keys(losses).includes("distill.distance"))).toEqual([true, true]);
  });

  it("is another run under another encoder", async () => {
    const place = await folder(second());
    expect(await folder(second({}, { run: await folder(first, 3) }))).toBe(place);
    await train(first, options(4));
    expect(await folder(second({}, { run: { experiment: first, seed: 4 } }))).not.toBe(place);
    expect(await folder(second({}, { run: { experiment: first, seed: 3 }, unfit: "keep" }))).not.toBe(place);
  });

  it("takes another backbone, whose laterals keep their own start, when that is asked for", async () => {
    const wider = { ...first.detector, backbone: { name: "tiny-8" } };
    await expect(buildModel(second({ detector: wider }), options())).rejects.toThrow(/cannot inherit neck/);
    const model = await buildModel(second({ detector: wider }, { run: { experiment: first, seed: 3 }, unfit: "keep" }), options());
    expect((model.started as { encoder: { kept: string[] } }).encoder.kept).toHaveLength(3);
    model.dispose();
  });

  it("refuses what it cannot build on, and leaves nothing behind", async () => {
    const before = tf.memory().numTensors;
    const plain = tinyExperiment(2, { name: "test/plain", method: undefined });
    await train(plain, options(3));
    const refusals: [Experiment, string | RegExp][] = [
      [second({}, { run: { experiment: plain, seed: 3 } }), 'encoder.run: that run trained no method; it must be labelEnc with "step": 1'],
      [second({}, { run: { experiment: first, seed: 99 } }), /encoder\.run \(test\/first\): there is no run .*Train the encoder first/],
      [second({ method: { name: "lgd", options: { heads: 2 } } }), 'encoder is for the method labelEnc with "step": 2, the method is "lgd"'],
      [second({ method: { name: "labelEnc", options: { step: 2, encoder: "x.safetensors" } } }), "method.options.encoder says another one"],
      [second({}, {} as EncoderSpec), 'encoder needs "run"'],
      [second({}, { run: "x", speed: 1 } as never), 'encoder has no entry "speed"; allowed: run, unfit'],
    ];
    for (const [experiment, message] of refusals) await expect(buildModel(experiment, options())).rejects.toThrow(message);
    expect(tf.memory().numTensors).toBe(before);
  });

  it("can be written in a training's file", () => {
    const { detector, method, encoder } = second({}, { run: "runs/first/seed-3" });
    expect(experimentOf({ detector, method, encoder }, { dataset, name: "mine" }).encoder).toEqual({ run: "runs/first/seed-3" });
    expect(() => experimentOf({ detector, encoder }, { dataset, name: "mine" })).toThrow('the method is "none"');
  });
});
