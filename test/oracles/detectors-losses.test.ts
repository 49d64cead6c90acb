import * as tf from "@tensorflow/tfjs-core";
import { beforeAll, describe, expect, it } from "vitest";
import { loadBackend } from "../../lib/backend/load.ts";
import { iouLoss, smoothL1, type IouLossOptions } from "../../lib/detector/loss/box.ts";
import { binaryCrossEntropy } from "../../lib/detector/loss/binary-cross-entropy.ts";
import { centerness } from "../../lib/detector/coder/distance.ts";
import { distributionFocalLoss, expectation, expectedBin } from "../../lib/detector/loss/distribution.ts";
import { focalLoss } from "../../lib/detector/loss/focal.ts";
import { qualityFocalLoss } from "../../lib/detector/loss/quality-focal.ts";
import { distillationDivergence } from "../../lib/detector/loss/distillation-divergence.ts";
import { allCases, casesOf, checkKeys, expectClose, expectLive, expectRelative, tensorOf, type Expected, type Formula, type Whole } from "./detectors-oracle.ts";

describe.skipIf(allCases.length === 0)("oracles: losses", () => {
  it("reads the oracle folder, which need not hold cases for each test", () => { expect(allCases.length).toBeGreaterThan(0); });

  beforeAll(async () => { await loadBackend(); });

  interface FocalExpected { readonly loss: Whole; readonly sum: number; readonly dlogits: Whole }

  it.each(casesOf<{ gamma: number; alpha: number }, { logits: Formula; labels: number[] }, FocalExpected>("torchvision sigmoid_focal_loss"))("%s", (_, { params, inputs, expected, tolerance }) => {
    checkKeys("params", params, ["gamma", "alpha"]);
    checkKeys("expected", expected, ["loss", "sum", "dlogits"]);
    const classes = inputs.logits.shape[1];
    tf.tidy(() => {
      const logits = tensorOf(inputs.logits) as tf.Tensor2D;
      const positives = Array.from(inputs.labels.entries()).filter(([, label]) => label < classes).map(([row, label]) => row * classes + label);
      const loss = (x: tf.Tensor2D, on: readonly number[]) => focalLoss(x, focalTargets(x.shape[0], on), params);
      const { value, grad } = tf.valueAndGrad((x: tf.Tensor) => loss(x as tf.Tensor2D, positives))(logits);
      expectRelative("sum", value.dataSync()[0], expected.sum, tolerance as number);
      expectLive("dlogits", grad, expected.dlogits, tolerance as number);
      const entry = (k: number) => loss(tf.reshape(tf.slice(tf.reshape(logits, [-1]), k, 1), [1, 1]), positives.includes(k) ? [0] : []).dataSync()[0];
      expectClose("loss", Array.from({ length: logits.size }, (_e, k) => entry(k)), expected.loss.data, tolerance as number);
    });
  });

  function focalTargets(rows: number, positives: readonly number[]): Parameters<typeof focalLoss>[1] {
    const none = positives.length === 0;
    return {
      weights: tf.ones([rows, 1]),
      positions: tf.tensor1d(none ? [0] : [...positives], "int32"),
      positiveWeights: none ? tf.zeros([1]) : tf.ones([positives.length]),
    };
  }

  type Box = Record<string, { loss: Whole; dpred: Whole }>;
  const kinds: Record<string, IouLossOptions> = {
    giou: { kind: "giou", epsilon: 1e-7 },
    iou_log: { kind: "log", epsilon: 1e-6 },
    iou_linear: { kind: "linear", epsilon: 1e-6 },
    diou: { kind: "diou" },
    ciou: { kind: "ciou" },
    tv_giou: { kind: "giou", guard: "add" },
  };

  it.each(casesOf<unknown, { pred: Whole; target: Whole }, Box>("mmdet giou_loss"))("%s", (_, { inputs, expected, tolerance }) => {
    checkKeys("expected", expected, Object.keys(kinds));
    tf.tidy(() => {
      const [prediction, target] = [tensorOf(inputs.pred) as tf.Tensor2D, tensorOf(inputs.target) as tf.Tensor2D];
      for (const [key, wanted] of Object.entries(expected)) {
        const { value, grad } = tf.valueAndGrad((x: tf.Tensor) => iouLoss(x as tf.Tensor2D, target, kinds[key]), )(prediction, tf.ones([prediction.shape[0]]));
        expectLive(`${key} loss`, value, wanted.loss, tolerance as number);
        // Row 1 is an identical pair: minima and maxima tie, and frameworks part their gradients differently there.
        const rest = (values: ArrayLike<number | string>) => Array.from(values).filter((_v, i) => Math.floor(i / 4) !== 1);
        expectClose(`${key} dpred`, rest(grad.dataSync()) as number[], rest(wanted.dpred.data), tolerance as number);
      }
    });
  });

  it.each(casesOf<{ betas: Record<string, number> }, { pred: Formula; target: Formula }, Box>("mmdet smooth_l1_loss"))("%s", (_, { params, inputs, expected, tolerance }) => {
    checkKeys("expected", expected, ["l1", ...Object.keys(params.betas)]);
    tf.tidy(() => {
      const column = (source: Formula) => tf.reshape<tf.Rank.R2>(tensorOf(source), [-1, 1]);
      const [prediction, target] = [column(inputs.pred), column(inputs.target)];
      for (const [key, wanted] of Object.entries(expected)) {
        const beta = key === "l1" ? 0 : params.betas[key];
        const loss = (x: tf.Tensor, y: tf.Tensor2D) => smoothL1(x as tf.Tensor2D, y, { weights: tf.onesLike(y), beta });
        const entries = Array.from({ length: prediction.size }, (_e, i) => loss(tf.slice(prediction, [i, 0], [1, 1]), tf.slice(target, [i, 0], [1, 1])).dataSync()[0]);
        expectClose(`${key} loss`, entries, wanted.loss.data, tolerance as number);
        expectClose(`${key} dpred`, tf.grad((x: tf.Tensor) => loss(x, target))(prediction).dataSync(), wanted.dpred.data, tolerance as number);
      }
    });
    expect.hasAssertions();
  });

  /** Rows of losses and the gradient of their sum. */
  function rowLosses(logits: tf.Tensor2D, loss: (x: tf.Tensor2D) => tf.Tensor1D): { value: tf.Tensor; grad: tf.Tensor } {
    return tf.valueAndGrad((x: tf.Tensor) => loss(x as tf.Tensor2D))(logits, tf.ones([logits.shape[0]]));
  }

  interface QualityInputs { readonly logits: Formula; readonly labels: number[]; readonly scores: Whole }

  it.each(casesOf<{ beta: number }, QualityInputs, { loss: Whole; dlogits: Whole }>("mmdet quality_focal_loss"))("%s", (_, { params, inputs, expected, tolerance }) => {
    checkKeys("params", params, ["beta"]);
    checkKeys("expected", expected, ["loss", "dlogits"]);
    const classes = inputs.logits.shape[1];
    const loss = (x: tf.Tensor2D, first: number, count: number) => {
      const positives = inputs.labels.slice(first, first + count).flatMap((label, row) => (label < classes ? [{ position: row * classes + label, quality: Number(inputs.scores.data[first + row]) }] : []));
      const none = positives.length === 0;
      return qualityFocalLoss(x, {
        weights: tf.ones([count, 1]),
        positions: tf.tensor1d(none ? [0] : positives.map(({ position }) => position), "int32"),
        positiveWeights: none ? tf.zeros([1]) : tf.ones([positives.length]),
        qualities: tf.tensor1d(none ? [0] : positives.map(({ quality }) => quality)),
      }, params);
    };
    tf.tidy(() => {
      const logits = tensorOf(inputs.logits) as tf.Tensor2D;
      const rows = inputs.labels.length;
      const slope = tf.grad((x: tf.Tensor) => loss(x as tf.Tensor2D, 0, rows))(logits);
      expectLive("dlogits", slope, expected.dlogits, tolerance as number);
      expectClose("loss", Array.from({ length: rows }, (_r, i) => loss(tf.slice(logits, [i, 0], [1, -1]), i, 1).dataSync()[0]), expected.loss.data, tolerance as number);
    });
  });

  interface DistributionExpected { readonly loss: Whole; readonly dlogits: Expected; readonly integral: Whole; readonly dlogits_of_integral: Expected }

  it.each(casesOf<unknown, { logits: Formula; target: Whole }, DistributionExpected>("mmdet distribution_focal_loss"))("%s", (_, { inputs, expected, tolerance }) => {
    checkKeys("expected", expected, ["loss", "dlogits", "integral", "dlogits_of_integral"]);
    tf.tidy(() => {
      const logits = tensorOf(inputs.logits) as tf.Tensor2D;
      const { value, grad } = rowLosses(logits, (x) => distributionFocalLoss(x, inputs.target.data.map(Number)));
      expectLive("loss", value, expected.loss, tolerance as number);
      expectLive("dlogits", grad, expected.dlogits, tolerance as number);
      const whole = rowLosses(logits, expectation);
      expectClose("integral", whole.value.dataSync(), expected.integral.data, 17 * (tolerance as number));
      expectLive("dlogits of integral", whole.grad, expected.dlogits_of_integral, 17 * (tolerance as number));
      const data = logits.dataSync<"float32">();
      const [rows, bins] = logits.shape;
      expectClose("integral on the host", Array.from({ length: rows }, (_r, i) => expectedBin(data, i * bins, bins)), expected.integral.data, tolerance as number);
    });
  });

  it.each(casesOf<unknown, { distances_ltrb: Whole; logits: Formula }, Record<"target" | "loss" | "dlogits", Whole>>("centerness target"))("%s", (_, { inputs, expected, tolerance }) => {
    checkKeys("expected", expected, ["target", "loss", "dlogits"]);
    const d = inputs.distances_ltrb.data.map(Number);
    const targets = Array.from({ length: d.length / 4 }, (_r, i) => centerness(d[4 * i], d[4 * i + 1], d[4 * i + 2], d[4 * i + 3]));
    expectClose("target", targets, expected.target.data, tolerance as number);
    tf.tidy(() => {
      const logits = tensorOf(inputs.logits) as tf.Tensor1D;
      const { value, grad } = tf.valueAndGrad((x: tf.Tensor) => binaryCrossEntropy(x as tf.Tensor1D, tf.tensor1d(targets)))(logits, tf.onesLike(logits));
      expectLive("loss", value, expected.loss, tolerance as number);
      expectLive("dlogits", grad, expected.dlogits, tolerance as number);
    });
  });

  it.each(casesOf<{ T: number }, { student: Formula; teacher: Formula }, { loss: Whole; dstudent: Expected }>("mmdet knowledge_distillation_kl_div_loss"))("%s", (_, { params, inputs, expected, tolerance }) => {
    checkKeys("params", params, ["T"]);
    checkKeys("expected", expected, ["loss", "dstudent"]);
    tf.tidy(() => {
      const teacher = tensorOf(inputs.teacher) as tf.Tensor2D;
      const { value, grad } = rowLosses(tensorOf(inputs.student) as tf.Tensor2D, (x) => distillationDivergence(x, teacher, params.T));
      expectLive("loss", value, expected.loss, tolerance as number);
      expectLive("dstudent", grad, expected.dstudent, tolerance as number);
    });
  });
});
