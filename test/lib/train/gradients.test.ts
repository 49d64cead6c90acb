import * as tf from "@tensorflow/tfjs-core";
import { beforeAll, describe, expect, it } from "vitest";
import { loadBackend } from "../../../lib/backend/load.ts";
import { gradients } from "../../../lib/train/gradients.ts";
import { expectClose } from "../../close.ts";

beforeAll(async () => { await loadBackend(); });

function network() {
  const a = tf.variable(tf.tensor2d([[0.3, -0.7], [0.2, 0.9], [-0.4, 0.5]]));
  const b = tf.variable(tf.tensor1d([0.1, -0.2]));
  const unused = tf.variable(tf.scalar(1));
  const x = tf.tensor2d([[1, 2, 3], [-1, 0.5, 0.25]]);
  const loss = () => {
    const hidden = tf.relu(tf.add(tf.matMul(x, a), b));
    const twice = tf.add(hidden, hidden); // the same tensor reaches a node twice
    return tf.sum<tf.Scalar>(tf.mul(tf.sigmoid(twice), tf.add(tf.square(hidden), 1)));
  };
  return { variables: [a, b, unused], loss, dispose: () => tf.dispose([a, b, unused, x]) };
}

describe("gradients", () => {
  it("agrees with tf.variableGrads and gives null where the loss does not depend on a variable", () => {
    const { variables, loss, dispose } = network();
    const reference = tf.variableGrads(loss, variables);
    const before = tf.memory().numTensors;
    const { values, gradients: slopes } = gradients(() => {
      const value = loss();
      return { loss: value, values: tf.stack([value, tf.scalar(7)]) as tf.Tensor1D };
    }, variables);
    expect(slopes[2]).toBeNull();
    for (const i of [0, 1]) expectClose(slopes[i]!.dataSync(), reference.grads[variables[i].name].dataSync(), { relative: 1e-6 });
    expectClose(values.dataSync(), [reference.value.dataSync()[0], 7], { relative: 1e-6 });
    expect(tf.memory().numTensors - before).toBe(3); // two gradients and the values
    tf.dispose([values, ...slopes.filter((slope) => slope !== null), reference.value, Object.values(reference.grads)]);
    dispose();
  });

  it("leaks nothing when the function throws in the middle, and works afterwards", () => {
    const { variables, loss, dispose } = network();
    const before = tf.memory().numTensors;
    for (let i = 0; i < 3; i++) {
      expect(() => gradients(() => { loss(); throw new Error("in the middle"); }, variables)).toThrow("in the middle");
    }
    expect(tf.memory().numTensors).toBe(before);
    const { values, gradients: slopes } = gradients(() => { const value = loss(); return { loss: value, values: tf.reshape<tf.Rank.R1>(value, [1]) }; }, variables);
    expect(slopes[0]!.shape).toEqual([3, 2]);
    tf.dispose([values, ...slopes.filter((slope) => slope !== null)]);
    expect(tf.memory().numTensors).toBe(before);
    dispose();
  });

  it("leaks nothing when a gradient throws", () => {
    const { variables, loss, dispose } = network();
    const broken = tf.customGrad((x, save) => {
      (save as tf.GradSaveFunc)([x as tf.Tensor]);
      return { value: tf.square(x as tf.Tensor), gradFunc: (): tf.Tensor => { throw new Error("no slope"); } };
    });
    const before = tf.memory().numTensors;
    expect(() => gradients(() => {
      const value = tf.sum<tf.Scalar>(broken(loss()));
      return { loss: value, values: tf.reshape<tf.Rank.R1>(value, [1]) };
    }, variables)).toThrow("no slope");
    expect(tf.memory().numTensors).toBe(before);
    dispose();
  });

  it("keeps gradients apart where a rule hands on the tensor it was given", () => {
    const w = tf.variable(tf.scalar(3));
    const same = tf.customGrad((x) => ({ value: tf.clone(x as tf.Tensor), gradFunc: (dy: tf.Tensor) => dy }));
    const { values, gradients: [slope] } = gradients(() => {
      const value = tf.add<tf.Scalar>(same(w), same(w));
      return { loss: value, values: tf.reshape<tf.Rank.R1>(value, [1]) };
    }, [w]);
    expect(slope!.dataSync()[0]).toBe(2);
    tf.dispose([w, values, slope!]);
  });

  it("refuses to run inside another gradient computation", () => {
    const w = tf.variable(tf.scalar(3));
    expect(() => tf.grad((x) => { gradients(() => ({ loss: tf.square(w), values: tf.tensor1d([0]) }), [w]); return x; })(tf.scalar(1))).toThrow(/inside another/);
    w.dispose();
  });
});
