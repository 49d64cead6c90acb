import * as tf from "@tensorflow/tfjs-core";
import type { Target } from "../../data/batch.ts";
import { clipBoxes, rowsOf } from "../../tensor/boxes.ts";
import { decodeDeltas } from "../coder/delta.ts";
import type { RoiDecodeOptions } from "../decode/rois.ts";
import type { Detections, LossTerms, Moment } from "../detector.ts";
import type { BoxOutput } from "../heads/box.ts";
import { maskHead, type MaskHead, type MaskHeadOptions } from "../heads/mask.ts";
import type { ParameterStore } from "../parameters.ts";
import { boxStage, splitRows, type BoxStage, type BoxStageOptions, type Regions } from "./box-stage.ts";
import { decodeMasks, maskTerm, type MaskDecodeOptions, type MaskTrainingOptions } from "./masks.ts";
import { sampleRois, type RoiSample, type RoiSamplingOptions } from "./sampling.ts";

export interface RoiStageOptions {
  readonly box: BoxStageOptions;
  readonly sampling: RoiSamplingOptions;
  /** Mask head of this stage and its share of the loss. */
  readonly mask?: { readonly head: MaskHeadOptions; readonly weight: number };
}

export interface RoiHeadOptions {
  /** One, or the stages of a cascade in their order; the boxes of all but the last must be class-agnostic. */
  readonly stages: readonly RoiStageOptions[];
  /** How masks are learned and painted; needed when a stage has a mask head. */
  readonly mask?: Omit<MaskTrainingOptions, "weight"> & MaskDecodeOptions;
  readonly decode: RoiDecodeOptions;
}

/** The images that a loss is asked for. */
export interface RoiBatch {
  readonly targets: readonly Target[];
  /** Pixels of the padded batch image. */
  readonly size: ImageSize;
  readonly moment: Moment;
}

interface ImageSize {
  readonly width: number;
  readonly height: number;
}

/** Everything behind the proposals. */
export interface RoiHead {
  /**
   * Named losses: `roi.class`, `roi.box` and `mask`, or `stage1.class`, `stage1.box`, `stage1.mask`, `stage2.class` … of a cascade.
   * @param proposals per image
   */
  readonly loss: (pyramid: readonly tf.Tensor4D[], proposals: readonly Regions[], batch: RoiBatch) => LossTerms;
  /** Objects per image, clipped to its content. */
  readonly decode: (pyramid: readonly tf.Tensor4D[], proposals: readonly Regions[], sizes: readonly ImageSize[]) => Detections[];
}

interface Stage {
  readonly options: RoiStageOptions;
  readonly box: BoxStage;
  readonly mask: MaskHead | undefined;
}

/**
 * Box and mask heads behind the proposals: Mask R-CNN's (He et al. 2017) with one stage, Cascade R-CNN's (Cai & Vasconcelos
 * 2018, section 4; with masks 2019, section 5) with several: each stage is trained on, and reads, the boxes that the one
 * before it refined, with a higher overlap asked for. When used, the stages' logits are averaged over the last one's boxes
 * (mmdet), and all mask heads' probabilities in the detected boxes.
 */
export function roiHead(store: ParameterStore, options: RoiHeadOptions): RoiHead {
  const stages = options.stages.map((stage): Stage => ({ options: stage, box: boxStage(store, stage.box), mask: stage.mask && maskHead(store, stage.mask.head) }));
  return {
    loss: (pyramid, proposals, batch) => cascadeLoss(stages, pyramid, { proposals, batch, mask: options.mask }),
    decode: (pyramid, proposals, sizes) => {
      const detections = cascadeBoxes(stages, pyramid, { proposals, sizes, decode: options.decode });
      const heads = stages.flatMap(({ mask }) => (mask === undefined ? [] : [mask]));
      return heads.length === 0 || options.mask === undefined ? detections : decodeMasks(heads, pyramid, { detections, sizes }, options.mask);
    },
  };
}

interface Training {
  readonly proposals: readonly Regions[];
  readonly batch: RoiBatch;
  readonly mask: RoiHeadOptions["mask"];
}

function cascadeLoss(stages: readonly Stage[], pyramid: readonly tf.Tensor4D[], { proposals, batch, mask }: Training): LossTerms {
  const terms: Record<string, tf.Scalar> = {};
  let regions = proposals;
  for (const [s, stage] of stages.entries()) {
    const samples = sampleRois(regions, batch.targets, stage.options.sampling, batch.moment);
    const output = stage.box.run(pyramid, samples);
    const names = termNames(s, stages.length);
    const losses = stage.box.loss(output, samples, batch.targets);
    [terms[names.class], terms[names.box]] = [losses.class, losses.box];
    if (stage.mask !== undefined && stage.options.mask !== undefined && mask !== undefined) {
      terms[names.mask] = maskTerm(stage.mask, pyramid, { ...batch, regions: samples.map(withObject) }, { ...mask, weight: stage.options.mask.weight });
    }
    if (s + 1 < stages.length) regions = refined(output, samples, batch.targets, stage.options.box).map((boxes, i) => withoutTruth(boxes, samples[i]));
  }
  return terms;
}

function termNames(stage: number, count: number): { class: string; box: string; mask: string } {
  if (count === 1) return { class: "roi.class", box: "roi.box", mask: "mask" };
  return { class: `stage${stage + 1}.class`, box: `stage${stage + 1}.box`, mask: `stage${stage + 1}.mask` };
}

/** The sampled regions that belong to an object. */
function withObject({ boxes, objects }: RoiSample): { boxes: Float32Array; objects: Int32Array } {
  const rows = Array.from(objects.keys()).filter((r) => objects[r] >= 0);
  return { boxes: rowsOf(boxes, rows), objects: Int32Array.from(rows, (r) => objects[r]) };
}

/** The ground truth joins the next stage's proposals anew. */
function withoutTruth({ boxes }: Regions, { truths }: RoiSample): Regions {
  return { boxes: rowsOf(boxes, Array.from(truths.keys()).filter((r) => truths[r] === 0)) };
}

/**
 * Each region as a stage's class-agnostic regression moves it, cut to the image's content. A constant to the gradient
 * tape. A region stays where it is when a network that has diverged would move it to no place at all.
 */
function refined({ deltas }: BoxOutput, regions: readonly Regions[], sizes: readonly ImageSize[], { loss: { coder } }: BoxStageOptions): Regions[] {
  const rows = splitRows(deltas.dataSync<"float32">(), 4, regions);
  return regions.map(({ boxes }, i) => {
    const moved = clipBoxes(Float32Array.from(decodeDeltas(boxes, rows[i], coder)), sizes[i].width, sizes[i].height);
    const lost = (row: number) => !moved.subarray(4 * row, 4 * row + 4).every(Number.isFinite);
    return { boxes: Float32Array.from(moved, (v, k) => (lost(k >> 2) ? boxes[k] : v)) };
  });
}

interface Inference {
  readonly proposals: readonly Regions[];
  readonly sizes: readonly ImageSize[];
  readonly decode: RoiDecodeOptions;
}

function cascadeBoxes(stages: readonly Stage[], pyramid: readonly tf.Tensor4D[], { proposals, sizes, decode }: Inference): Detections[] {
  return scoped(() => {
    const logits: tf.Tensor2D[] = [];
    let regions = proposals;
    for (const [s, { box, options }] of stages.entries()) {
      const output = box.run(pyramid, regions);
      logits.push(output.logits);
      if (s + 1 === stages.length) return box.decode({ ...output, logits: meanOf(logits) }, regions, sizes, decode);
      regions = refined(output, regions, sizes, options.box);
    }
    throw new Error("a RoI head needs at least one stage");
  });
}

function meanOf(tensors: readonly tf.Tensor2D[]): tf.Tensor2D {
  return tensors.length === 1 ? tensors[0] : tf.mul(tf.addN(tensors as tf.Tensor2D[]), 1 / tensors.length);
}

/** `tf.tidy` for results that are not tensors; it would walk every element of their arrays. */
export function scoped<T>(f: () => T): T {
  let result: T | undefined;
  tf.tidy(() => { result = f(); });
  return result as T;
}
