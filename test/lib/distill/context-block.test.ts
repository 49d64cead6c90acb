import * as tf from "@tensorflow/tfjs-core";
import { beforeAll, describe, expect, it } from "vitest";
import { loadBackend } from "../../../lib/backend/load.ts";
import { contextBlock, contextOf, type ContextBlock } from "../../../lib/distill/context-block.ts";
import { parameterSet } from "../../../lib/distill/layers.ts";
import { expectGradients, expectNoLeak, normal } from "../tensor/finite-difference.ts";

beforeAll(async () => void (await loadBackend()));

const names = { mask: "mask", transform: "add" };
const map = normal.bind(null, [2, 3, 4, 8], "map");

/** A block from tensors in the order of the parameters. */
const blockOf = ([mask, maskBias, squeeze, squeezeBias, norm, normBias, expand, expandBias]: readonly tf.Tensor[]) => ({
  mask: { weight: mask, bias: maskBias }, squeeze: { weight: squeeze, bias: squeezeBias },
  norm: { weight: norm, bias: normBias }, expand: { weight: expand, bias: expandBias },
}) as ContextBlock;

describe("global context block", () => {
  it("names and shapes its parameters as the reference does, and adds nothing at first", () => {
    const set = parameterSet(0);
    const block = contextBlock(set, { ...names, channels: 9 });
    expect(set.all.map(({ name, variable }) => [name, variable.shape])).toEqual([
      ["mask.weight", [1, 1, 9, 1]], ["mask.bias", [1]],
      ["add.0.weight", [1, 1, 9, 4]], ["add.0.bias", [4]],
      ["add.1.weight", [1, 1, 4]], ["add.1.bias", [1, 1, 4]],
      ["add.3.weight", [1, 1, 4, 9]], ["add.3.bias", [9]],
    ]);
    const added = tf.tidy(() => contextOf(normal([2, 3, 4, 9], "map") as tf.Tensor4D, block));
    expect(added.shape).toEqual([2, 1, 1, 9]);
    expect(added.dataSync().every((value) => value === 0)).toBe(true);
    set.dispose();
  });

  it("scores start with variance 2 / C", () => {
    const set = parameterSet(0);
    contextBlock(set, { ...names, channels: 4096 });
    const weight = set.all[0].variable.dataSync<"float32">();
    // 4,096 draws miss the variance by 2.2 % (one standard deviation).
    expect(Math.abs((weight.reduce((sum, w) => sum + w * w, 0) / 4096) / (2 / 4096) - 1)).toBeLessThan(0.09);
    set.dispose();
  });

  it("does not care where in the map the values are", () => {
    const parameters = [[1, 1, 8, 1], [1], [1, 1, 8, 4], [4], [1, 1, 4], [1, 1, 4], [1, 1, 4, 8], [8]].map((shape, i) => normal(shape, `p${i}`));
    const x = map() as tf.Tensor4D;
    const [here, there] = [x, tf.reverse(x, [1, 2])].map((one) => contextOf(one, blockOf(parameters)).dataSync());
    here.forEach((value, i) => expect(there[i]).toBeCloseTo(value, 4));
  });

  it("has the gradients that differences give, in the map and in every parameter", () => {
    const parameters = [[1, 1, 8, 1], [1], [1, 1, 8, 4], [4], [1, 1, 4], [1, 1, 4], [1, 1, 4, 8], [8]].map((shape, i) => normal(shape, `p${i}`));
    expectGradients((x, ...rest) => contextOf(x as tf.Tensor4D, blockOf(rest)), [map(), ...parameters], { step: 4e-3, tolerance: 1e-2 });
  });

  it("leaves nothing behind and refuses a single channel", () => {
    const set = parameterSet(0);
    const block = contextBlock(set, { ...names, channels: 8 });
    const x = map();
    expectNoLeak(() => tf.dispose(tf.grad((y) => tf.tidy(() => tf.sum(contextOf(y as tf.Tensor4D, block))))(x)));
    set.dispose();
    expect(() => contextBlock(parameterSet(0), { ...names, channels: 1 })).toThrow(/at least 2 channels, received 1/);
  });
});
