import type * as tf from "@tensorflow/tfjs-core";
import type { Detector, Prediction } from "../detector/detector.ts";
import type { Distiller, Hints } from "./distiller.ts";
import { checkChoices } from "./choices.ts";
import { published, type Published } from "./published.ts";
import { sampleRows, semckdAttention, semckdLoss, semckdNetwork, type SemckdNetwork, type Similarity } from "./semckd-network.ts";
import { taught, type StudentShape, type TaughtOptions } from "./taught.ts";

export { sampleRows, semckdAttention, semckdLoss, semckdNetwork, type SemckdNetwork, type SemckdNetworkOptions, type SemckdResult, type SemckdSides, type Similarity } from "./semckd-network.ts";

interface SemckdPreset extends Published {
  readonly feature: number;
  readonly factor: number;
}

/** Published settings. The method was published for classification alone. */
export const semckdPresets = {
  cifar100: { feature: 400, factor: 4, origin: "DefangChen/SemCKD, its CIFAR-100 script (β)" },
} as const satisfies Record<string, SemckdPreset>;

export interface SemckdOptions extends TaughtOptions {
  /** Whose settings are meant where the options below are silent. Default `cifar100`. */
  readonly preset?: keyof typeof semckdPresets;
  /** β, the weight of the term. Default 400. */
  readonly feature?: number;
  /** Queries and keys have (width of a sample's row) / factor numbers. Default 4. */
  readonly factor?: number;
  /** Images of every batch; needed for `gram`, whose layers are as wide as the batch. */
  readonly batch?: number;
  /**
   * What the attention compares layers by. `gram` (the paper): each sample's inner products with the samples of its batch,
   * for batches of one size of at least `factor`. `pooled` (a redefinition for detection, where batches hold one or two
   * images): each sample's own map averaged over its cells, for batches of any size. Default `gram` where `batch` is at
   * least `factor`, else `pooled`.
   */
  readonly similarity?: Similarity;
  /** Strides of the levels that take part. Default all of each side. A regressor is made for every pair. */
  readonly levels?: { readonly student?: readonly number[]; readonly teacher?: readonly number[] };
  /** Least norm of a query or key. Default 1e-6; 0 is the official code's, NaN for a row of zeros. */
  readonly epsilon?: number;
}

/** SemCKD, and what its layers attend to. */
export interface Semckd extends Distiller {
  /** α [B, S, T] of a batch, over the student's and the teacher's levels that take part; it belongs to the current tidy scope. */
  attention(student: Prediction, hints: Hints): tf.Tensor3D;
}

/**
 * SemCKD, cross-layer distillation with semantic calibration (Chen et al., AAAI 2021; DefangChen/SemCKD): every student layer
 * learns from every teacher layer, each sample by its own attention α over the teacher's layers.
 *
 * L = β · 1/(B·S) · Σ_b Σ_i Σ_j α_b,ij · mean (F^t_j − r_ij(F^s_i))², α_b,i = softmax_j ⟨q_i(b), k_j(b)⟩
 *
 * q and k are two-layer perceptrons with ReLU on the sample's row of similarities, divided by their 2-norms; r_ij is
 * conv1×1–BatchNorm–ReLU–conv3×3–BatchNorm–ReLU–conv1×1 with the statistics of the batch; the larger map of a pair is
 * average-pooled to the smaller one. Default weight β = 400 (its CIFAR-100 script, which adds a class term of temperature 4
 * that is not part of this method); none is published for detectors.
 *
 * What numbers depend on in the official code: rows are those of the B × B Gram matrices, so that its layers fit one size of
 * batch and need at least four images (`similarity: "gram"`; other batches are refused here, where its loader skips
 * them); it pools to squares, which is the same for the square maps that it can take; norms have no epsilon.
 *
 * Term: `feature`.
 * @throws Error for strides that no level has, a batch too small for `gram`, and, in a step, batches of another size
 */
export function semckd(options: SemckdOptions): Semckd {
  const { student, batch, epsilon } = options;
  const teacher = "detector" in options.teacher ? options.teacher.detector : options.teacher;
  const { feature, factor } = published<keyof typeof semckdPresets, SemckdPreset>("semckd", semckdPresets, options, { feature: options.feature, factor: options.factor });
  const { similarity = batch !== undefined && batch >= factor ? "gram" : "pooled" } = options;
  checkSimilarity(similarity, batch, factor);
  const chosen = { student: positions("student", student, options.levels?.student), teacher: positions("teacher", teacher, options.levels?.teacher) };
  const ownMaps = ({ pyramid }: Prediction) => chosen.student.map((level) => pyramid[level]);
  let network: SemckdNetwork;
  const method = taught("semckd", options, (set) => {
    const [own, other] = [chosen.student.map(() => student.channels), chosen.teacher.map(() => teacher.channels)];
    const inputs = similarity === "gram" ? { student: own.map(() => batch!), teacher: other.map(() => batch!) } : { student: own, teacher: other };
    const embedding = Math.max(1, Math.floor(Math.min(...inputs.student, ...inputs.teacher) / factor));
    network = semckdNetwork(set, { student: own, teacher: other, inputs, embedding, ...(epsilon !== undefined && { epsilon }) });
    return {
      reads: "pyramid",
      hints: ({ pyramid }) => {
        const maps = chosen.teacher.map((level) => pyramid[level]);
        if (similarity === "gram") checkBatch(maps[0].shape[0], batch!);
        return { maps, rows: maps.map((map) => sampleRows(map, similarity)) };
      },
      terms: (prediction, { maps, rows }) => {
        const sides = { student: ownMaps(prediction), teacher: maps as tf.Tensor4D[], teacherRows: rows as tf.Tensor2D[] };
        return { feature: { value: semckdLoss(network, sides, similarity).loss, weight: feature } };
      },
    };
  });
  return { ...method, attention: (student, { rows }) => semckdAttention(network, { student: ownMaps(student), teacherRows: rows as tf.Tensor2D[] }, similarity) };
}

function checkSimilarity(similarity: Similarity, batch: number | undefined, factor: number): void {
  checkChoices("semckd", { similarity }, { similarity: ["gram", "pooled"] });
  if (!(Number.isInteger(factor) && factor > 0)) throw new Error(`semckd: factor is ${factor}; it must be a whole number from 1`);
  if (similarity === "gram" && !(batch !== undefined && Number.isInteger(batch) && batch >= factor)) {
    throw new Error(`semckd: similarity "gram" with batch ${batch}; its layers are as wide as the batch, which must be a whole number from ${factor} (factor). Give the number of images per batch, or similarity "pooled"`);
  }
}

function checkBatch(images: number, batch: number): void {
  if (images !== batch) throw new Error(`semckd: a batch of ${images} images; similarity "gram" was built for batches of ${batch}. Drop smaller last batches, or use similarity "pooled"`);
}

function positions(side: string, { name, strides }: Pick<StudentShape | Detector, "name" | "strides">, asked: readonly number[] = strides): number[] {
  const unknown = asked.filter((stride) => !strides.includes(stride));
  if (asked.length === 0 || unknown.length > 0) throw new Error(`semckd: levels.${side} is [${asked.join(", ")}]; ${name} has levels of strides ${strides.join(", ")}, of which at least one must take part`);
  return asked.map((stride) => strides.indexOf(stride));
}
