import * as tf from "@tensorflow/tfjs-core";
import { relu } from "../../tensor/elementwise.ts";
import { convLayer, type Layer } from "../layers.ts";
import type { Detector } from "../detector.ts";
import type { ParameterStore } from "../parameters.ts";
import { headInitialiser, priorBias, tower, type TowerNames, type TowerOptions } from "./tower.ts";

/** Where a head keeps its parameters (names without `.weight`; a scale's is whole). */
export interface DenseHeadNames extends TowerNames {
  final(output: "class" | "box" | "centerness"): string;
  scale(level: number): string;
}

export interface DenseHeadOptions extends TowerOptions {
  readonly classes: number;
  /** Numbers per cell that describe its box: 4, or 4 · bins. */
  readonly boxOutputs: number;
  /** Probability that the classifier starts from. */
  readonly prior: number;
  /** Whose tower centre-ness comes from; none of GFL. */
  readonly centerness: "class" | "box" | "none";
  /** A trained factor of the box outputs on each level. */
  readonly scales: boolean;
  /** What makes distances of the scaled box outputs; `none` leaves them as they are. */
  readonly activation: "exp" | "relu" | "none";
  readonly levels: number;
  readonly names: DenseHeadNames;
}

export interface DenseHeadOutputs {
  /** Per level [B, H, W, K]. */
  readonly logits: readonly tf.Tensor4D[];
  /** Per level [B, H, W, boxOutputs]. */
  readonly boxes: readonly tf.Tensor4D[];
  /** Per level [B, H, W, 1] logits. */
  readonly centerness?: readonly tf.Tensor4D[];
}

/** The head of FCOS, ATSS and GFL: two shared towers, one prior per cell, a trained scale per level. */
export function denseHead(store: ParameterStore, options: DenseHeadOptions): (pyramid: readonly tf.Tensor4D[]) => DenseHeadOutputs {
  const { channels, classes, names, scales, levels } = options;
  const final = (part: Parameters<DenseHeadNames["final"]>[0], output: number, biasValue = 0): Layer =>
    convLayer(store, { input: channels, output, kernel: 3, initialiser: headInitialiser, group: "head", name: names.final(part), biasValue });
  const towers = { class: tower(store, "class", options), box: tower(store, "box", options) };
  const classify = final("class", classes, priorBias(options.prior));
  const regress = final("box", options.boxOutputs);
  const centre = options.centerness === "none" ? undefined : { from: options.centerness, layer: final("centerness", 1) };
  const factors = Array.from({ length: scales ? levels : 0 }, (_, l) => store.add({ name: names.scale(l), shape: [], initialiser: { kind: "constant", value: 1 }, group: "head" }));
  return (pyramid) => {
    const own = pyramid.map((map) => ({ class: towers.class(map), box: towers.box(map) }));
    return {
      logits: own.map((maps) => classify(maps.class)),
      boxes: own.map((maps, l) => activate(scales ? tf.mul(regress(maps.box), factors[l]) : regress(maps.box), options.activation)),
      ...(centre && { centerness: own.map((maps) => centre.layer(maps[centre.from])) }),
    };
  };
}

/** What the head says, as a detector's prediction. */
export function denseOutputs(head: ReturnType<typeof denseHead>): Detector["predict"] {
  return (pyramid, { height, width }) => {
    const { logits, boxes, centerness } = head(pyramid);
    return { pyramid, logits, boxes, ...(centerness && { extra: { centerness } }), height, width };
  };
}

function activate(raw: tf.Tensor4D, activation: DenseHeadOptions["activation"]): tf.Tensor4D {
  if (activation === "none") return raw;
  return activation === "exp" ? tf.exp(raw) : relu(raw);
}
