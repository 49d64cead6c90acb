import type * as tf from "@tensorflow/tfjs-core";
import type { Target } from "../data/batch.ts";
import { anchorLayout, type AnchorLayout } from "./anchor-layout.ts";
import { anchorsPerCell } from "./anchors.ts";
import { extractor, headNorm, levelStrides, movingAverage } from "./assemble.ts";
import { assignedObjects, denseTargets, type DenseTargets } from "./assign/dense-targets.ts";
import { deltaReader } from "./decode/prediction.ts";
import type { Detector, Prediction } from "./detector.ts";
import { decodedRows } from "./decode/rows.ts";
import { retinaHead, type RetinaHead } from "./heads/retina.ts";
import { denseLoss } from "./loss/dense.ts";
import { resolveRetinaNet, type ResolvedRetinaNet, type RetinaNetOptions } from "./options/retinanet.ts";
import type { RetinaNetPreset } from "./presets/retinanet.ts";
import { oneStageDetector } from "./one-stage.ts";
import { parameterStore, type ParameterStore } from "./parameters.ts";

export type { RetinaNetOptions } from "./options/retinanet.ts";

/**
 * RetinaNet (Lin et al. 2017, "Focal Loss for Dense Object Detection"): ResNet, FPN, two shared towers, anchors, focal
 * loss. The preset says whose details; every option of it can be replaced.
 *
 * The caller disposes the detector; predictions and losses belong to the caller's tidy scope.
 * @param options a preset's name alone means its origin's number of classes (80; torchvision 91) and seed 0
 * @throws Error for unknown options and values that do not fit together
 */
export function retinanet(options: RetinaNetPreset | RetinaNetOptions): Detector {
  const config = resolveRetinaNet(options);
  const store = parameterStore(config.seed);
  const features = extractor(store, config);
  const head = buildHead(store, config);
  const divisor = config.normaliser === "moving-average" ? movingAverage(store) : undefined;
  const strides = levelStrides(config.neck, config.anchors.sizes.length);
  return oneStageDetector<AnchorLayout, DenseTargets>({
    config, store, strides, features,
    predict: (pyramid, size) => predictLevels(head, pyramid, size),
    layout: anchorLayout(config.anchors, strides),
    targets: targetsFor(config),
    loss: (prediction, wanted, moment) => denseLoss(prediction, wanted, { ...config, ...(divisor && { divisor: divisor(wanted.positives, moment) }) }),
    readBoxes: ({ levels }) => deltaReader(levels, config.coder),
    split: head.split,
    boxes: ({ boxes }, { anchors }) => decodedRows(boxes, anchors, config.coder),
    assigned: ({ anchors }, target) => assignedObjects(target, { ...config, anchors }),
  });
}

function buildHead(store: ParameterStore, { head, channels, classes, anchors, names }: ResolvedRetinaNet): RetinaHead {
  const norm = headNorm(head.norm, channels);
  return retinaHead(store, { channels, classes, convs: head.convs, prior: head.prior, anchors: anchorsPerCell(anchors), names: names.head, ...(norm && { norm }) });
}

function predictLevels(head: RetinaHead, pyramid: readonly tf.Tensor4D[], { height, width }: { readonly height: number; readonly width: number }): Prediction {
  return { pyramid, logits: pyramid.map((map) => head.classify(map)), boxes: pyramid.map((map) => head.regress(map)), height, width };
}

/** The batch's targets for this configuration. */
function targetsFor(config: ResolvedRetinaNet): (layout: AnchorLayout, targets: readonly Target[]) => DenseTargets {
  const { classes, assign, region, coder, normaliser } = config;
  return ({ anchors }, targets) => denseTargets(targets, {
    anchors, classes, assign, region, coder,
    regress: config.boxLoss.kind === "giou" ? "boxes" : "deltas",
    normaliser: normaliser === "moving-average" ? "none" : normaliser,
  });
}
