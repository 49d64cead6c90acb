import * as tf from "@tensorflow/tfjs-core";
import type { Target } from "../data/batch.ts";
import { withoutTape } from "../tensor/stop-gradient.ts";
import type { ImageSize } from "./assignment.ts";
import type { Backbone } from "./backbones/backbone.ts";
import { buildBackbone as networkOf, type BackboneNames } from "./backbones/build.ts";
import { tinyNorm } from "./backbones/tiny.ts";
import type { BackboneConfig, HeadConfig, NeckConfig } from "./config.ts";
import type { Detector, Moment, Prediction } from "./detector.ts";
import type { Norm } from "./layers.ts";
import { fpn, type FpnNames, type Neck } from "./necks/fpn.ts";
import type { Initialiser, ParameterStore } from "./parameters.ts";

/** What backbone and neck of every detector are made from. */
export interface FeatureConfig {
  readonly backbone: BackboneConfig;
  readonly neck: NeckConfig;
  readonly channels: number;
  readonly names: BackboneNames & { readonly fpn: FpnNames };
}

/** The backbone, up to the last stage that enters the neck. */
export function buildBackbone(store: ParameterStore, { backbone, neck, names }: FeatureConfig): Backbone {
  return networkOf(store, backbone, { stages: neck.last - 1, names });
}

/** The feature pyramid over the backbone's stages from `neck.first` on. */
export function buildNeck(store: ParameterStore, { neck, channels, names }: FeatureConfig, backbone: Backbone): Neck {
  const initialiser = (fanIn: number, fanOut: number): Initialiser =>
    (neck.initialiser === "xavier-uniform" ? { kind: "xavier-uniform", fanIn, fanOut } : { kind: "kaiming-uniform", fan: fanIn });
  const inputs = backbone.channels.slice(neck.first - 2);
  return fpn(store, { inputs, channels, extraLevels: neck.extraLevels, extraFrom: neck.extraFrom, extraRelu: neck.extraRelu, names: names.fpn, initialiser });
}

/** Images [B, H, W, 3] → the backbone's stages and the pyramid's levels, both finest first. */
export type Extractor = (images: tf.Tensor4D) => { readonly stages: tf.Tensor4D[]; readonly pyramid: tf.Tensor4D[] };

export function extractor(store: ParameterStore, config: FeatureConfig): Extractor {
  const backbone = buildBackbone(store, config);
  const neck = buildNeck(store, config, backbone);
  return (images) => {
    const stages = backbone.extract(checkedImages(images));
    return { stages, pyramid: neck(stages.slice(config.neck.first - 2)) };
  };
}

/** The two ways into a detector, from its features and its head. */
export function entrances(features: Extractor, predict: Detector["predict"]): Pick<Detector, "extract" | "forward"> {
  return {
    extract: (images) => features(images).pyramid,
    forward: (images) => {
      const { stages, pyramid } = features(images);
      return { ...predict(pyramid, { height: images.shape[1], width: images.shape[2] }), stages };
    },
  };
}

/** The norm that a head's configuration asks for. */
export function headNorm(norm: HeadConfig["norm"], channels: number): Norm | undefined {
  if (norm === "none") return undefined;
  return norm === "auto" ? tinyNorm(channels) : norm;
}

/** @throws Error unless the images are float32 [B, H, W, 3], at least one of at least one pixel */
export function checkedImages(images: tf.Tensor4D): tf.Tensor4D {
  const { rank, shape, dtype } = images;
  if (rank !== 4 || shape[3] !== 3 || shape.includes(0)) throw new Error(`images have shape [${shape.join(", ")}]; a detector takes [batch, height, width, 3], and at least one image of at least one pixel`);
  if (dtype !== "float32") throw new Error(`images are ${dtype}; a detector takes float32, normalised as its preset's recipe says`);
  return images;
}

/** Rows and columns of a prediction's maps, finest first. */
export function mapSizes({ logits }: Pick<Prediction, "logits">): ImageSize[] {
  return logits.map(({ shape }) => ({ height: shape[1], width: shape[2] }));
}

/** Pixels between the cells of `count` levels, from the first that enters the neck. */
export function levelStrides({ first }: NeckConfig, count: number): number[] {
  return Array.from({ length: count }, (_, l) => 2 ** (first + l));
}

/** @throws Error unless there is one target per image */
export function checkBatch(what: string, prediction: Prediction, targets: readonly unknown[]): void {
  const batch = prediction.logits[0].shape[0];
  if (targets.length !== batch) throw new Error(`${what}: ${targets.length} targets for a prediction of ${batch} images; one target per image is needed`);
}

/**
 * detectron2's normaliser: average ← 0.9 · average + 0.1 · max(positives, 1) before each use; stored with the weights, unless
 * the moment says not to remember.
 * @param start 100 for RetinaNet, 300 for FCOS
 */
export function movingAverage(store: ParameterStore, start = 100): (positives: readonly number[], moment?: Pick<Moment, "remember">) => tf.Scalar {
  const average = store.add({ name: "loss_normalizer", shape: [], initialiser: { kind: "constant", value: start }, group: "head", frozen: true });
  return (positives, { remember = true } = {}) => {
    const count = Math.max(positives.reduce((sum, n) => sum + n, 0), 1);
    const next = withoutTape(() => tf.add(tf.mul(average, 0.9), 0.1 * count));
    if (remember) average.assign(next);
    return next as tf.Scalar;
  };
}

/** Computes something of each array of targets once per layout of priors: asking again for the same batch costs nothing. */
export function rememberedPerBatch<L extends object, T>(compute: (layout: L, targets: readonly Target[]) => T): (layout: L, targets: readonly Target[]) => T {
  const known = new WeakMap<readonly Target[], { readonly layout: L; readonly value: T }>();
  return (layout, targets) => {
    const before = known.get(targets);
    if (before?.layout === layout) return before.value;
    const value = compute(layout, targets);
    known.set(targets, { layout, value });
    return value;
  };
}
