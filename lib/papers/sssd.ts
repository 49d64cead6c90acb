import type { Transforms } from "../data/transforms.ts";
import { fasterRcnnPresets } from "../detector/presets/faster-rcnn.ts";
import type { Experiment, MethodOptions, Target } from "./experiment.ts";

/** `smoke` proves the pipeline in minutes on two CPU cores; `mini` is a small network on real photographs; `paper` is the paper's scale. */
export type Profile = "smoke" | "mini" | "paper";
export const profiles: readonly Profile[] = ["smoke", "mini", "paper"];

/** SSSD section 3.2, "Effect of adjusting λ": Faster R-CNN R-50 on COCO, 256 FPN channels. */
export const calibrationTargets = {
  lambda: { value: 50, source: "SSSD section 3.2: binary search gave λ = 50 for SSSD" },
  share: { value: 0.45, source: "SSSD section 3.2: mean λL_distill/L_total of LGD at λ = 1 after 1,000 iterations" },
  channels: { value: 256, source: "LGD's configurations: FPN channels" },
  iterations: { value: 1000, source: "SSSD section 3.2" },
} as const satisfies Record<string, Target>;

/** Where λ is searched for (SSSD section 3.2). */
export const calibrationInterval: readonly [number, number] = [1, 100];

/** What a profile fixes for the calibration; the image size decides the pyramid's levels. */
export interface CalibrationSetting {
  /** Iterations whose mean share is compared; all of them lie in the warm-up and before the backbone and the student's distillation start, as in the paper. */
  readonly iterations: number;
  readonly channels: number;
  /** Further channel counts for the λ* ∝ √C line. */
  readonly channelCounts: readonly number[];
  readonly batchSize: number;
  /** As tables show it. */
  readonly backbone: string;
  readonly detector: Experiment["detector"];
  /** What its backbone starts from; default random weights. */
  readonly weights?: string;
  readonly transforms: Transforms;
  /** Peak learning rate; the warm-up ends with the calibration. */
  readonly learningRate: number;
  readonly method: MethodOptions;
}

/** Pixels up to which the tiny network keeps a stride-4 level; larger photographs start at stride 8. */
const smallImage = 160;

function tinyDetector(channels: number, longEdge: number, backbone: string): Experiment["detector"] {
  const small = longEdge <= smallImage;
  const strides = small ? [4, 8, 16] : [8, 16, 32];
  const base = small ? 4 : 2.5;
  return {
    preset: "tiny",
    channels,
    backbone: { name: backbone },
    neck: small ? { first: 2, last: 4 } : { first: 3, last: 5 },
    anchors: { sizes: strides.map((stride) => [base * stride, 1.5 * base * stride]) },
  };
}

const smoke = (longEdge: number): CalibrationSetting => ({
  iterations: 30,
  channels: 32,
  channelCounts: [8, 16, 64],
  batchSize: longEdge <= smallImage ? 8 : 4,
  backbone: "tiny-8 (8 channels in the stem, from scratch)",
  detector: tinyDetector(32, longEdge, "tiny-8"),
  transforms: { flip: 0.5, padTo: 32, normalise: "simple" },
  learningRate: 0.01,
  method: {},
});

const mini = (longEdge: number): CalibrationSetting => ({
  iterations: 100,
  channels: 64,
  channelCounts: [16, 32, 128],
  batchSize: 4,
  backbone: "ResNet-18 (from scratch)",
  detector: { ...tinyDetector(64, longEdge, "resnet-18"), backbone: { name: "resnet-18", norm: { kind: "group", groups: 8 }, frozenStages: -1 } },
  transforms: { flip: 0.5, padTo: 32, normalise: "simple" },
  learningRate: 0.01,
  method: {},
});

/** LGD's Faster R-CNN R-50 configuration, with which the paper calibrated: batch 16, short edge 640–800, MSRA weights. */
const paper = (): CalibrationSetting => ({
  iterations: calibrationTargets.iterations.value,
  channels: calibrationTargets.channels.value,
  channelCounts: [64, 128],
  batchSize: 16,
  backbone: "ResNet-50 (MSRA weights)",
  detector: { kind: "fasterRcnn", preset: "detectron2-lgd", channels: 256 },
  weights: "detectron2/MSRA/R-50",
  transforms: fasterRcnnPresets["detectron2-lgd"].recipe.input.train,
  learningRate: fasterRcnnPresets["detectron2-lgd"].recipe.schedule.learningRate,
  method: { addContextBox: false, detachAppearanceEmbed: true },
});

/**
 * The calibration's setting in a profile.
 * @param longEdge pixels of the longest image side as stored
 */
export function calibrationSetting(profile: Profile, longEdge: number): CalibrationSetting {
  return { smoke, mini, paper }[profile](longEdge);
}

/** One probe: LGD or SSSD at a fixed λ over the first iterations. */
export interface CalibrationProbe {
  readonly method: "lgd" | "sssd";
  readonly lambda: number;
  /** Default: the setting's. */
  readonly channels?: number;
  readonly iterations?: number;
  readonly observe?: boolean;
}

/** A probe as an experiment. Frozen backbone and detached student: 20k and 30k iterations of 180k, so the first 1,000 see neither. */
export function calibrationExperiment(setting: CalibrationSetting, { method, lambda, channels = setting.channels, iterations = setting.iterations, observe }: CalibrationProbe): Experiment {
  return {
    name: `sssd/calibration/${method}`,
    detector: { ...setting.detector, channels },
    ...(setting.weights !== undefined && { weights: setting.weights }),
    method: { name: method, options: { ...setting.method, distillFrom: iterations }, lambda: [[0, lambda]], ...(observe && { observe }) },
    data: { transforms: setting.transforms, batchSize: setting.batchSize },
    training: {
      iterations,
      learningRate: { base: setting.learningRate, warmup: iterations },
      momentum: 0.9,
      weightDecay: 1e-4,
      clipValue: 1,
      frozenUntil: { backbone: iterations },
    },
  };
}
