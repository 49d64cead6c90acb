import * as tf from "@tensorflow/tfjs-core";
import { beforeAll, describe, expect, it } from "vitest";
import { loadBackend } from "../../../../lib/backend/load.ts";
import { maskLoss } from "../../../../lib/detector/loss/mask.ts";
import { expectGradients, expectNoLeak, normal } from "../../tensor/finite-difference.ts";

beforeAll(async () => { await loadBackend(); });

describe("the mask loss", () => {
  it("is the mean binary cross entropy", () => {
    tf.tidy(() => {
      const value = maskLoss(tf.tensor3d([0, 2, -1, 30], [1, 2, 2]), tf.tensor3d([1, 1, 0, 0.5], [1, 2, 2])).dataSync()[0];
      const entropy = (x: number, t: number) => -t * Math.log(1 / (1 + Math.exp(-x))) + (1 - t) * Math.log(1 + Math.exp(x));
      expect(value).toBeCloseTo((entropy(0, 1) + entropy(2, 1) + entropy(-1, 0) + entropy(30, 0.5)) / 4, 5);
    });
  });

  it("stays finite for sure logits, and nothing is left of it with weight 0", () => {
    tf.tidy(() => {
      const [x, t] = [tf.tensor3d([500, -500], [1, 1, 2]), tf.tensor3d([0, 1], [1, 1, 2])];
      expect(maskLoss(x, t).dataSync()[0]).toBe(500);
      const { value, grad } = tf.valueAndGrad((logits: tf.Tensor) => maskLoss(logits as tf.Tensor3D, t, 0))(x);
      expect([value.dataSync()[0], ...grad.dataSync()].map(Math.abs)).toEqual([0, 0, 0]);
    });
  });

  it("has its gradient and leaves no tensor behind", () => {
    const [logits, targets] = [normal([2, 3, 3], "logits"), tf.sigmoid(normal([2, 3, 3], "targets"))];
    expectNoLeak(() => expectGradients((x) => maskLoss(x as tf.Tensor3D, targets as tf.Tensor3D, 3), [logits]));
    tf.dispose([logits, targets]);
  });
});
