import * as tf from "@tensorflow/tfjs-core";
import type { Target } from "../data/batch.ts";
import { withoutTape } from "../tensor/stop-gradient.ts";
import { anchorsPerCell, gridAnchors, type Grid } from "./anchors.ts";
import { assignedObjects, denseTargets, type DenseTargets } from "./assign/dense-targets.ts";
import { assignedLevels, levelSizes, type ImageSize, type PriorLevel } from "./assignment.ts";
import type { Backbone } from "./backbones/backbone.ts";
import { resNet } from "./backbones/resnet.ts";
import { tinyBackbone, tinyNorm } from "./backbones/tiny.ts";
import { decodePrediction } from "./decode/prediction.ts";
import type { Detector, Prediction } from "./detector.ts";
import { retinaHead, type RetinaHead } from "./heads/retina.ts";
import { denseLoss } from "./loss/dense.ts";
import { fpn, type Neck } from "./necks/fpn.ts";
import { parseBackbone, resolveRetinaNet, type ResolvedRetinaNet, type RetinaNetOptions } from "./options.ts";
import { parameterStore, type Initialiser, type ParameterStore } from "./parameters.ts";

export type { RetinaNetOptions } from "./options.ts";

/**
 * RetinaNet (Lin et al. 2017, "Focal Loss for Dense Object Detection"): ResNet, FPN, two shared towers, anchors, focal
 * loss. The preset says whose details; every option of it can be replaced.
 *
 * The caller disposes the detector; predictions and losses belong to the caller's tidy scope.
 * @throws Error for unknown options and values that do not fit together
 */
export function retinanet(options: RetinaNetOptions): Detector {
  const config = resolveRetinaNet(options);
  const store = parameterStore(config.seed);
  const backbone = buildBackbone(store, config);
  const neck = buildNeck(store, config, backbone);
  const head = buildHead(store, config);
  const divisor = config.normaliser === "moving-average" ? movingAverage(store) : undefined;
  const strides = config.anchors.sizes.map((_, l) => 2 ** (config.neck.first + l));
  const layout = anchorLayout(config, strides);
  const anchors = ({ logits, height, width }: Prediction) => layout(logits.map(({ shape }) => ({ height: shape[1], width: shape[2] })), { height, width }).anchors;
  const targetsOf = rememberedTargets(config);

  const extract = (images: tf.Tensor4D) => neck(backbone.extract(checkedImages(images)).slice(config.neck.first - 2));
  const predict: Detector["predict"] = (pyramid, size) => predictLevels(head, pyramid, size);
  return {
    name: config.name,
    classes: config.classes,
    channels: config.channels,
    strides,
    parameters: () => store.list(),
    extract,
    predict,
    forward: (images) => predict(extract(images), { height: images.shape[1], width: images.shape[2] }),
    loss: (prediction, targets) => {
      checkBatch("loss", prediction, targets);
      const dense = targetsOf(anchors(prediction), targets);
      return denseLoss(prediction, dense, { ...config, ...(divisor && { divisor: divisor(dense.positives) }) });
    },
    decode: (prediction, targets) => {
      checkBatch("decode", prediction, targets);
      return decodePrediction(prediction, targets, { ...config.decode, anchors: anchors(prediction), classes: config.classes, coder: config.coder });
    },
    assignment: (target, size) => {
      const { levels, anchors: all } = layout(levelSizes(strides, size), size);
      return assignedLevels(levels, assignedObjects(target, { ...config, anchors: all }));
    },
    dispose: () => store.dispose(),
  };
}

function checkedImages(images: tf.Tensor4D): tf.Tensor4D {
  if (images.rank !== 4 || images.shape[3] !== 3) throw new Error(`images have shape [${images.shape.join(", ")}]; a detector takes [batch, height, width, 3]`);
  return images;
}

function checkBatch(what: string, prediction: Prediction, targets: readonly unknown[]): void {
  const batch = prediction.logits[0].shape[0];
  if (targets.length !== batch) throw new Error(`${what}: ${targets.length} targets for a prediction of ${batch} images; one target per image is needed`);
}

function buildBackbone(store: ParameterStore, { backbone, neck, names }: ResolvedRetinaNet): Backbone {
  const parsed = parseBackbone(backbone.name);
  const stages = neck.last - 1;
  if (parsed.kind === "tiny") return tinyBackbone(store, { width: parsed.width, stages, frozenStages: backbone.frozenStages, prefix: names.prefix });
  const { norm, frozenStages, stride, groups, width } = backbone;
  return resNet(store, { depth: parsed.depth, norm, frozenStages, stride, groups, width, stages, names: names.resNet });
}

function buildNeck(store: ParameterStore, { neck, channels, names }: ResolvedRetinaNet, backbone: Backbone): Neck {
  const initialiser = (fanIn: number, fanOut: number): Initialiser =>
    (neck.initialiser === "xavier-uniform" ? { kind: "xavier-uniform", fanIn, fanOut } : { kind: "kaiming-uniform", fan: fanIn });
  const inputs = backbone.channels.slice(neck.first - 2);
  return fpn(store, { inputs, channels, extraLevels: neck.extraLevels, extraFrom: neck.extraFrom, extraRelu: neck.extraRelu, names: names.fpn, initialiser });
}

function buildHead(store: ParameterStore, { head, channels, classes, anchors, names }: ResolvedRetinaNet): RetinaHead {
  const norm = head.norm === "none" ? undefined : head.norm === "auto" ? tinyNorm(channels) : head.norm;
  return retinaHead(store, { channels, classes, convs: head.convs, prior: head.prior, anchors: anchorsPerCell(anchors), names: names.head, ...(norm && { norm }) });
}

function predictLevels(head: RetinaHead, pyramid: readonly tf.Tensor4D[], { height, width }: { readonly height: number; readonly width: number }): Prediction {
  return { pyramid, logits: pyramid.map((map) => head.classify(map)), boxes: pyramid.map((map) => head.regress(map)), height, width };
}

/** detectron2's normaliser: average ← 0.9 · average + 0.1 · max(positives, 1) before each use; stored with the weights. */
function movingAverage(store: ParameterStore): (positives: readonly number[]) => tf.Scalar {
  const average = store.add({ name: "loss_normalizer", shape: [], initialiser: { kind: "constant", value: 100 }, group: "head", frozen: true });
  return (positives) => {
    const count = Math.max(positives.reduce((sum, n) => sum + n, 0), 1);
    const next = withoutTape(() => tf.add(tf.mul(average, 0.9), 0.1 * count));
    average.assign(next);
    return next as tf.Scalar;
  };
}

interface AnchorLayout {
  /** [N, 4] of all levels. */
  readonly anchors: Float64Array;
  readonly levels: readonly PriorLevel[];
}

/** The anchors of maps of these sizes over an image, remembered for the sizes seen. */
function anchorLayout(config: ResolvedRetinaNet, strides: readonly number[]): (maps: readonly ImageSize[], image: ImageSize) => AnchorLayout {
  const layouts = new Map<string, AnchorLayout>();
  return (maps, image) => {
    const grids = maps.map(({ height, width }, l): Grid => {
      const whole = config.anchors.strides === "image";
      return { height, width, strideY: whole ? Math.floor(image.height / height) : strides[l], strideX: whole ? Math.floor(image.width / width) : strides[l] };
    });
    const key = JSON.stringify(grids);
    let layout = layouts.get(key);
    if (layout === undefined) layouts.set(key, (layout = layAnchors(config, grids)));
    return layout;
  };
}

function layAnchors({ anchors: options }: ResolvedRetinaNet, grids: readonly Grid[]): AnchorLayout {
  const anchors = gridAnchors(options, grids);
  const perCell = anchorsPerCell(options);
  let start = 0;
  const levels = grids.map((grid): PriorLevel => {
    const end = start + 4 * perCell * grid.height * grid.width;
    const coordinates = anchors.subarray(start, end);
    start = end;
    return { ...grid, perCell, kind: "box", coordinates };
  });
  return { anchors, levels };
}

/** Assigns each array of targets once per layout of anchors. */
function rememberedTargets(config: ResolvedRetinaNet): (anchors: Float64Array, targets: readonly Target[]) => DenseTargets {
  const known = new WeakMap<readonly Target[], { anchors: Float64Array; dense: DenseTargets }>();
  return (anchors, targets) => {
    const before = known.get(targets);
    if (before?.anchors === anchors) return before.dense;
    const { classes, assign, coder, normaliser } = config;
    const dense = denseTargets(targets, {
      anchors, classes, assign, coder,
      regress: config.boxLoss.kind === "giou" ? "boxes" : "deltas",
      normaliser: normaliser === "moving-average" ? "none" : normaliser,
    });
    known.set(targets, { anchors, dense });
    return dense;
  };
}
