import * as tf from "@tensorflow/tfjs-core";
import { beforeAll, describe, expect, it } from "vitest";
import { loadBackend } from "../../../lib/backend/load.ts";
import { readings } from "../../../lib/distill/readings.ts";
import { standardise } from "../../../lib/distill/standardise.ts";
import { distillers } from "../../../lib/distill/index.ts";
import { jsDistance, type JsDistanceOptions } from "../../../lib/distill/js-distance.ts";
import { sssd, type Distance } from "../../../lib/distill/sssd.ts";
import { stepwise } from "../../../lib/train/schedule.ts";
import { batchOf, channels, classes, linearDetector, predictionOf, pyramidOf } from "./tiny.ts";

beforeAll(async () => void (await loadBackend()));

const detector = linearDetector();
const base = { channels, classes, heads: 4 };

describe("sssd", () => {
  it("takes λ as a step function of the iteration", () => {
    const method = sssd({ ...base, weight: stepwise([[0, 75], [120_000, 80]]) });
    const pyramid = pyramidOf([0]);
    const weight = (iteration: number) => tf.tidy(() => method.loss(predictionOf(pyramid), {}, batchOf([2]), { iteration, detector }).distill.weight);
    expect([weight(0), weight(119_999), weight(120_000)]).toEqual([75, 75, 80]);
    method.dispose();
    tf.dispose(pyramid);
  });

  it("agrees with its own readings of the same maps", () => {
    const pyramid = pyramidOf([0, 1]);
    const named: Record<string, Distance> = {
      mse: { kind: "mse" },
      "channel.elementMeanInsideSqrt.base2": { kind: "js" },
      "channel.elementMeanInsideSqrt.basee": { kind: "js", logBase: "e" },
      "spatial.elementMeanInsideSqrt.levelSum.base2": { kind: "js", distribution: "spatial", level: "sum" },
      "level.literal.base2": { kind: "js", distribution: "level", reduction: "literal" },
      "spatial.meanOfDistances.levelMean.base2": { kind: "js", distribution: "spatial", reduction: "meanOfDistances", pooling: "levelMean" },
      "channel.literal.base2.T12": { kind: "js", reduction: "literal", temperature: 12 },
    };
    for (const [name, distance] of Object.entries(named)) {
      const method = sssd({ ...base, distance });
      const term = tf.tidy(() => method.loss(predictionOf(pyramid), {}, batchOf([2, 0]), { iteration: 0, detector }).distill.value.dataSync()[0]);
      const reading = method.readings(predictionOf(pyramid), batchOf([2, 0]))[name];
      expect(Math.abs(term / reading - 1), name).toBeLessThan(1e-5);
      method.dispose();
    }
    tf.dispose(pyramid);
  });

  it("falls as 1/√C in the element-mean reading while MSE does not: why λ* grows as √C", () => {
    const at = (c: number, options: JsDistanceOptions) => tf.tidy(() => {
      const [x, y] = [0, 1].map((seed) => [tf.randomNormal<tf.Rank.R4>([1, 8, 8, c], 0, 1, "float32", seed)]);
      return jsDistance(x, y, options).dataSync()[0];
    });
    expect(Math.abs(at(32, {}) / at(512, {}) / 4 - 1)).toBeLessThan(0.1);
    expect(Math.abs(at(32, { reduction: "meanOfDistances" }) / at(512, { reduction: "meanOfDistances" }) - 1)).toBeLessThan(0.1);
  });

  it.each([[0, 60, 72, 4.5], [0.25, 50, 60, 3.8], [0.5, 40, 48, 3.0]])("reads λ* = mse / reading as normal maps of correlation %s and 256 channels give it", (correlation, inBits, inNats, literal) => {
    const shape: [number, number, number, number] = [1, 24, 32, 256];
    const maps = tf.tidy(() => {
      const x = tf.randomNormal<tf.Rank.R4>(shape, 0, 1, "float32", 1);
      const noise = tf.randomNormal<tf.Rank.R4>(shape, 0, Math.sqrt(1 - correlation ** 2), "float32", 2);
      return [x, tf.add<tf.Tensor4D>(tf.mul(x, correlation), noise)].map((map) => standardise(map, [1, 2]));
    });
    const all = readings([maps[0]], [maps[1]]);
    const lambda = (name: string) => all.mse / all[name];
    expect(Math.abs(lambda("channel.elementMeanInsideSqrt.base2") / inBits - 1)).toBeLessThan(0.03);
    expect(Math.abs(lambda("channel.elementMeanInsideSqrt.basee") / inNats - 1)).toBeLessThan(0.03);
    expect(Math.abs(lambda("channel.literal.basee") / literal - 1)).toBeLessThan(0.03);
    tf.dispose(maps);
  });

  it("is in the table of methods, which refuses unknown distances", () => {
    expect(Object.keys(distillers)).toEqual(expect.arrayContaining(["lgd", "sssd"]));
    expect(() => sssd({ ...base, distance: { kind: "l1" } as never })).toThrow(/"js", "kl" or "mse"/);
    expect(() => sssd({ ...base, distance: { kind: "js", temperature: -1 } })).toThrow(/temperature is -1/);
  });
});
