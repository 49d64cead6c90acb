import { addRelu } from "../../tensor/elementwise.ts";
import { convLayer, type Layer, type Norm } from "../layers.ts";
import type { ParameterStore } from "../parameters.ts";
import type { Backbone } from "./backbone.ts";
import { run } from "./run.ts";

export interface TinyOptions {
  /** Channels of the stem and of C2; C3 to C5 have 2, 4 and 6 times as many. */
  readonly width: number;
  /** 1 to 4 stages: C2 … C5. */
  readonly stages: number;
  /** −1 trains everything, 0 freezes the stem, n also the first n stages. Default −1. */
  readonly frozenStages?: number;
  readonly prefix?: string;
}

/**
 * A network of our own for machines without a GPU: a 3×3 stride-2 stem of `width` channels, then one basic residual block
 * per stage (stride 2 each), GroupNorm and ReLU, trained from scratch. No published weights exist for it.
 */
export function tinyBackbone(store: ParameterStore, { width, stages, frozenStages = -1, prefix = "" }: TinyOptions): Backbone {
  const channels = [1, 2, 4, 6].slice(0, stages).map((factor) => factor * width);
  const part = (name: string, norm: string, output: number, frozen: boolean) =>
    ({ name: prefix + name, normName: prefix + norm, norm: tinyNorm(output), output, group: "backbone" as const, frozen });
  const stem = convLayer(store, { ...part("conv1", "norm1", width, frozenStages >= 0), input: 3, kernel: 3, stride: 2, relu: true });
  const blocks = channels.map((output, s): Layer => {
    const [name, frozen, input] = [`layer${s + 1}.`, frozenStages > s, s === 0 ? width : channels[s - 1]];
    const first = convLayer(store, { ...part(`${name}conv1`, `${name}norm1`, output, frozen), input, kernel: 3, stride: 2, relu: true });
    const second = convLayer(store, { ...part(`${name}conv2`, `${name}norm2`, output, frozen), input: output, kernel: 3 });
    const shortcut = convLayer(store, { ...part(`${name}downsample.0`, `${name}downsample.1`, output, frozen), input, kernel: 1, stride: 2 });
    return (x) => addRelu(second(first(x)), shortcut(x));
  });
  return { channels, extract: (images) => run([stem, ...blocks], images, frozenStages + 1) };
}

/** At most 8 groups of at least 4 channels each. */
export function tinyNorm(channels: number): Norm {
  let groups = Math.max(1, Math.min(8, Math.floor(channels / 4)));
  while (channels % groups !== 0) groups--;
  return { kind: "group", groups };
}
