import * as tf from "@tensorflow/tfjs-core";
import { conv, type ConvOptions } from "../tensor/conv.ts";
import { deformableConv } from "../tensor/deformable-conv.ts";
import { relu as rectify } from "../tensor/elementwise.ts";
import type { ParameterGroup } from "./detector.ts";
import type { ParameterStore } from "./parameters.ts";

/** How a convolution learns where to sample. */
export interface DeformSpec {
  /** 1: offsets; 2: offsets and a modulation between 0 and 1. */
  readonly version: 1 | 2;
  /** Groups of input channels with offsets of their own. */
  readonly groups: number;
  /** Parameter name, without `.weight` and `.bias`, of the convolution that makes them. */
  readonly name: string;
}

interface DeformableSpec extends Pick<ConvOptions, "stride" | "padding" | "dilation"> {
  readonly deform: DeformSpec;
  readonly input: number;
  readonly kernel: number;
  readonly group: ParameterGroup;
  readonly frozen: boolean;
}

/**
 * A deformable convolution that stands where a plain one would. Its offsets, and with version 2 the logits of its
 * modulation behind them, come from a convolution of the same geometry that starts at zero: at first every sample lies on
 * its cell, with the modulation ½.
 */
export function deformableOperation(store: ParameterStore, { deform, input, kernel, group, frozen, stride = 1, padding = 0, dilation = 1 }: DeformableSpec): typeof conv {
  const { version, groups: deformGroups, name } = deform;
  const geometry = { stride, padding, dilation };
  const offsets = 2 * deformGroups * kernel * kernel;
  const output = (offsets / 2) * (1 + version);
  const add = (part: string, shape: readonly number[]) =>
    store.add({ name: `${name}.${part}`, shape, initialiser: { kind: "constant", value: 0 }, group, frozen }) as unknown as tf.Tensor;
  const weight = add("weight", [kernel, kernel, input, output]) as tf.Tensor4D;
  const bias = add("bias", [output]) as tf.Tensor1D;
  return (x, filter, { scale, bias: shift, relu = false, groups = 1 } = {}) => {
    const made = conv(x, weight, { ...geometry, bias });
    const [offset, logits] = version === 1 ? [made] : tf.split<tf.Tensor4D>(made, [offsets, output - offsets], 3);
    const mask = logits && tf.sigmoid(logits);
    const scaled = scale === undefined ? filter : tf.mul<tf.Tensor4D>(filter, scale);
    const y = deformableConv({ x, offset, filter: scaled, mask }, { ...geometry, groups, deformGroups });
    const shifted = shift === undefined ? y : tf.add<tf.Tensor4D>(y, shift);
    return relu ? rectify(shifted) : shifted;
  };
}
