import { createHash } from "node:crypto";
import type { BackendInfo } from "../backend/info.ts";
import type { Transforms } from "../data/transforms.ts";
import type { MaskConvention } from "../data/move-mask.ts";
import type { TrainingSettings } from "../train/recipe.ts";
import type { DetectorSpec } from "./detectors.ts";
import type { InheritOptions } from "../distill/index.ts";
import type { Concern } from "./concerns.ts";
import type { EncoderSpec } from "./encoder.ts";
import type { MethodOptionsOf, MethodSpec } from "./method.ts";
import type { TeacherSpec } from "./teacher.ts";
import type { WeightsSpec } from "./weights.ts";

/** Options of the label-guided methods. */
export type MethodOptions = MethodOptionsOf<"sssd">;

/** A training as plain data: what is trained on what and how, but not where its results lie. */
export interface Experiment {
  /** Folder below `runs/`: `<paper>/<item>/<row>`. */
  readonly name: string;
  readonly detector: DetectorSpec;
  /** What it starts from: a catalogue name or file for its backbone, or in detail. Default: random weights. */
  readonly weights?: string | WeightsSpec;
  /** The distillation method; without one the detector trains alone. */
  readonly method?: MethodSpec;
  /** Whom the student learns from, for the methods that need one. */
  readonly teacher?: TeacherSpec;
  /** LabelEnc's finished first step, for its second (`labelEnc` with `step: 2`). */
  readonly encoder?: EncoderSpec;
  /** The student starts with parts of the teacher, after its own weights; `true` is neck and head. */
  readonly inherit?: true | InheritOptions;
  /** What would be refused before the training, and is meant. It changes no number and no run's name. */
  readonly allow?: readonly Concern[];
  readonly data: {
    readonly transforms: Transforms;
    readonly batchSize: number;
    /** How masks follow their images, for detectors that learn from them; default `bitmap`. */
    readonly masks?: MaskConvention;
    /** Leave out images without objects, as mmdetection and detectron2 do; default false. */
    readonly dropEmpty?: boolean;
  };
  readonly training: TrainingSettings;
}

/** Whether it trains anything; with 0 iterations its weights are kept, scored and learnt from as they are. */
export const isTrained = ({ training: { iterations } }: Pick<Experiment, "training">): boolean => iterations > 0;

/** The seed of what is not trained: it has one run. */
export const publishedSeed = 0;

/** A number that a paper states, and where. */
export interface Target {
  readonly value: number;
  readonly source: string;
}

/** Version of what the numbers mean; raising it makes every run train anew. */
const format = 1;

/** The same JSON text for the same content, whatever the order of the keys; undefined fields are left out. */
export function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join(",")}]`;
  if (typeof value !== "object" || value === null) return JSON.stringify(value);
  const entries = Object.entries(value).filter(([, item]) => item !== undefined).sort(([a], [b]) => (a < b ? -1 : 1));
  return `{${entries.map(([key, item]) => `${JSON.stringify(key)}:${canonical(item)}`).join(",")}}`;
}

/**
 * What an experiment's run directory is named after: 16 hex digits of SHA-256 over its content (weights by
 * `weightsIdentity`, the teacher by `teacherIdentity`, LabelEnc's encoder by `encoderIdentity`), the data's and what computes it (a run of another backend or device is another run; thread counts only move the last bits).
 */
export function fingerprint(experiment: Omit<Experiment, "weights" | "teacher" | "encoder" | "allow"> & { readonly weights?: object; readonly teacher?: object; readonly encoder?: object }, dataHash: string, { name, device }: Pick<BackendInfo, "name" | "device">): string {
  const { name: _name, ...content } = experiment;
  return createHash("sha256").update(canonical({ format, ...content, dataHash, computedBy: `${name} ${device}` })).digest("hex").slice(0, 16);
}
