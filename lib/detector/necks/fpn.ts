import type * as tf from "@tensorflow/tfjs-core";
import { addUpsampled, relu, subsample } from "../../tensor/elementwise.ts";
import { convLayer, type ConvSpec, type Layer } from "../layers.ts";
import type { Initialiser, ParameterStore } from "../parameters.ts";

/** Where the parts of a pyramid keep their parameters (names without `.weight`); level 0 is the finest. */
export interface FpnNames {
  lateral(level: number): string;
  output(level: number): string;
  /** `index` counts the extra levels from 0. */
  extra(index: number, levels: number): string;
}

export interface FpnOptions {
  /** Channels of the backbone maps that enter, finest first. */
  readonly inputs: readonly number[];
  /** Channels of every output. */
  readonly channels: number;
  /** Number of levels beyond the inputs. */
  readonly extraLevels: number;
  /**
   * What the first extra level is made from: the backbone's last map (`c5`), its lateral, the pyramid's last map (`p5`),
   * or `pool`: every second row and column of the map before (Faster R-CNN's P6). Default `p5`.
   */
  readonly extraFrom?: "c5" | "lateral" | "p5" | "pool";
  /** ReLU before the second and later extra levels. Default false. */
  readonly extraRelu?: boolean;
  readonly names: FpnNames;
  /** Starting values by fan in and fan out. */
  readonly initialiser: (fanIn: number, fanOut: number) => Initialiser;
}

/** Backbone maps, finest first → pyramid, finest first. */
export type Neck = (features: readonly tf.Tensor4D[]) => tf.Tensor4D[];

/**
 * Feature Pyramid Network (Lin et al. 2017): laterals 1×1, nearest-neighbour top-down sums, 3×3 outputs, and extra levels
 * of stride-2 convolutions (RetinaNet's P6 and P7) or subsampling.
 */
export function fpn(store: ParameterStore, options: FpnOptions): Neck {
  const { inputs, channels, extraLevels, extraFrom = "p5", extraRelu = false, names } = options;
  const layer = (spec: Pick<ConvSpec, "name" | "input" | "kernel" | "stride">) => {
    const area = spec.kernel * spec.kernel;
    return convLayer(store, { ...spec, output: channels, group: "neck", initialiser: options.initialiser(spec.input * area, channels * area) });
  };
  const laterals = inputs.map((input, l) => layer({ name: names.lateral(l), input, kernel: 1 }));
  const outputs = inputs.map((_, l) => layer({ name: names.output(l), input: channels, kernel: 3 }));
  const extras = Array.from({ length: extraLevels }, (_, i): Layer => {
    if (extraFrom === "pool") return (x) => subsample(x, 2);
    const input = i === 0 && extraFrom === "c5" ? inputs[inputs.length - 1] : channels;
    const strided = layer({ name: names.extra(i, inputs.length), input, kernel: 3, stride: 2 });
    return i > 0 && extraRelu ? (x) => strided(relu(x)) : strided;
  });
  return (features) => {
    if (features.length !== inputs.length) throw new Error(`the pyramid takes ${inputs.length} maps of the backbone, finest first; it was given ${features.length}`);
    const merged = laterals.map((lateral, l) => lateral(features[l]));
    for (let l = merged.length - 2; l >= 0; l--) merged[l] = addUpsampled(merged[l], merged[l + 1]);
    const pyramid = merged.map((map, l) => outputs[l](map));
    let source = { c5: features, lateral: merged, p5: pyramid, pool: pyramid }[extraFrom].at(-1)!;
    for (const extra of extras) pyramid.push((source = extra(source)));
    return pyramid;
  };
}
