import * as tf from "@tensorflow/tfjs-core";
import type { Batch } from "../data/batch.ts";
import type { Prediction } from "../detector/detector.ts";
import { stopGradient } from "../tensor/stop-gradient.ts";
import type { Distiller, Schedule, WeightedTerm } from "./distiller.ts";
import { meanSquaredError } from "./js-distance.ts";
import { labelTeacher, type LabelTeacher, type LabelTeacherOptions } from "./label-teacher.ts";
import { conv3x3, parameterSet, type Conv } from "./layers.ts";
import { readings } from "./readings.ts";
import { standardise } from "./standardise.ts";

export interface LabelGuidedOptions extends LabelTeacherOptions {
  /** λ, or λ as a function of the iteration. */
  readonly weight?: number | Schedule;
  /**
   * First iteration at which the distillation term reaches the student; before it only the adapter learns from it.
   * Default 0. LGD's configurations: 30,000; SSSD: 20,000.
   */
  readonly distillFrom?: number;
  /** First iteration at which it no longer does: all iterations − LGD's POST_NONDISTILL, the length of the last part. Default never. */
  readonly distillUntil?: number;
  /**
   * A level of a single cell: InstanceNorm of one value is undefined (LGD's PyTorch code stops there). `error` (default)
   * says so; `zero` defines both normalised maps as 0, so that the level only counts in the mean.
   */
  readonly singleCell?: "error" | "zero";
}

/** Instance-normalised maps [B, H_l, W_l, C] as the distillation term compares them. */
export interface NormalisedMaps {
  /** adapter(student), on the tape. */
  readonly student: tf.Tensor4D[];
  /** K_e, detached. */
  readonly enhanced: tf.Tensor4D[];
}

/** A method of LGD's kind. */
export interface LabelGuided extends Distiller {
  /** The label-enhanced side, for looking at its maps. */
  readonly teacher: LabelTeacher;
  /** Both sides of the distillation term; tensors belong to the current tidy scope. */
  normalised(student: Prediction, batch: Pick<Batch, "targets">): NormalisedMaps;
  /** Every reading of SSSD's distance on this batch, beside LGD's `mse`; nothing is left to dispose. */
  readings(student: Prediction, batch: Pick<Batch, "targets">): Record<string, number>;
}

/** A distance of two normalised pyramids; the second is a constant. */
export type Compare = (student: readonly tf.Tensor4D[], enhanced: readonly tf.Tensor4D[]) => tf.Scalar;

/**
 * Label-guided self-distillation (LGD, Zhang et al., AAAI 2022): L = L_det(K) + L_det(K_e) + λ·MSE, the error between
 * the instance-normalised adapted student pyramid and the instance-normalised K_e, the head being shared.
 *
 * Terms: `teacher.<detector term>` (K_e's detection losses, weight 1) and `distill` (weight λ, default 1).
 */
export function lgd(options: LabelGuidedOptions): LabelGuided {
  return labelGuided("lgd", { weight: 1, ...options }, meanSquaredError);
}

/** LGD's substrate under another distance: how `lgd` and `sssd` are made. */
export function labelGuided(name: string, options: LabelGuidedOptions & { readonly weight: number | Schedule }, compare: Compare): LabelGuided {
  const { weight, distillFrom = 0, distillUntil = Infinity, detachAppearanceEmbed = false, singleCell = "error" } = options;
  const schedule: Schedule = typeof weight === "number" ? () => weight : weight;
  const teacher = labelTeacher(options);
  const set = parameterSet(options.seed ?? 0);
  const adapter = adapterOf(set, options.channels);
  const enhance = (student: Prediction, { targets }: Pick<Batch, "targets">) => {
    if (singleCell === "error") checkCells(student);
    return teacher.enhance(detachAppearanceEmbed ? student.pyramid.map(stopGradient) : student.pyramid, targets, student).maps;
  };
  const normalise = (pyramid: readonly tf.Tensor4D[], maps: readonly tf.Tensor4D[]): NormalisedMaps => ({
    student: pyramid.map((map) => standardise(adapter(map), [1, 2])),
    enhanced: maps.map((map) => standardise(stopGradient(map), [1, 2])),
  });
  return {
    name,
    teacher,
    parameters: () => [...teacher.parameters, ...set.all],
    hints: () => ({}),
    loss: (student, _hints, batch, { iteration, detector }) => {
      const maps = enhance(student, batch);
      const { height, width } = student;
      const detection = detector.loss(detector.predict(maps, { height, width }), batch.targets, { iteration });
      const reaches = iteration >= distillFrom && iteration < distillUntil;
      const { student: own, enhanced } = normalise(reaches ? student.pyramid : student.pyramid.map(stopGradient), maps);
      const distill: WeightedTerm = { value: compare(own, enhanced), weight: schedule(iteration), kind: "distillation" };
      return { ...teacherTerms(detection), distill };
    },
    normalised: (student, batch) => normalise(student.pyramid, enhance(student, batch)),
    readings: (student, batch) => {
      const maps = tf.tidy(() => {
        const { student: own, enhanced } = normalise(student.pyramid, enhance(student, batch));
        return [...own, ...enhanced];
      });
      const levels = maps.length / 2;
      try {
        return readings(maps.slice(0, levels), maps.slice(levels));
      } finally {
        tf.dispose(maps);
      }
    },
    dispose: () => {
      teacher.dispose();
      set.dispose();
    },
  };
}

function teacherTerms(detection: Readonly<Record<string, tf.Scalar>>): Record<string, WeightedTerm> {
  return Object.fromEntries(Object.entries(detection).map(([term, value]) => [`teacher.${term}`, { value, weight: 1, kind: "detection" as const }]));
}

/** Three conv3×3 with ReLU between, shared by the levels. */
function adapterOf(set: ReturnType<typeof parameterSet>, channels: number): Conv {
  const convs = [0, 2, 4].map((index) => conv3x3(set, `adapter.${index}`, channels, { relu: index < 4 }));
  return (x) => convs.reduce((y, conv) => conv(y), x);
}

function checkCells(student: Prediction): void {
  const level = student.pyramid.findIndex((map) => map.shape[1] * map.shape[2] === 1);
  if (level < 0) return;
  const stride = Math.max(student.height, student.width);
  throw new Error(
    `level ${level} (counted from the finest, 0) has a single cell at ${student.height}×${student.width} pixels (stride ${stride} or more): InstanceNorm of one cell is undefined. Use larger images or fewer pyramid levels, or set singleCell: "zero"`,
  );
}
