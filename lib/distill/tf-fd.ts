import * as tf from "@tensorflow/tfjs-core";
import { differentiable } from "../tensor/differentiable.ts";
import { stopGradient, withoutTape } from "../tensor/stop-gradient.ts";
import { checkChoices, checkWeights } from "./choices.ts";
import type { Distiller, Schedule } from "./distiller.ts";
import { crossLoss } from "./shared-kd.ts";
import { stagesOf, type FeatureSite } from "./sites.ts";

export interface TfFdChoices {
  /** As the published class has it: the larger map is pooled to a square, and both sums take `intraWeight`. Default false. */
  readonly asPublished?: boolean;
  /** The salient half of the channels is a constant to the intra-layer loss. Default false: as published, both halves move. */
  readonly detachSalient?: boolean;
}

export interface TfFdOptions extends TfFdChoices {
  /** λ: multiplies both terms. Default 1. */
  readonly weight?: number | Schedule;
  /** λ_inter of the published runs: 0.0005. */
  readonly interWeight?: number;
  /** λ_intra of the published runs: 0.0008. */
  readonly intraWeight?: number;
  /** Default `pyramid`. */
  readonly site?: FeatureSite;
}

/**
 * Teacher-free feature distillation (Tf-FD; Li, ECCV 2022; lliai/Teacher-free-Distillation): a network teaches itself,
 *
 *   L = λ_inter·Σ_{i<j} MSE(A(F_i), sg(A(F_j))) + λ_intra·Σ_l MSE(salient half of F_l's channels, other half)
 *
 * A is adaptive average pooling to the smaller map and cropping to the fewer channels. Published for classification, with
 * λ_inter 0.0005 and λ_intra 0.0008, on three stages; the published class pools to squares and gives λ_intra to both sums
 * (`asPublished`), and its halves do not fit for an odd number of channels, whose middle one is left out here.
 *
 * Terms: `distill.inter` and `distill.intra`. It has no parameters and no teacher.
 * @throws RangeError for options outside their values
 */
export function tfFd(options: TfFdOptions): Distiller {
  const { weight = 1, asPublished = false, intraWeight = 8e-4, interWeight = 5e-4, site = "pyramid" } = options;
  checkChoices("tfFd", options, { site: ["pyramid", "stages"] });
  checkWeights("tfFd", { intraWeight, interWeight });
  const lambda: Schedule = typeof weight === "number" ? () => weight : weight;
  return {
    name: "tf-fd",
    parameters: () => [],
    hints: () => ({}),
    loss: (student, _hints, _batch, { iteration, detector }) => {
      const maps = site === "pyramid" ? student.pyramid : stagesOf(detector.name, student);
      const [inter, intra] = [crossLoss(maps, { target: asPublished ? "square" : "map" }), intraSum(maps, options)];
      const at = lambda(iteration);
      return {
        "distill.inter": { value: inter, weight: at * (asPublished ? intraWeight : interWeight), kind: "distillation" },
        "distill.intra": { value: intra, weight: at * intraWeight, kind: "distillation" },
      };
    },
    dispose: () => {},
  };
}

function intraSum(maps: readonly tf.Tensor4D[], options: TfFdChoices): tf.Scalar {
  return tf.addN(maps.map((map) => intraLoss(map, options)));
}

/**
 * MSE between the more and the less salient half of a map's channels, matched by rank, as one node of the tape. Saliency of a
 * channel is the mean over images and cells of the map divided by each image's 2-norm of the channel.
 * @param x [B, H, W, C] with C ≥ 2
 */
export function intraLoss(x: tf.Tensor4D, { detachSalient = false }: TfFdChoices = {}): tf.Scalar {
  const channels = x.shape[3];
  if (channels < 2) throw new Error(`tfFd: a map of ${channels} channel has no two halves to compare; it needs at least 2`);
  const half = Math.floor(channels / 2);
  const count = (x.size / channels) * half;
  const order = withoutTape(() => salienceOrder(x));
  return differentiable<tf.Scalar>({
    inputs: { x },
    forward: (save) => {
      const difference = tf.sub(...halves(x, order));
      save([difference, order]);
      return tf.mul<tf.Scalar>(tf.sum(tf.square(difference)), 1 / count);
    },
    backward: (dy, { saved: [difference, ranks] }) => ({
      x: () => {
        const slope = tf.mul<tf.Tensor4D>(difference, tf.mul(dy, 2 / count));
        const salient = detachSalient ? tf.zerosLike(slope) : slope;
        const middle = channels % 2 === 0 ? [] : [tf.zeros<tf.Rank.R4>([x.shape[0], x.shape[1], x.shape[2], 1])];
        const back = tf.topk(tf.neg(tf.cast(ranks, "float32")), channels).indices;
        return tf.gather(tf.concat([salient, ...middle, tf.neg(slope)], 3), back, 3);
      },
    }),
  });
}

/** Channels from the most salient to the least: [C], int32. */
function salienceOrder(x: tf.Tensor4D): tf.Tensor1D {
  return tf.topk<tf.Tensor1D>(saliency(stopGradient(x)), x.shape[3]).indices;
}

function halves(x: tf.Tensor4D, order: tf.Tensor1D): [tf.Tensor4D, tf.Tensor4D] {
  const channels = x.shape[3];
  const half = Math.floor(channels / 2);
  const from = (rank: number) => tf.gather(x, tf.slice1d(order, rank, half), 3);
  return [from(0), from(channels - half)];
}

/**
 * The more and the less salient half of a map's channels, matched by rank: what `intraLoss` compares.
 * @param x [B, H, W, C] with C ≥ 2; the caller disposes the halves, [B, H, W, ⌊C/2⌋]
 */
export function salientHalves(x: tf.Tensor4D): [salient: tf.Tensor4D, other: tf.Tensor4D] {
  return withoutTape(() => halves(x, salienceOrder(x)));
}

/** [C] */
function saliency(x: tf.Tensor4D): tf.Tensor1D {
  const norms = tf.sqrt(tf.sum(tf.square(x), [1, 2], true));
  return tf.mean(tf.div(x, tf.maximum(norms, 1e-12)), [0, 1, 2]);
}

