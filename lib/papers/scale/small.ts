import { labelEncDistanceFrom } from "../../distill/labelenc.ts";
import type { Dataset } from "../../data/dataset.ts";
import type { Transforms } from "../../data/transforms.ts";
import type { TrainingSettings } from "../../train/recipe.ts";
import type { DetectorKind, DetectorSpec } from "../detectors.ts";
import type { Experiment } from "../experiment.ts";
import type { BackboneName, Setting } from "../item.ts";
import { requireMasks } from "../masks.ts";
import type { MethodSpec } from "../method.ts";
import type { Profile } from "../sssd.ts";
import { carried, type CarriedWeights } from "./carried.ts";
import { runName } from "./name.ts";
import { inProportion, type Proportion } from "./proportion.ts";
import { publishedRecipe } from "./published.ts";

/** A network that stands for one of the papers': `tiny-<width>`, trained from scratch. */
export interface StandIn {
  readonly name: `tiny-${number}`;
  /** What stands for it where it is trained to teach: alone, by mmdetection's settings. */
  readonly teaching?: `tiny-${number}`;
}

/** Every number of a small profile. */
export interface SmallScale {
  readonly profile: Exclude<Profile, "paper">;
  /** Of the pyramid. */
  readonly channels: number;
  readonly batchSize: number;
  readonly transforms: Transforms;
  /** By schedule; a method's phases keep their parts of it. */
  readonly iterations: Readonly<Record<Setting["schedule"], number>>;
  /** Peak rate of AdamW by the origin of a setting. */
  readonly learningRate: Readonly<Record<Setting["code"], number>>;
  /** Teachers are trained for longer, whatever their schedule, since no ImageNet weights help them, and at a rate of their own. */
  readonly teachers: { readonly iterations: number; readonly learningRate: number };
  readonly warmup: number;
  readonly weightDecay: number;
  readonly clipNorm: number;
  readonly networks: Readonly<Record<Exclude<BackboneName, `regnet-${string}`>, StandIn>>;
  /** RegNets by name, ordered as the papers' are. */
  readonly regNets: Readonly<Record<string, StandIn>>;
  /** What each method's weights become. */
  readonly weights: CarriedWeights;
}

/** @throws Error for a RegNet that the profile has no network for */
export function standIn({ networks, regNets, profile }: SmallScale, backbone: BackboneName): StandIn {
  const found = (networks as Readonly<Record<string, StandIn>>)[backbone] ?? regNets[backbone];
  if (found === undefined) throw new Error(`the ${profile} profile has no network for ${backbone}; it has ${[...Object.keys(networks), ...Object.keys(regNets)].join(", ")}`);
  return found;
}

/** Pixels up to which pyramids start at stride 4; larger photographs start at 8. */
const smallImage = 160;

const longEdge = ({ images }: Pick<Dataset, "images">) => images.reduce((edge, { width, height }) => Math.max(edge, width, height), 0);

/** Levels /8, /16, /32 in place of the tiny presets' /4, /8, /16: anchors 2.5 and 3.75 strides wide (for objects of 20 to 120 pixels). */
function coarse(kind: DetectorKind): object {
  const neck = { first: 3, last: 5 };
  const strides = [8, 16, 32];
  const pairs = { sizes: strides.map((stride) => [2.5 * stride, 3.75 * stride]) };
  if (kind === "retinanet") return { neck, anchors: pairs };
  if (kind === "fcos") return { neck, assign: { ranges: [[-1, 32], [32, 64], [64, 1e5]] } };
  if (kind === "gfl" || kind === "atss") return { neck, anchors: { sizes: strides.map((stride) => [3 * stride]) } };
  return { neck, rpn: { anchors: pairs }, roi: { levels: { kind: "torchvision", canonical: 64, level: 0 } } };
}

function detectorOf(scale: SmallScale, setting: Setting, train: Pick<Dataset, "images">): DetectorSpec {
  const { detector: kind, backbone } = setting;
  const masks = kind === "cascadeRcnn" ? { masks: true } : {};
  const levels = longEdge(train) > smallImage ? coarse(kind) : {};
  return { kind, preset: "tiny", channels: scale.channels, backbone: { name: teaching(scale, setting) ?? standIn(scale, backbone).name }, ...levels, ...masks };
}

/** The network of a setting that is trained to teach; undefined of all others. */
function teaching(scale: SmallScale, { code, method, backbone }: Setting): string | undefined {
  return code === "mmdet" && method === undefined ? standIn(scale, backbone).teaching : undefined;
}

/** Iterations of a setting here. */
function lengthOf(scale: SmallScale, setting: Setting, published: TrainingSettings): number {
  if (teaching(scale, setting) !== undefined) return scale.teachers.iterations;
  const plain = scale.iterations[setting.schedule];
  const firstStep = setting.method?.name === "labelEnc" && setting.method.options?.step === 1;
  return firstStep ? Math.round((plain * published.iterations) / (published.iterations - labelEncDistanceFrom)) : plain;
}

function trainingOf(scale: SmallScale, setting: Setting, { published, iterations }: { readonly published: TrainingSettings; readonly iterations: number }): TrainingSettings {
  const factor = iterations / published.iterations;
  const at = (iteration: number) => Math.round(iteration * factor);
  const { backbone = 0 } = published.frozenUntil ?? {};
  return {
    iterations,
    optimiser: "adamw",
    learningRate: { base: teaching(scale, setting) === undefined ? scale.learningRate[setting.code] : scale.teachers.learningRate, warmup: Math.min(scale.warmup, iterations), drops: (published.learningRate.drops ?? []).map(at) },
    weightDecay: scale.weightDecay,
    clipNorm: scale.clipNorm,
    ...(backbone > 0 && { frozenUntil: { backbone: at(backbone) } }),
  };
}

function methodOf(scale: SmallScale, kind: DetectorKind, { method, proportion }: { readonly method: MethodSpec; readonly proportion: Proportion }): MethodSpec {
  const scaled = carried(inProportion(method, proportion), { weights: scale.weights, kind });
  // The Gram matrices of SemCKD are as wide as the batch.
  return scaled.name === "semckd" ? { ...scaled, options: { ...scaled.options, batch: scale.batchSize } } : scaled;
}

export interface SmallOptions {
  /** A dataset, or its images alone: then nothing is asked of masks. */
  readonly train: Pick<Dataset, "images"> & Partial<Dataset>;
  readonly name?: string;
  readonly teacherSeed: number;
}

/**
 * A setting at a small scale: its detector's tiny preset, a network from scratch, AdamW, the papers' schedule in proportion.
 * @throws Error for what the papers do not have, and for masks that the data lacks
 */
export function smallExperiment(scale: SmallScale, setting: Setting, { train, name, teacherSeed }: SmallOptions): Experiment {
  const { training: published, method } = publishedRecipe(setting);
  const detector = detectorOf(scale, setting, train);
  if (train.annotations !== undefined) requireMasks(detector, train as Dataset);
  const iterations = lengthOf(scale, setting, published);
  const { transforms, batchSize } = scale;
  const training = trainingOf(scale, setting, { published, iterations });
  const proportion = { length: iterations / published.iterations, warmup: training.learningRate.warmup! / published.learningRate.warmup! };
  const other = (its: Setting) => ({ experiment: smallExperiment(scale, its, { train, teacherSeed }), seed: teacherSeed });
  const experiment = {
    detector,
    ...(method && { method: methodOf(scale, setting.detector, { method, proportion }) }),
    // Laterals of the neck belong to another width of backbone here; they keep their own start.
    ...(setting.teacher && { teacher: { run: other(setting.teacher) }, ...(setting.inherit && { inherit: { unfit: "keep" } as const }) }),
    ...(setting.encoder && { encoder: { run: other(setting.encoder), unfit: "keep" } as const }),
    // There are no published weights of the tiny networks: random backbones are meant.
    ...(setting.teacher && { allow: ["randomBackbone"] as const }),
    data: { transforms, batchSize },
    training,
  };
  return { name: name ?? runName(scale.profile, experiment), ...experiment };
}
