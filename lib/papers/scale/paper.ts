import { checkpoints } from "../../detector/weights/catalogue.ts";
import type { BackboneConfig } from "../../detector/backbones/config.ts";
import type { DetectorSpec } from "../detectors.ts";
import { isTrained, publishedSeed, type Experiment } from "../experiment.ts";
import type { BackboneName, ItemRow, Setting } from "../item.ts";
import type { TeacherSpec } from "../teacher.ts";
import { publishedRuns } from "../published-run.ts";
import { runName } from "./name.ts";
import { publishedRecipe } from "./published.ts";

/** ImageNet networks that mmdetection's configurations start from; its FCOS takes Detectron's (`caffe`). */
const mmdetBackbones: Partial<Record<BackboneName, string>> = {
  "resnet-50": "torchvision/resnet50-2017",
  "resnet-101": "torchvision/resnet101-2017",
  "resnext-101-64x4d": "open-mmlab/resnext101_64x4d",
  "resnext-101-32x4d-dcn": "open-mmlab/resnext101_32x4d",
};
const caffeBackbones: Partial<Record<BackboneName, string>> = { "resnet-50": "open-mmlab/detectron/resnet50_caffe", "resnet-101": "open-mmlab/detectron/resnet101_caffe" };
const msraBackbones: Partial<Record<BackboneName, string>> = { "resnet-50": "detectron2/MSRA/R-50", "resnet-101": "detectron2/MSRA/R-101" };

/** Trained detectors of mmdetection's zoo by `<detector> <backbone> <schedule>`: teachers that need not be trained. */
const zoo: Readonly<Record<string, string>> = {
  "retinanet resnet-50 1x": "mmdetection/retinanet_r50_fpn_1x",
  "retinanet resnet-50 2x": "mmdetection/retinanet_r50_fpn_2x",
  "retinanet resnet-101 1x": "mmdetection/retinanet_r101_fpn_1x",
  "retinanet resnet-101 2x": "mmdetection/retinanet_r101_fpn_2x",
  "retinanet resnext-101-64x4d 1x": "mmdetection/retinanet_x101_64x4d_fpn_1x",
  "retinanet resnext-101-64x4d 2x": "mmdetection/retinanet_x101_64x4d_fpn_2x",
  "gfl resnet-50 1x": "mmdetection/gfl_r50_fpn_1x",
  "gfl resnet-50 2x-ms": "mmdetection/gfl_r50_fpn_mstrain_2x",
  "gfl resnet-101 2x-ms": "mmdetection/gfl_r101_fpn_mstrain_2x",
  "fcos resnet-50 2x-ms": "mmdetection/fcos_r50_caffe_fpn_mstrain_2x",
  "fcos resnet-101 2x-ms": "mmdetection/fcos_r101_caffe_fpn_mstrain_2x",
  "fasterRcnn resnet-50 1x": "mmdetection/faster_rcnn_r50_fpn_1x",
  "fasterRcnn resnet-50 2x": "mmdetection/faster_rcnn_r50_fpn_2x",
  "fasterRcnn resnet-101 1x": "mmdetection/faster_rcnn_r101_fpn_1x",
  "fasterRcnn resnet-101 2x": "mmdetection/faster_rcnn_r101_fpn_2x",
  "maskRcnn resnet-50 1x": "mmdetection/mask_rcnn_r50_fpn_1x",
  "maskRcnn resnet-50 2x": "mmdetection/mask_rcnn_r50_fpn_2x",
  "cascadeRcnn resnext-101-32x4d-dcn 1x": "mmdetection/cascade_mask_rcnn_x101_32x4d_fpn_dconv_c3-c5_1x",
};

const listed = (name: string | undefined) => (checkpoints.some((checkpoint) => checkpoint.name === name) ? name : undefined);

/** The catalogue's name of what an ImageNet network starts from; undefined where there is none. */
export function paperWeights({ code, detector, backbone }: Setting): string | undefined {
  const table = code !== "mmdet" ? msraBackbones : detector === "fcos" ? caffeBackbones : mmdetBackbones;
  const regNet = `torchvision/${backbone.replaceAll(/[-.]/g, "_")}`;
  return listed(backbone.startsWith("regnet-") ? regNet : table[backbone]);
}

/** The catalogue's checkpoint of the whole detector that a setting would train; undefined where it must be trained. */
export function checkpointOf({ code, detector, backbone, schedule, method }: Setting): string | undefined {
  return code === "mmdet" && method === undefined ? listed(zoo[`${detector} ${backbone} ${schedule}`]) : undefined;
}

/** What the paper profile would need and the catalogue of weights lacks, by name: empty when everything can be fetched. */
export function missing(setting: Setting): readonly string[] {
  const own = paperWeights(setting) === undefined ? [`ImageNet weights of ${setting.backbone} for ${setting.detector} (${setting.code})`] : [];
  const teacher = setting.teacher && checkpointOf(setting.teacher) === undefined ? missing(setting.teacher).map((what) => `of the teacher: ${what}`) : [];
  const encoder = setting.encoder ? missing(setting.encoder).map((what) => `of LabelEnc's first step: ${what}`) : [];
  return [...own, ...teacher, ...encoder];
}

/** ResNeXt with deformable convolutions is one name in the papers, and a name with an option here. */
function backboneOf(backbone: BackboneName): string | Partial<BackboneConfig> {
  if (backbone !== "resnext-101-32x4d-dcn") return backbone;
  return { name: "resnext-101-32x4d", dcn: { stages: [3, 4, 5], version: 1, deformGroups: 1 } };
}

function detectorOf({ detector, backbone }: Setting, preset: string): DetectorSpec {
  const own = preset === "mmdet-x101-32x4d-dconv";
  return { kind: detector, preset, ...(!own && { backbone: backboneOf(backbone) }) } as DetectorSpec;
}

/** What a setting trains in the paper profile. */
export function paperDetector(setting: Setting): DetectorSpec {
  return detectorOf(setting, publishedRecipe(setting).preset);
}

interface PaperOptions {
  readonly name?: string;
  readonly teacherSeed: number;
  /** Whose the setting is; a teacher's published checkpoint is taken as it is. */
  readonly role?: ItemRow["role"];
}

function teacherOf(teacher: Setting, teacherSeed: number): TeacherSpec {
  const experiment = paperExperiment(teacher, { teacherSeed, role: "teacher" });
  return { run: { experiment, seed: isTrained(experiment) ? teacherSeed : publishedSeed } };
}

/**
 * A detector as it was published in the place of a training: its weights are kept, scored and learnt from. How it was trained
 * names no run of it: another recipe would leave every student of it behind. Its images are prepared as for a test.
 */
function publishedDetector(setting: Setting, from: string): Experiment {
  const { preset, input } = publishedRecipe(setting);
  return {
    name: `${publishedRuns}/${from}`,
    detector: detectorOf(setting, preset),
    weights: { from, part: "detector" },
    data: { transforms: input.test, batchSize: 1 },
    training: { iterations: 0, learningRate: { base: 0 } },
  };
}

/**
 * A setting as its paper trained it, on COCO 2017's 117,266 images with objects; a teacher's is its published checkpoint, where
 * the catalogue has one.
 * @throws Error for what the origin does not have, and for what the catalogue of weights lacks, by name
 */
export function paperExperiment(setting: Setting, { name, teacherSeed, role }: PaperOptions): Experiment {
  const published = role === "teacher" ? checkpointOf(setting) : undefined;
  if (published !== undefined) return publishedDetector(setting, published);
  const lacks = missing(setting);
  if (lacks.length > 0) throw new Error(`the paper profile lacks ${lacks.join("; ")}. \`potstill weights list\` shows what there is; give the training as a file (potstill train) with weights of your own`);
  const { preset, input, batchSize, training, method } = publishedRecipe(setting);
  const experiment = {
    detector: detectorOf(setting, preset),
    weights: paperWeights(setting)!,
    ...(method && { method }),
    ...(setting.teacher && { teacher: teacherOf(setting.teacher, teacherSeed) }),
    ...(setting.encoder && { encoder: { run: { experiment: paperExperiment(setting.encoder, { teacherSeed }), seed: teacherSeed } } }),
    ...(setting.inherit && { inherit: true as const }),
    data: { transforms: input.train, batchSize, dropEmpty: true },
    training,
  };
  return { name: name ?? runName("paper", experiment), ...experiment };
}
