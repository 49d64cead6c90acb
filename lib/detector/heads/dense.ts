import * as tf from "@tensorflow/tfjs-core";
import { relu } from "../../tensor/elementwise.ts";
import { convLayer, type Layer } from "../layers.ts";
import type { Detector, HeadMaps, HeadSplit } from "../detector.ts";
import type { ParameterStore } from "../parameters.ts";
import { headInitialiser, priorBias, tower, untilOf, type TowerNames, type TowerOptions } from "./tower.ts";

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

export interface DenseHead {
  readonly outputs: (pyramid: readonly tf.Tensor4D[]) => DenseHeadOutputs;
  readonly split: Omit<HeadSplit, "boxes">;
}

/** The head of FCOS, ATSS and GFL: two shared towers, one prior per cell, a trained scale per level. */
export function denseHead(store: ParameterStore, options: DenseHeadOptions): DenseHead {
  const { channels, classes, names, scales, levels } = options;
  const final = (part: Parameters<DenseHeadNames["final"]>[0], output: number, biasValue = 0): Layer =>
    convLayer(store, { input: channels, output, kernel: 3, initialiser: headInitialiser, group: "head", name: names.final(part), biasValue });
  const towers = { class: tower(store, "class", options), box: tower(store, "box", options) };
  const classify = final("class", classes, priorBias(options.prior));
  const regress = final("box", options.boxOutputs);
  const centre = options.centerness === "none" ? undefined : { from: options.centerness, layer: final("centerness", 1) };
  const factors = Array.from({ length: scales ? levels : 0 }, (_, l) => store.add({ name: names.scale(l), shape: [], initialiser: { kind: "constant", value: 1 }, group: "head" }));
  const last = (own: HeadMaps): DenseHeadOutputs => ({
    logits: own.class.map((map) => classify(map)),
    boxes: own.box.map((map, l) => activate(scales ? tf.mul(regress(map), factors[l]) : regress(map), options.activation)),
    ...(centre && { centerness: own[centre.from].map((map) => centre.layer(map)) }),
  });
  return {
    outputs: (pyramid) => last({ class: pyramid.map((map) => towers.class.whole(map)), box: pyramid.map((map) => towers.box.whole(map)) }),
    split: {
      convs: options.convs,
      until: (pyramid, convs) => untilOf(towers, pyramid, convs),
      from: (maps, convs) => named(last({ class: maps.class.map((map) => towers.class.from(map, convs)), box: maps.box.map((map) => towers.box.from(map, convs)) })),
    },
  };
}

function named({ logits, boxes, centerness }: DenseHeadOutputs): ReturnType<HeadSplit["from"]> {
  return { logits, boxes, ...(centerness && { extra: { centerness } }) };
}

/** What the head says, as a detector's prediction. */
export function denseOutputs(head: DenseHead): Detector["predict"] {
  return (pyramid, { height, width }) => ({ pyramid, ...named(head.outputs(pyramid)), height, width });
}

function activate(raw: tf.Tensor4D, activation: DenseHeadOptions["activation"]): tf.Tensor4D {
  if (activation === "none") return raw;
  return activation === "exp" ? tf.exp(raw) : relu(raw);
}
