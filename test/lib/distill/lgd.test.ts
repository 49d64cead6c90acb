import * as tf from "@tensorflow/tfjs-core";
import { beforeAll, describe, expect, it } from "vitest";
import { loadBackend } from "../../../lib/backend/load.ts";
import { lgd, type LabelGuided, type LabelGuidedOptions } from "../../../lib/distill/lgd.ts";
import { batchOf, channels, classes, linearDetector, predictionOf, pyramidOf, size, targetsOf } from "./tiny.ts";

beforeAll(async () => void (await loadBackend()));

const make = (options: Partial<LabelGuidedOptions> = {}) => lgd({ channels, classes, heads: 4, ...options });
const detector = linearDetector();

/** Largest absolute gradient of a term by each variable; 0 also where no gradient arrives. */
function reach(method: LabelGuided, term: string, iteration: number, pyramid: tf.Variable<tf.Rank.R4>[], counts: number[]) {
  return tf.tidy(() => {
    const parameters = method.parameters();
    const { grads } = tf.variableGrads(() => method.loss(predictionOf(pyramid), {}, batchOf(counts), { iteration, detector })[term].value, [...pyramid, ...parameters.map((one) => one.variable)]);
    const largest = (variable: tf.Variable) => (grads[variable.name] ? tf.max(tf.abs(grads[variable.name])).dataSync()[0] : 0);
    return { student: pyramid.map(largest), parameters: Object.fromEntries(parameters.map((one) => [one.name, largest(one.variable)])) };
  });
}

describe("lgd", () => {
  it("names K_e's detection losses teacher.* and weighs distill by λ at the iteration", () => {
    const method = make({ weight: (iteration) => (iteration < 10 ? 2 : 3) });
    const pyramid = pyramidOf([0, 1]);
    tf.tidy(() => {
      const at = (iteration: number) => method.loss(predictionOf(pyramid), {}, batchOf([2, 1]), { iteration, detector });
      expect(Object.keys(at(0))).toEqual(["teacher.cls", "distill"]);
      expect(at(0)["teacher.cls"]).toMatchObject({ weight: 1, kind: "detection" });
      expect(at(9).distill).toMatchObject({ weight: 2, kind: "distillation" });
      expect(at(10).distill.weight).toBe(3);
    });
    method.dispose();
    tf.dispose(pyramid);
  });

  it("lets distillation reach the student from distillFrom until distillUntil, the adapter always, K_e never", () => {
    const method = make({ distillFrom: 5, distillUntil: 8 });
    const pyramid = pyramidOf([0, 1]);
    for (const [iteration, reaches] of [[4, false], [5, true], [7, true], [8, false]] as const) {
      const { student, parameters } = reach(method, "distill", iteration, pyramid, [2, 1]);
      for (const gradient of student) expect(gradient > 0).toBe(reaches);
      for (const [name, gradient] of Object.entries(parameters)) {
        // InstanceNorm removes what the last bias adds, so its gradient is 0 up to rounding.
        if (name !== "adapter.4.bias") expect(gradient > 0, name).toBe(name.startsWith("adapter."));
      }
    }
    method.dispose();
    tf.dispose(pyramid);
  });

  it("stops K_e's detection loss before the student with detachAppearanceEmbed", () => {
    const pyramid = pyramidOf([0, 1]);
    for (const detachAppearanceEmbed of [false, true]) {
      const method = make({ detachAppearanceEmbed });
      const { student, parameters } = reach(method, "teacher.cls", 0, pyramid, [3, 2]);
      for (const gradient of student) expect(gradient > 0).toBe(!detachAppearanceEmbed);
      for (const name of ["label_encoder_.stn_desc.conv1.weight", "multi_head_attn.in_proj_weight", "global_ctx_proj_1D.weight", "refinement_module.6.weight"]) {
        expect(parameters[name], name).toBeGreaterThan(0);
      }
      expect(parameters["adapter.0.weight"]).toBe(0);
      method.dispose();
    }
    tf.dispose(pyramid);
  });

  it.each([true, false])("gives every image of a batch the maps it has alone, empty images included (context %s)", (addContextBox) => {
    const method = make({ addContextBox });
    const counts = [4, 0, 1];
    const targets = targetsOf(counts);
    tf.tidy(() => {
      const together = method.teacher.enhance(pyramidOf([0, 1, 2]), targets, size).maps;
      counts.forEach((_, image) => {
        const alone = method.teacher.enhance(pyramidOf([image]), [targets[image]], size).maps;
        alone.forEach((map, level) => {
          const difference = tf.max(tf.abs(tf.sub(map, tf.slice(together[level], [image], [1])))).dataSync()[0];
          expect(difference).toBeLessThan(2e-4);
        });
      });
    });
    method.dispose();
    tf.disposeVariables();
  });

  it("does not care about the order of objects", () => {
    const method = make({ addContextBox: false });
    const [target] = targetsOf([3]);
    const order = [2, 0, 1];
    const shuffled = { ...target, boxes: Float32Array.from(order.flatMap((i) => [...target.boxes.subarray(4 * i, 4 * i + 4)])), labels: target.labels.map((_, i) => target.labels[order[i]]) };
    const pyramid = pyramidOf([0]);
    tf.tidy(() => {
      const [a, b] = [target, shuffled].map((one) => method.teacher.enhance(pyramid, [one], size).maps[0]);
      expect(tf.max(tf.abs(tf.sub(a, b))).dataSync()[0]).toBeLessThan(2e-4);
    });
    method.dispose();
    tf.dispose(pyramid);
  });

  it("leaves no tensors behind, also when something throws in the middle", () => {
    const pyramid = pyramidOf([0, 1]);
    const before = tf.memory().numTensors;
    const method = make();
    const own = tf.memory().numTensors;
    reach(method, "distill", 0, pyramid, [2, 0]);
    expect(Object.values(method.readings(predictionOf(pyramid), batchOf([2, 0]))).every(Number.isFinite)).toBe(true);
    const broken = { ...detector, loss: () => { throw new Error("in the middle"); } };
    expect(() => tf.tidy(() => void method.loss(predictionOf(pyramid), {}, batchOf([2, 0]), { iteration: 0, detector: broken }))).toThrow("in the middle");
    expect(() => reach(method, "distill", 0, pyramid, [2])).toThrow(/B = 1/);
    expect(tf.memory().numTensors).toBe(own);
    method.dispose();
    expect(tf.memory().numTensors).toBe(before);
    tf.dispose(pyramid);
  });

  it("refuses a level of one cell, or counts it as 0 when asked to", () => {
    const pyramid = [...pyramidOf([0]), tf.ones<tf.Rank.R4>([1, 1, 1, channels])];
    const run = (method: LabelGuided) => tf.tidy(() => method.loss(predictionOf(pyramid), {}, batchOf([2]), { iteration: 0, detector }).distill.value.dataSync()[0]);
    const [strict, lenient] = [make(), make({ singleCell: "zero" })];
    expect(() => run(strict)).toThrow(/level 2 \(counted from the finest, 0\) has a single cell at 32×48 pixels.*singleCell: "zero"/);
    expect(run(lenient)).toBeGreaterThan(0);
    strict.dispose();
    lenient.dispose();
    tf.dispose(pyramid);
  });

  it("starts from the same weights for the same seed, from others for another", () => {
    const weights = (seed: number) => {
      const method = make({ seed });
      const values = method.parameters().map((one) => [one.name, one.variable.dataSync().slice(0, 3)]);
      method.dispose();
      return values;
    };
    expect(weights(1)).toEqual(weights(1));
    expect(weights(1)).not.toEqual(weights(2));
  });

  it("explains options and pyramids that do not fit", () => {
    expect(() => make({ heads: 5 })).toThrow(/5 attention heads do not divide 16 channels/);
    expect(() => make({ channels: 0 })).toThrow(/channels is 0/);
    const method = make({ channels: 32 });
    const pyramid = pyramidOf([0]);
    expect(() => tf.tidy(() => void method.normalised(predictionOf(pyramid), batchOf([1])))).toThrow(/C = 32.*received \[1, 4, 6, 16\]/);
    method.dispose();
    tf.dispose(pyramid);
  });
});
