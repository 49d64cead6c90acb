import * as tf from "@tensorflow/tfjs-core";
import { beforeAll, describe, expect, it } from "vitest";
import { loadBackend } from "../../lib/backend/load.ts";
import { adaptiveAveragePool } from "../../lib/tensor/adaptive-pool.ts";
import { batchNorm, foldBatchNorm } from "../../lib/tensor/batch-norm.ts";
import { conv } from "../../lib/tensor/conv.ts";
import { subsample } from "../../lib/tensor/elementwise.ts";
import { groupNorm } from "../../lib/tensor/group-norm.ts";
import { maxPool } from "../../lib/tensor/max-pool.ts";
import { resize, type ResizeOptions } from "../../lib/tensor/resize.ts";
import { allCases, casesOf, checkKeys, expectLive, hwio, nchw, nhwc, oihw, tensorOf, type Expected, type Formula } from "./detectors-oracle.ts";

type Inputs = Record<string, Formula>;

/** Gradients of Σ y · dy; everything is disposed after `check`. */
function withGradients(f: (inputs: tf.Tensor[]) => tf.Tensor4D, inputs: tf.Tensor[], dy: tf.Tensor4D): { y: tf.Tensor4D; gradients: tf.Tensor[] } {
  const { grads } = tf.valueAndGrads((...xs: tf.Tensor[]) => f(xs))(inputs, dy);
  return { y: f(inputs), gradients: grads };
}

describe.skipIf(allCases.length === 0)("oracles: tensor operations", () => {
  it("reads the oracle folder, which need not hold cases for each test", () => { expect(allCases.length).toBeGreaterThan(0); });

  beforeAll(async () => { await loadBackend(); });

  interface ResizeExpected { readonly y: Expected; readonly dx: Expected }

  it.each(casesOf<{ size: [number, number] }, Inputs, Record<string, ResizeExpected>>("torch.nn.functional.interpolate"))("%s", (_, { params, inputs, expected, tolerance }) => {
    checkKeys("params", params, ["size"]);
    checkKeys("expected", expected, ["bilinear", "bilinear_corners", "nearest", "nearest_exact"]);
    tf.tidy(() => {
      for (const [key, wanted] of Object.entries(expected)) {
        const mode = key.replace("_", "-") as ResizeOptions["mode"];
        const { y, gradients } = withGradients(([x]) => resize(x as tf.Tensor4D, { size: params.size, mode }), [nhwc(tensorOf(inputs.x))], nhwc(tensorOf(inputs.grad_of_output)));
        expectLive(`${key} y`, nchw(y), wanted.y, tolerance as number);
        expectLive(`${key} dx`, nchw(gradients[0]), wanted.dx, tolerance as number);
      }
    });
  });

  it.each(casesOf<{ scale_factor: number }, Inputs, Record<"recomputed" | "given", Expected>>("torch interpolate(scale_factor"))("%s", (_, { params: { scale_factor: factor }, inputs, expected, tolerance }) => {
    checkKeys("expected", expected, ["recomputed", "given"]);
    tf.tidy(() => {
      const x = nhwc(tensorOf(inputs.x));
      const size = [Math.floor(x.shape[1] * factor), Math.floor(x.shape[2] * factor)] as const;
      expectLive("recomputed", nchw(resize(x, { size, mode: "bilinear" })), expected.recomputed, tolerance as number);
      expectLive("given", nchw(resize(x, { size, mode: "bilinear", ratio: 1 / factor })), expected.given, tolerance as number);
    });
  });

  it.each(casesOf<{ groups: number; eps: number }, Inputs, Record<string, Expected>>("torch group_norm"))("%s", (_, { params, inputs, expected, tolerance }) => {
    checkKeys("params", params, ["groups", "eps"]);
    checkKeys("expected", expected, ["y", "dx", "dweight", "dbias", "no_affine", "instance_norm"]);
    const { groups, eps: epsilon } = params;
    const close = (key: string, actual: tf.Tensor) => expectLive(key, actual, expected[key], tolerance as number);
    tf.tidy(() => {
      const x = nhwc(tensorOf(inputs.x));
      const { y, gradients: [dx, dgamma, dbeta] } = withGradients(
        ([map, gamma, beta]) => groupNorm(map as tf.Tensor4D, { groups, epsilon, gamma: gamma as tf.Tensor1D, beta: beta as tf.Tensor1D }),
        [x, tensorOf(inputs.weight), tensorOf(inputs.bias)],
        nhwc(tensorOf(inputs.grad_of_output)),
      );
      close("y", nchw(y));
      close("dx", nchw(dx));
      close("dweight", dgamma);
      close("dbias", dbeta);
      close("no_affine", nchw(groupNorm(x, { groups, epsilon })));
      close("instance_norm", nchw(groupNorm(x, { groups: x.shape[3], epsilon })));
    });
  });

  it.each(casesOf<unknown, Inputs, Record<string, Expected>>("torch batch_norm"))("%s", (_, { inputs, expected, tolerance }) => {
    checkKeys("expected", expected, ["evaluate", "train", "running_mean_after", "running_var_after"]);
    const close = (key: string, actual: tf.Tensor) => expectLive(key, actual, expected[key], tolerance as number);
    tf.tidy(() => {
      const vector = (key: string) => tensorOf(inputs[key]) as tf.Tensor1D;
      const parameters = { gamma: vector("weight"), beta: vector("bias"), mean: vector("running_mean"), variance: vector("running_var") };
      const x = nhwc(tensorOf(inputs.x));
      const { scale, bias } = foldBatchNorm(parameters);
      close("evaluate", nchw(tf.add(tf.mul(x, scale), bias)));
      const trained = batchNorm(x, parameters);
      close("train", nchw(trained.y));
      close("running_mean_after", trained.mean);
      close("running_var_after", trained.variance);
    });
  });

  it.each(casesOf<unknown, Inputs, Record<string, Expected>>("torch max_pool2d(3, stride 2, padding 1)"))("%s", (_, { inputs, expected, tolerance }) => {
    checkKeys("expected", expected, ["y", "dx", "p6"]);
    tf.tidy(() => {
      const x = nhwc(tensorOf(inputs.x));
      const { y, gradients } = withGradients(([map]) => maxPool(map as tf.Tensor4D, { size: 3, stride: 2, padding: 1 }), [x], nhwc(tensorOf(inputs.grad_of_output)));
      expectLive("y", nchw(y), expected.y, tolerance as number);
      expectLive("dx", nchw(gradients[0]), expected.dx, tolerance as number);
      expectLive("p6", nchw(subsample(x, 2)), expected.p6, tolerance as number);
    });
  });

  it.each(casesOf<{ output: [number, number] }, Inputs, Record<string, Expected>>("torch adaptive_avg_pool2d"))("%s", (_, { params, inputs, expected, tolerance }) => {
    checkKeys("params", params, ["output"]);
    checkKeys("expected", expected, ["y"]);
    tf.tidy(() => expectLive("y", nchw(adaptiveAveragePool(nhwc(tensorOf(inputs.x)), params.output)), expected.y, tolerance as number));
  });

  interface ConvParams { readonly kernel: number; readonly stride: number; readonly padding: number; readonly dilation: number; readonly groups: number }

  it.each(casesOf<ConvParams, Inputs, Record<string, Expected>>("torch conv2d"))("%s", (_, { params, inputs, expected, tolerance }) => {
    checkKeys("params", params, ["kernel", "stride", "padding", "dilation", "groups"]);
    checkKeys("expected", expected, ["y", "dx", "dweight", "dbias"]);
    tf.tidy(() => {
      const { y, gradients: [dx, dfilter, dbias] } = withGradients(
        ([x, filter, bias]) => conv(x as tf.Tensor4D, filter as tf.Tensor4D, { ...params, bias: bias as tf.Tensor1D }),
        [nhwc(tensorOf(inputs.x)), hwio(tensorOf(inputs.weight)), tensorOf(inputs.bias)],
        nhwc(tensorOf(inputs.grad_of_output)),
      );
      expectLive("y", nchw(y), expected.y, tolerance as number);
      expectLive("dx", nchw(dx), expected.dx, tolerance as number);
      expectLive("dweight", oihw(dfilter), expected.dweight, tolerance as number);
      expectLive("dbias", dbias, expected.dbias, tolerance as number);
    });
  });
});
