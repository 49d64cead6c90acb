import { labelEncDistanceFrom } from "../../distill/labelenc.ts";
import type { cascadeRcnnPresets } from "../../detector/presets/cascade-rcnn.ts";
import { fasterRcnnPresets } from "../../detector/presets/faster-rcnn.ts";
import { detectron2OneStage, edgeInput, type InputRecipe, type ScheduleRecipe } from "../../detector/presets/recipe.ts";
import { frsPresets } from "../../distill/index.ts";
import { recipeSettings, type TrainingSettings } from "../../train/recipe.ts";
import { recipeOf, type DetectorKind, type DetectorSpec } from "../detectors.ts";
import type { Setting } from "../item.ts";
import type { MethodSpec } from "../method.ts";

/** Images of COCO 2017's training set: all, as the papers count them, and those with objects, which every origin trains on. */
export const cocoImages = { all: 118_287, withObjects: 117_266 } as const;

/** What a setting's origin trains: structure, images, schedule in iterations of 16 images, and the method with every phase said. */
export interface PublishedRecipe {
  readonly preset: string;
  readonly input: InputRecipe;
  readonly batchSize: number;
  readonly training: TrainingSettings;
  readonly method?: MethodSpec;
}

type Origin = Setting["code"];
type Length = Setting["schedule"];

const twice = { "1x": "mmdet", "2x": "mmdet-2x" } as const;
const twiceMultiscale = { "1x": "mmdet", "2x-ms": "mmdet-2x" } as const;
const lgd = { "180k": "detectron2-lgd" } as const;
const labelEnc = { "1x": "detectron2-lgd" } as const;

/** The preset that has an origin's structure and images, by detector and schedule. */
const presets: Readonly<Record<Origin, Partial<Record<DetectorKind, Partial<Record<Length, string>>>>>> = {
  mmdet: {
    retinanet: twice, fasterRcnn: twice, maskRcnn: twice, fcos: twiceMultiscale, gfl: twiceMultiscale,
    atss: { "1x": "mmdet" }, cascadeRcnn: { "1x": "mmdet-mask" },
  },
  "detectron2-lgd": { retinanet: lgd, fcos: lgd, fasterRcnn: lgd },
  labelenc: { retinanet: labelEnc, fcos: labelEnc, fasterRcnn: labelEnc },
};

/** Cascade Mask R-CNN's with deformable convolutions has a preset of its own. */
const deformable = "mmdet-x101-32x4d-dconv" satisfies keyof typeof cascadeRcnnPresets;

/** @throws Error for a schedule that the origin does not have for this detector, with those it has */
function presetOf({ code, detector, schedule, backbone }: Setting): string {
  const lengths = presets[code][detector];
  if (lengths === undefined) throw new Error(`${code} has no ${detector}; it has ${Object.keys(presets[code]).join(", ")}`);
  const preset = lengths[schedule] ?? (schedule === "2x" && code === "mmdet" ? lengths["1x"] : undefined);
  if (preset === undefined) throw new Error(`${code} has no schedule ${schedule} for ${detector}; it has ${Object.keys(lengths).join(", ")}`);
  return detector === "cascadeRcnn" && backbone === "resnext-101-32x4d-dcn" ? deformable : preset;
}

/**
 * LabelEnc's own (megvii-model/LabelEnc, `configs/*_1x.yaml` over `fcos_core/config/defaults.py`): detectron2's 1x with
 * maskrcnn-benchmark's warm-up and biases, images of one size; FCOS warms up at a constant rate.
 */
function labelEncSchedule(kind: DetectorKind): ScheduleRecipe {
  return {
    ...detectron2OneStage,
    learningRate: kind === "fasterRcnn" ? 0.02 : 0.01,
    warmup: { kind: kind === "fcos" ? "constant" : "linear", iterations: 500, factor: 1 / 3 },
    biases: { learningRate: 2, weightDecay: 0 },
    norms: undefined,
  };
}

function recipe(setting: Setting, preset: string): { readonly input: InputRecipe; readonly schedule: ScheduleRecipe } {
  const { input, schedule } = recipeOf({ kind: setting.detector, preset } as DetectorSpec);
  if (setting.code === "labelenc") {
    const own = labelEncSchedule(setting.detector);
    const added = firstStep(setting.method) ? labelEncDistanceFrom : 0;
    return { input: edgeInput({ train: 800, normalise: "caffe", rule: "detectron2" }), schedule: { ...own, length: own.length + added, drops: own.drops.map((drop) => drop + added) } };
  }
  const doubled = setting.schedule === "2x" && schedule.length === 12;
  return { input, schedule: doubled ? { ...schedule, length: 24, drops: [16, 22] } : schedule };
}

const firstStep = (method: MethodSpec | undefined) => method?.name === "labelEnc" && method.options?.step === 1;

/** LGD's `ADD_CONTEXT_BOX` and `DETACH_APPEARANCE_EMBED` by configuration. */
function labelGuided({ detector, backbone }: Setting): object {
  if (detector === "fasterRcnn") return { addContextBox: false, detachAppearanceEmbed: true };
  return { addContextBox: detector === "retinanet" || backbone === "resnet-101", detachAppearanceEmbed: false };
}

/** What the papers and their code say of a method beside what a setting does: phases in iterations, weights of the detector. */
function phases(setting: Setting, name: MethodSpec["name"], batchSize: number): { readonly options?: object; readonly lambda?: MethodSpec["lambda"] } {
  switch (name) {
    case "lgd": return { lambda: [[0, 1]], options: { ...labelGuided(setting), distillFrom: 30_000 } };
    case "sssd": return { lambda: [[0, 75]], options: { ...labelGuided(setting), distillFrom: 20_000 } };
    case "labelEnc": return { lambda: [[0, 1]], options: firstStep(setting.method) ? { distanceFrom: labelEncDistanceFrom } : { distanceUntil: 80_000 } };
    case "frs": return { options: { warmup: 500, ...frsWeights(setting.detector) } };
    case "semckd": return { options: { batch: batchSize } };
    default: return {};
  }
}

/** FRS's α and β of a detector; of those that its code does not have, Faster R-CNN's where there are two stages, else RetinaNet's. */
export function frsWeights(kind: DetectorKind): { readonly feature: number; readonly head: number } {
  if (Object.hasOwn(frsPresets, kind)) return frsPresets[kind as keyof typeof frsPresets];
  return /rcnn/i.test(kind) ? frsPresets.fasterRcnn : frsPresets.retinanet;
}

function methodOf(setting: Setting, batchSize: number): MethodSpec | undefined {
  const { method } = setting;
  if (method === undefined) return undefined;
  const { options, ...known } = phases(setting, method.name, batchSize);
  const merged = { ...options, ...method.options };
  return { ...known, ...method, ...(Object.keys(merged).length > 0 && { options: merged }) };
}

/** SSSD section 3.1: the backbone is frozen for so many iterations under the label-guided methods. */
const frozenBackbone = 20_000;

/**
 * @throws Error for what the origin does not have
 */
export function publishedRecipe(setting: Setting): PublishedRecipe {
  const preset = presetOf(setting);
  const { input, schedule } = recipe(setting, preset);
  const method = methodOf(setting, schedule.batchSize);
  const training = recipeSettings(schedule, { images: cocoImages.withObjects });
  const guided = method?.name === "lgd" || method?.name === "sssd";
  return { preset, input, batchSize: schedule.batchSize, training: { ...training, ...(guided && { frozenUntil: { backbone: frozenBackbone } }) }, ...(method && { method }) };
}

/** Channels of the papers' pyramids. */
export const publishedChannels = fasterRcnnPresets["detectron2-lgd"].channels;
