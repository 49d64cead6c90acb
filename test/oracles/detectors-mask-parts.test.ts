import * as tf from "@tensorflow/tfjs-core";
import { beforeAll, describe, expect, it } from "vitest";
import { loadBackend } from "../../lib/backend/load.ts";
import { maskTargets } from "../../lib/detector/assign/mask-targets.ts";
import { chosenMaps } from "../../lib/detector/heads/mask.ts";
import { maskLoss } from "../../lib/detector/loss/mask.ts";
import { convTranspose } from "../../lib/tensor/conv-transpose.ts";
import { encodeRle, type Rle } from "../../lib/tensor/masks/rle.ts";
import { allCases, casesOf, checkKeys, expectLive, expectRelative, expectTensor, hwio, make, nchw, nhwc, tensorOf, type Expected, type Formula, type Whole } from "./detectors-oracle.ts";

describe.skipIf(allCases.length === 0)("oracles: parts of the mask head", () => {
  it("reads the oracle folder, which need not hold cases for each test", () => { expect(allCases.length).toBeGreaterThan(0); });

  beforeAll(async () => { await loadBackend(); });

  type Transposed = Record<"x" | "weight" | "bias" | "grad_of_output", Formula>;

  it.each(casesOf<unknown, Transposed, Record<"y" | "dx" | "dweight", Expected>>("torch conv_transpose2d(kernel 2, stride 2)"))("%s", (_, { inputs, expected, tolerance }) => {
    checkKeys("expected", expected, ["y", "dx", "dweight"]);
    tf.tidy(() => {
      const f = (x: tf.Tensor, filter: tf.Tensor) => convTranspose(x as tf.Tensor4D, filter as tf.Tensor4D, { stride: 2, bias: tensorOf(inputs.bias) as tf.Tensor1D });
      const { value, grads: [dx, dfilter] } = tf.valueAndGrads(f)([nhwc(tensorOf(inputs.x)), hwio(tensorOf(inputs.weight))], nhwc(tensorOf(inputs.grad_of_output)));
      expectLive("y", nchw(value), expected.y, tolerance as number);
      expectLive("dx", nchw(dx), expected.dx, tolerance as number);
      expectLive("dweight", tf.transpose(dfilter, [3, 2, 0, 1]), expected.dweight, tolerance as number);
    });
  });

  /** The loss of the labels' maps among all of them [n, K, S, S], and its gradient with respect to all. */
  function lossOfLabels(logits: tf.Tensor4D, labels: readonly number[], targets: tf.Tensor3D): { loss: number; gradient: tf.Tensor4D } {
    const classes = logits.shape[1];
    const same = { weight: tf.reshape<tf.Rank.R4>(tf.eye(classes), [1, 1, classes, classes]), bias: tf.zeros<tf.Rank.R1>([classes]) };
    const f = (x: tf.Tensor) => maskLoss(chosenMaps(x as tf.Tensor4D, same, Int32Array.from(labels)), targets);
    const { value, grad } = tf.valueAndGrad(f)(nhwc(logits));
    return { loss: value.dataSync()[0], gradient: nchw(grad) };
  }

  it.each(casesOf<unknown, { logits: Formula; target: Whole; labels: number[] }, { loss: number; dlogits: Expected }>("mmdet mask_cross_entropy"))("%s", (_, { inputs, expected, tolerance }) => {
    checkKeys("expected", expected, ["loss", "dlogits"]);
    tf.tidy(() => {
      const { loss, gradient } = lossOfLabels(tensorOf(inputs.logits) as tf.Tensor4D, inputs.labels, tensorOf(inputs.target) as tf.Tensor3D);
      expectRelative("loss", loss, expected.loss, tolerance as number);
      expectLive("dlogits", gradient, expected.dlogits, tolerance as number);
    });
  });

  interface Projected { readonly mask_logits: Formula; readonly gt_masks_uniform: Formula; readonly proposals: Whole; readonly matched: number[]; readonly gt_labels: number[] }

  it.each(casesOf<unknown, Projected, { loss: number; targets: Expected; dlogits: Expected }>("torchvision maskrcnn_loss"))("%s", (_, { inputs, expected, tolerance }) => {
    checkKeys("expected", expected, ["loss", "targets", "dlogits"]);
    const size = inputs.mask_logits.shape[3];
    const targets = maskTargets(averagedMasks(inputs.gt_masks_uniform), { boxes: inputs.proposals.data.map(Number), objects: inputs.matched }, { size, aligned: false, binary: false });
    const shape: [number, number, number] = [inputs.matched.length, size, size];
    expectTensor("targets", { shape, data: targets }, expected.targets, tolerance as number);
    tf.tidy(() => {
      const { loss, gradient } = lossOfLabels(tensorOf(inputs.mask_logits) as tf.Tensor4D, inputs.matched.map((object) => inputs.gt_labels[object]), tf.tensor3d(targets, shape));
      expectRelative("loss", loss, expected.loss, tolerance as number);
      expectLive("dlogits", gradient, expected.dlogits, tolerance as number);
    });
  });

  /** 9 × 9 means of noise (zeros counted beyond the border) above 0.42, as masks. */
  function averagedMasks(formula: Formula): Rle[] {
    const [n, height, width] = formula.shape;
    const noise = make(formula);
    return Array.from({ length: n }, (_, o) => {
      const at = (y: number, x: number) => (y < 0 || x < 0 || y >= height || x >= width ? 0 : noise[(o * height + y) * width + x]);
      const bit = (y: number, x: number) => {
        let sum = 0;
        for (let dy = -4; dy <= 4; dy++) for (let dx = -4; dx <= 4; dx++) sum += at(y + dy, x + dx);
        return sum / 81 > 0.42 ? 1 : 0;
      };
      return encodeRle(Array.from({ length: height * width }, (_p, k) => bit(Math.floor(k / width), k % width)), { height, width });
    });
  }
});
