import * as tf from "@tensorflow/tfjs-core";
import { distance } from "../tensor/norm.ts";
import { withoutTape } from "../tensor/stop-gradient.ts";
import { levelAdapters } from "./adapters.ts";
import { spatialAttention } from "./attention.ts";
import type { Distiller } from "./distiller.ts";
import { conv3x3, dense, type Conv, type ParameterSet } from "./layers.ts";
import { nonLocal } from "./non-local.ts";
import { presetOf } from "./preset.ts";
import { pairLevels, taught, type TaughtOptions } from "./taught.ts";

/** Weights of the four terms, divisor of the embeddings' channels, and how many levels take part, by kind of detector. */
export const fkdPresets = {
  /** open-mmlab/mmrazor 90c7af1, fbkd_fpn_faster-rcnn_r101_faster-rcnn_r50_1x_coco.py: P2–P5. */
  fasterRcnn: { feature: 7e-5, channel: 4e-3, spatial: 4e-3, nonLocal: 7e-5, reduction: 4, levels: 4 },
  /** The paper's weights for one-stage detectors as recalled, about six times as large; no public configuration. */
  retinanet: { feature: 4e-4, channel: 2e-2, spatial: 2e-2, nonLocal: 4e-4, reduction: 4, levels: 5 },
  fcos: { feature: 4e-4, channel: 2e-2, spatial: 2e-2, nonLocal: 4e-4, reduction: 4, levels: 5 },
  gfl: { feature: 4e-4, channel: 2e-2, spatial: 2e-2, nonLocal: 4e-4, reduction: 4, levels: 5 },
} as const;

export interface FkdOptions extends TaughtOptions {
  /** Whose weights. Default: the student's kind (all detectors of two stages: `fasterRcnn`), else the first. */
  readonly preset?: keyof typeof fkdPresets;
  /** Weights of the terms. Default the preset's. */
  readonly feature?: number;
  readonly channel?: number;
  readonly spatial?: number;
  readonly nonLocal?: number;
  /** How many levels are compared, from the finest. Default the preset's. */
  readonly levels?: number;
  /** Channels per channel of the non-local embeddings. Default 4 (the published configuration; its class's own default is 2). */
  readonly reduction?: number;
  /** T of the spatial attention. Default 0.5. */
  readonly temperature?: number;
  /**
   * Windows over which each level's keys are max-pooled, from the finest; further levels take the last. At most a map's
   * sides. Default [8, 4, 2, 2].
   */
  readonly pool?: readonly number[];
  /** `once` (default), or `twice` as mmrazor's code, whose parent class pools by 2 before: windows of 2 · `pool`. */
  readonly pooling?: "once" | "twice";
  /** The gradient of `feature` where the maps are equal: `zero` (default), or `nan` as in mmrazor's code. */
  readonly atEquality?: "zero" | "nan";
}

/**
 * FKD (Zhang & Ma, ICLR 2021, "Improve Object Detection with Feature-based Knowledge Distillation", eq. 3–8), on each level
 * Σ_k w_k·L_k with 2-norms, which are square roots and not divided by anything:
 *
 * - feature ‖√A ∘ (F_t − φ(F_s))‖, A = ½(A_t + A_s), A_x = H·W·softmax(mean_c|F_x| / T), detached;
 * - channel ‖mean_hw F_t − φ(mean_hw F_s)‖ and spatial ‖mean_c F_t − φ(mean_c F_s)‖;
 * - nonLocal ‖R_t(F_t) − φ(R_s(F_s))‖, R non-local blocks (`non-local.ts`).
 *
 * φ are a linear layer, a 3 × 3 and two 1 × 1 convolutions of each level. The authors' code is not public: numbers are those of
 * open-mmlab/mmrazor 90c7af1, whose norms run over the whole batch; the paper's channel attention is computed there and never
 * used, and so not here. R_t is trained with the student's layers although the teacher is frozen. Terms: `feature`,
 * `channel`, `spatial`, `nonLocal`, each a sum over levels; parameters `student_connector.<level>.…` and
 * `teacher_connector.<level>.…` with mmrazor's names.
 * @throws Error for levels without a partner, and values that make no sense
 */
export function fkd(options: FkdOptions): Distiller {
  const settings = complete(options);
  const teacher = "detector" in options.teacher ? options.teacher.detector : options.teacher;
  const pairs = pairLevels(options.student, teacher).slice(0, settings.levels);
  const shape = { from: options.student.channels, to: teacher.channels, reduction: settings.reduction };
  return taught("fkd", options, (set) => {
    const connectors = pairs.map((_, level) => fkdConnectors(set, level, { ...shape, pool: settings.pool(level) }));
    return {
      reads: "pyramid",
      hints: ({ pyramid }) => columns(pairs.map((pair) => readTeacher(pyramid[pair.teacher], settings.temperature))),
      terms: ({ pyramid }, { map, mask, channel, spatial }) => {
        const levels = pairs.map((pair, l) => {
          const wanted = { map: map[l], mask: mask[l], channel: channel[l], spatial: spatial[l] } as TeacherReading;
          return fkdTerms(readStudent(pyramid[pair.student], connectors[l], settings.temperature), wanted, connectors[l], settings);
        });
        return Object.fromEntries(terms.map((term) => [term, { value: tf.addN(levels.map((level) => level[term])), weight: settings.weights[term] }]));
      },
    };
  });
}

const terms = ["feature", "channel", "spatial", "nonLocal"] as const;
type Term = (typeof terms)[number];

interface Settings {
  readonly weights: Readonly<Record<Term, number>>;
  readonly levels: number;
  readonly reduction: number;
  readonly temperature: number;
  readonly atEquality: "zero" | "nan";
  /** Side of a level's pooling windows. */
  readonly pool: (level: number) => number;
}

function complete(options: FkdOptions): Settings {
  const preset = fkdPresets[presetOf("fkd", fkdPresets, { student: options.student.name, ...(options.preset !== undefined && { asked: options.preset }) })];
  const { levels = preset.levels, reduction = preset.reduction, temperature = 0.5, pool = [8, 4, 2, 2], pooling = "once", atEquality = "zero" } = options;
  const weights = Object.fromEntries(terms.map((term) => [term, options[term] ?? preset[term]])) as Record<Term, number>;
  for (const [name, value] of Object.entries(weights)) if (!(value >= 0 && value < Infinity)) throw new RangeError(`fkd: ${name} is ${value}; allowed: a finite number from 0`);
  if (!(temperature > 0 && temperature < Infinity)) throw new RangeError(`fkd: temperature is ${temperature}; allowed: a finite number above 0`);
  for (const [name, value] of Object.entries({ levels, reduction })) if (!(Number.isInteger(value) && value > 0)) throw new RangeError(`fkd: ${name} is ${value}; allowed: a whole number from 1`);
  if (pool.length === 0 || !pool.every((side) => Number.isInteger(side) && side > 0)) throw new RangeError(`fkd: pool is [${pool.join(", ")}]; allowed: whole numbers from 1, at least one`);
  if (pooling !== "once" && pooling !== "twice") throw new RangeError(`fkd: pooling is ${JSON.stringify(pooling)}; allowed: "once", "twice"`);
  if (atEquality !== "zero" && atEquality !== "nan") throw new RangeError(`fkd: atEquality is ${JSON.stringify(atEquality)}; allowed: "zero", "nan"`);
  return { weights, levels, reduction, temperature, atEquality, pool: (level) => (pool[level] ?? pool[pool.length - 1]) * (pooling === "twice" ? 2 : 1) };
}

/** The layers of one level. */
export interface FkdConnectors {
  readonly channel: (means: tf.Tensor2D) => tf.Tensor2D;
  readonly spatial: Conv;
  readonly feature: Conv;
  readonly nonLocal: Conv;
  readonly relation: Conv;
  /** The teacher's non-local block, which is trained like the others. */
  readonly teacherNonLocal: Conv;
}

export interface ConnectorOptions {
  /** The student's and the teacher's channels. */
  readonly from: number;
  readonly to: number;
  readonly reduction: number;
  /** Side of the pooling windows. */
  readonly pool: number;
}

export function fkdConnectors(set: ParameterSet, level: number, { from, to, reduction, pool }: ConnectorOptions): FkdConnectors {
  const [own, other] = [`student_connector.${level}`, `teacher_connector.${level}`];
  const pointwise = (name: string) => levelAdapters(set, { kind: "conv1x1", name: () => `${own}.${name}`, from, to, levels: 1 })[0];
  const block = (name: string, channels: number) => nonLocal(set, name, { channels, inner: Math.max(1, Math.floor(channels / reduction)), pool });
  return {
    channel: dense(set, `${own}.channel_wise_adaptation`, from, to),
    spatial: conv3x3(set, `${own}.spatial_wise_adaptation`, 1),
    feature: pointwise("adaptation_layers"),
    nonLocal: block(`${own}.student_non_local`, from),
    relation: pointwise("non_local_adaptation"),
    teacherNonLocal: block(`${other}.teacher_non_local`, to),
  };
}

/** What is compared of one level of the teacher, all constants. */
export interface TeacherReading {
  /** F_t [B, H, W, C]. */
  readonly map: tf.Tensor4D;
  /** A_t [B, H, W]. */
  readonly mask: tf.Tensor3D;
  /** mean_hw [B, C] and mean_c [B, H, W, 1]. */
  readonly channel: tf.Tensor2D;
  readonly spatial: tf.Tensor4D;
}

export function readTeacher(map: tf.Tensor4D, temperature: number): TeacherReading {
  return { map, mask: spatialAttention(map, temperature), channel: tf.mean(map, [1, 2]), spatial: tf.mean(map, 3, true) };
}

/** The same of the student, behind its layers. */
export interface StudentReading {
  readonly feature: tf.Tensor4D;
  /** A_s [B, H, W], detached. */
  readonly mask: tf.Tensor3D;
  readonly channel: tf.Tensor2D;
  readonly spatial: tf.Tensor4D;
  readonly relation: tf.Tensor4D;
}

export function readStudent(map: tf.Tensor4D, connectors: FkdConnectors, temperature: number): StudentReading {
  return {
    feature: connectors.feature(map),
    mask: withoutTape(() => spatialAttention(map, temperature)),
    channel: connectors.channel(tf.mean(map, [1, 2])),
    spatial: connectors.spatial(tf.mean(map, 3, true)),
    relation: connectors.relation(connectors.nonLocal(map)),
  };
}

/** The four distances of one level, unweighted. */
export function fkdTerms(student: StudentReading, teacher: TeacherReading, { teacherNonLocal }: Pick<FkdConnectors, "teacherNonLocal">, { atEquality }: Pick<Settings, "atEquality">): Readonly<Record<Term, tf.Scalar>> {
  const weights = withoutTape(() => tf.expandDims(tf.mul(tf.add(student.mask, teacher.mask), 0.5), 3));
  return {
    feature: distance(student.feature, teacher.map, { weights, atZero: atEquality }),
    channel: distance(student.channel, teacher.channel),
    spatial: distance(student.spatial, teacher.spatial),
    nonLocal: distance(student.relation, teacherNonLocal(teacher.map)),
  };
}

/** Readings of all levels as hints: one list for each part. */
function columns(levels: readonly TeacherReading[]): Record<keyof TeacherReading, tf.Tensor[]> {
  return { map: levels.map(({ map }) => map), mask: levels.map(({ mask }) => mask), channel: levels.map(({ channel }) => channel), spatial: levels.map(({ spatial }) => spatial) };
}
