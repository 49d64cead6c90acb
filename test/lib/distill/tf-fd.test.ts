import * as tf from "@tensorflow/tfjs-core";
import { afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { loadBackend } from "../../../lib/backend/load.ts";
import { intraLoss, salientHalves, tfFd } from "../../../lib/distill/tf-fd.ts";
import { gradientError, normal } from "./finite-difference.ts";
import { groupOf, slopesOf, tinyOf, trainTiny } from "./tiny-run.ts";

beforeAll(async () => void (await loadBackend()));

let before = 0;
beforeEach(() => { before = tf.memory().numTensors; });
afterEach(() => expect(tf.memory().numTensors).toBe(before));

const map = (name: string, ...shape: number[]) => normal(name, shape) as tf.Tensor4D;
const valueOf = (f: () => tf.Scalar) => { const y = tf.tidy(f); const [value] = y.dataSync(); y.dispose(); return value; };

describe("the intra-layer loss", () => {
  it("compares the more with the less salient half, whatever the order of the channels", () => {
    tf.tidy(() => {
      // Channels of mean 4, 3, 2, 1 with little noise: the halves are {0, 1} and {2, 3}.
      const x = tf.add<tf.Tensor4D>(tf.mul(map("noise", 1, 5, 6, 4), 0.01), tf.tensor1d([4, 3, 2, 1]));
      // Divided by the norm each is nearly 1/√30, and the noise decides; so the exact pairing is computed here.
      const norms = tf.sqrt(tf.sum(tf.square(x), [1, 2]));
      const saliency = [...tf.div(tf.mean(x, [1, 2]), norms).dataSync()];
      const order = [0, 1, 2, 3].sort((a, b) => saliency[b] - saliency[a]);
      const channel = (c: number) => tf.slice(x, [0, 0, 0, c], [1, 5, 6, 1]);
      const expected = valueOf(() => tf.mul(tf.add(tf.mean(tf.squaredDifference(channel(order[0]), channel(order[2]))), tf.mean(tf.squaredDifference(channel(order[1]), channel(order[3])))), 0.5));
      expect(valueOf(() => intraLoss(x))).toBeCloseTo(expected, 5);
      expect(valueOf(() => intraLoss(tf.gather(x, [3, 0, 2, 1], 3)))).toBeCloseTo(expected, 5);
    });
  });

  it("agrees with finite differences, for odd numbers of channels too, where the middle one is left out", () => {
    tf.tidy(() => {
      expect(gradientError((x) => intraLoss(x as tf.Tensor4D), map("x", 2, 4, 5, 6), 1e-3)).toBeLessThan(1e-2);
      const odd = map("x", 2, 4, 5, 5);
      expect(gradientError((x) => intraLoss(x as tf.Tensor4D), odd, 1e-3)).toBeLessThan(1e-2);
      const slope = tf.grad((x) => intraLoss(x as tf.Tensor4D))(odd);
      const still = [...tf.max(tf.abs(slope), [0, 1, 2]).dataSync()].filter((v) => v === 0);
      expect(still).toHaveLength(1);
    });
  });

  it("moves both halves as published, or the less salient alone", () => {
    tf.tidy(() => {
      const x = map("x", 1, 4, 4, 6);
      const moved = (detachSalient: boolean) => [...tf.max(tf.abs(tf.grad((y) => intraLoss(y as tf.Tensor4D, { detachSalient }))(x)), [0, 1, 2]).dataSync()].filter((v) => v > 0).length;
      expect([moved(false), moved(true)]).toEqual([6, 3]);
    });
  });

  it("is the mean squared error between the two halves, which can be looked at", () => {
    tf.tidy(() => {
      for (const channels of [6, 5]) {
        const x = map(`x${channels}`, 2, 3, 4, channels);
        const [salient, other] = salientHalves(x);
        expect(salient.shape).toEqual([2, 3, 4, Math.floor(channels / 2)]);
        expect(valueOf(() => intraLoss(x))).toBeCloseTo(valueOf(() => tf.mean(tf.squaredDifference(salient, other))), 6);
      }
    });
  });

  it("is finite for maps of zeros, and says when a map has no halves", () => {
    tf.tidy(() => {
      expect(valueOf(() => intraLoss(tf.zeros([1, 3, 3, 4])))).toBe(0);
      expect(() => intraLoss(tf.zeros([1, 3, 3, 1]))).toThrow("a map of 1 channel has no two halves");
    });
  });
});

describe("training with Tf-FD", () => {
  it("trains without teacher and parameters, at the published weights, and leaks nothing", async () => {
    const student = tinyOf("retinanet", 1);
    const method = tfFd({ weight: 10 });
    expect(method.parameters()).toEqual([]);
    const steps = await trainTiny(student, method, 5);
    expect(steps[4].losses["distill.inter"]).toBeGreaterThan(0);
    expect(steps[0].weighted["distill.inter"] / steps[0].losses["distill.inter"]).toBeCloseTo(0.005, 8);
    expect(steps[0].weighted["distill.intra"] / steps[0].losses["distill.intra"]).toBeCloseTo(0.008, 8);
    expect(new Set(steps.slice(1).map(({ tensors }) => tensors)).size).toBe(1);
    expect(slopesOf(student, method, groupOf(student, "backbone")).every((slope) => slope !== undefined && slope > 0)).toBe(true);
    student.dispose();
  });

  it("reproduces the published class: one weight for both, and squares that other maps refuse", async () => {
    const student = tinyOf("retinanet", 1);
    await expect(trainTiny(student, tfFd({ asPublished: true }), 1)).rejects.toThrow("square pooling of maps of 12 × 16");
    tf.tidy(() => {
      const prediction = { pyramid: [map("a", 1, 8, 8, 4), map("b", 1, 4, 4, 4)], logits: [], boxes: [], height: 64, width: 64 };
      const terms = tfFd({ asPublished: true }).loss(prediction, {}, { targets: [] } as never, { iteration: 0, detector: student });
      expect(Object.values(terms).map(({ weight }) => weight)).toEqual([8e-4, 8e-4]);
    });
    student.dispose();
  });

  it("refuses weights that are none", () => {
    expect(() => tfFd({ interWeight: NaN })).toThrow("tfFd: interWeight is NaN");
  });
});
