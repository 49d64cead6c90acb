import * as tf from "@tensorflow/tfjs-core";
import { linearLayer } from "../linear.ts";
import type { Initialiser, ParameterStore } from "../parameters.ts";

/** Where a box head keeps its parameters (names without `.weight`). */
export interface BoxHeadNames {
  hidden(index: number): string;
  readonly class: string;
  readonly box: string;
}

/** How a box head's outputs are laid out. */
export interface BoxHeadLayout {
  /** Number of classes K, background not counted. */
  readonly classes: number;
  /** Column of the background among the K + 1: before the classes (torchvision) or after them (mmdet, detectron2). */
  readonly background: "first" | "last";
  /** One box for all classes instead of one each. */
  readonly agnostic: boolean;
}

export interface BoxHeadOptions extends BoxHeadLayout {
  /** Channels of the pyramid. */
  readonly channels: number;
  /** Rows and columns of a region's map. */
  readonly size: readonly [number, number];
  /** Widths of the hidden layers; 1024, 1024 in all references. */
  readonly hidden: readonly number[];
  readonly names: BoxHeadNames;
  /** Starting values of hidden layers by fan in and fan out, of the classifier, of the boxes and of all biases (default 0) by fan in. */
  readonly initialiser: {
    readonly hidden: (fanIn: number, fanOut: number) => Initialiser;
    readonly class: (fanIn: number) => Initialiser;
    readonly box: (fanIn: number) => Initialiser;
    readonly bias?: (fanIn: number) => Initialiser;
  };
}

/** What a box head says about R regions. */
export interface BoxOutput {
  /** [R, K + 1] */
  readonly logits: tf.Tensor2D;
  /** [R, G·4], G groups of box outputs as `boxGroups` counts them. */
  readonly deltas: tf.Tensor2D;
}

/** Groups of four box outputs: torchvision has one for the background too. */
export function boxGroups({ classes, background, agnostic }: BoxHeadLayout): number {
  if (agnostic) return 1;
  return background === "first" ? classes + 1 : classes;
}

/** Group of box outputs, and column of the logits, that belong to a label (−1: the background, which has no box). */
export function boxGroupOf(label: number, { background, agnostic }: BoxHeadLayout): number {
  if (agnostic) return 0;
  return background === "first" ? label + 1 : label;
}

export function columnOf(label: number, { classes, background }: BoxHeadLayout): number {
  if (label < 0) return background === "first" ? 0 : classes;
  return background === "first" ? label + 1 : label;
}

/** Fast R-CNN's head (Girshick 2015) as FPN has it: fully connected layers, then a classifier and a box regressor: [R, h, w, C] → outputs. */
export function boxHead(store: ParameterStore, options: BoxHeadOptions): (regions: tf.Tensor4D) => BoxOutput {
  const { channels, size: [height, width], hidden, names, initialiser, classes } = options;
  const widths = [height * width * channels, ...hidden];
  const group = "head" as const;
  const common = (input: number) => ({ input, group, ...(initialiser.bias && { biasInitialiser: initialiser.bias(input) }) });
  const layers = hidden.map((output, i) => linearLayer(store, {
    ...common(widths[i]), name: names.hidden(i), output, relu: true,
    initialiser: initialiser.hidden(widths[i], output),
    ...(i === 0 && { flattened: { height, width, channels } }),
  }));
  const last = widths[widths.length - 1];
  const classify = linearLayer(store, { ...common(last), name: names.class, output: classes + 1, initialiser: initialiser.class(last) });
  const regress = linearLayer(store, { ...common(last), name: names.box, output: 4 * boxGroups(options), initialiser: initialiser.box(last) });
  return (regions) => {
    const flat: tf.Tensor2D = tf.reshape(regions, [regions.shape[0], widths[0]]);
    const features = layers.reduce((x, layer) => layer(x), flat);
    return { logits: classify(features), deltas: regress(features) };
  };
}
