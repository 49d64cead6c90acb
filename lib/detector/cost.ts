import * as tf from "@tensorflow/tfjs-core";
import { countMultiplyAdds } from "../tensor/tally.ts";
import type { Detector, Parameter } from "./detector.ts";

/** How many numbers a network holds. */
export interface ParameterCount {
  /** Weights, biases and the affine parts of norms: what papers count. */
  readonly parameters: number;
  /** The same without fixed BatchNorms: what torchvision and detectron2 count, whose fixed norms are no parameters. */
  readonly withoutFixedNorms: number;
  /** What training changes: what mmdetection's tables count, without frozen stages. */
  readonly trained: number;
  /** Running means and variances, and other state that is kept with the weights. */
  readonly state: number;
}

export interface Cost extends ParameterCount {
  /**
   * Multiply-adds of the convolutions of backbone, neck and dense head on one image, which is what papers call FLOPs; heads
   * that work on regions come on top.
   */
  readonly multiplyAdds: number;
}

/**
 * What a detector costs at an input size, before padding is added.
 * @example cost(retinanet({ preset: "mmdet", classes: 80, seed: 0 }), { height: 800, width: 1280 }).trained // 37.74 million
 */
export function cost(detector: Pick<Detector, "parameters" | "forward">, size: { readonly height: number; readonly width: number }): Cost {
  for (const [name, value] of Object.entries({ height: size.height, width: size.width })) {
    if (!Number.isInteger(value) || value < 1) throw new Error(`cost: ${name} is ${String(value)}; it must be a whole number of pixels from 1`);
  }
  return { ...countParameters(detector.parameters()), multiplyAdds: countMultiplyAdds(() => { detector.forward(tf.zeros([1, size.height, size.width, 3])); }) };
}

/** Counts the numbers in parameters; a norm with running statistics is a BatchNorm. */
export function countParameters(parameters: readonly Parameter[]): ParameterCount {
  const names = new Set(parameters.map(({ name }) => name));
  const isState = ({ name, variable }: Parameter) => /\.running_(mean|var)$/.test(name) || variable.rank === 0 && name === "loss_normalizer";
  const isFixedNorm = ({ name, frozen }: Parameter) => frozen && names.has(name.replace(/\.(weight|bias)$/, ".running_mean"));
  const count = (keep: (parameter: Parameter) => boolean) => parameters.filter(keep).reduce((sum, { variable }) => sum + variable.size, 0);
  return {
    parameters: count((one) => !isState(one)),
    withoutFixedNorms: count((one) => !isState(one) && !isFixedNorm(one)),
    trained: count(({ frozen }) => !frozen),
    state: count(isState),
  };
}
