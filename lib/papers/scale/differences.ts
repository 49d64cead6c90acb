import type { Transforms } from "../../data/transforms.ts";
import type { DistillerName } from "../../distill/index.ts";
import type { Experiment } from "../experiment.ts";
import type { Setting } from "../item.ts";
import type { MethodSpec } from "../method.ts";
import { carriedBy } from "./carried.ts";
import { compare, compareEach, shown, type Difference } from "./compare.ts";
import { completeDetector } from "./config.ts";
import { smokeScenes } from "./data.ts";
import { checkpointOf, paperDetector, paperWeights } from "./paper.ts";
import { publishedRecipe } from "./published.ts";
import { smallExperiment, type SmallScale } from "./small.ts";

/** What a dataset of the profile looks like to a pyramid: its images' sizes alone. */
const imagesOf = { smoke: { width: smokeScenes.size, height: smokeScenes.size }, mini: { width: 320, height: 240 } } as const;

const dataHere = {
  smoke: `${smokeScenes.images.train} synthetic scenes of ${smokeScenes.size}×${smokeScenes.size} pixels with ${smokeScenes.classes} classes and unlabelled look-alikes, scored on ${smokeScenes.images.val} others; or the splits of a given folder`,
  mini: "the training split of the given folder, scored on its validation split",
} as const;

const dataThere = ({ code }: Setting) => (code === "labelenc" ? "COCO 2014 train and valminusminival, scored on minival" : "COCO 2017: 118,287 images, of which the 117,266 with objects are trained on, scored on val2017");

const titles: Readonly<Record<string, string>> = {
  channels: "channels of the pyramid", backbone: "backbone", neck: "pyramid", head: "head", anchors: "anchors", points: "points", assign: "assignment",
  coder: "coding of boxes", focal: "classification loss", boxLoss: "box loss", normaliser: "normaliser of the losses", decode: "detections", rpn: "proposal network",
  roi: "levels of regions", box: "box head", mask: "mask head", loss: "losses", stages: "cascade",
};

const trainingTitles: Readonly<Record<string, string>> = {
  iterations: "iterations", learningRate: "learning rate", weightDecay: "weight decay", momentum: "momentum", clipValue: "clipping of gradients", clipNorm: "clipping of the gradient's norm",
  biases: "biases", frozenUntil: "frozen at first (iterations)",
};

/** The detector by parts; a backbone's weights belong to it. */
function detectors(setting: Setting, here: Experiment): Difference[] {
  const [paper, own] = [completeDetector(paperDetector(setting)), completeDetector(here.detector)];
  const withStart = (config: Readonly<Record<string, unknown>>, start: string) => ({ ...config, backbone: { ...(config.backbone as object), start } });
  return compareEach(withStart(paper, paperWeights(setting) ?? "ImageNet weights"), withStart(own, "random weights"), (key) => titles[key] ?? `detector: ${key}`);
}

function methods(paper: MethodSpec | undefined, here: MethodSpec | undefined, { scale, setting }: { readonly scale: SmallScale; readonly setting: Setting }): Difference[] {
  if (paper === undefined || here === undefined) return compare("method", paper, here);
  const entries = ({ name: _, options, ...rest }: MethodSpec) => ({ ...rest, ...options });
  return compareEach(entries(paper), entries(here), (key) => `${paper.name}: ${key}`).map((row, i, rows) => ({ ...row, here: `${row.here}${because(rows[i].what, paper.name, { scale, setting })}` }));
}

function because(what: string, name: DistillerName, { scale, setting }: { readonly scale: SmallScale; readonly setting: Setting }): string {
  const reason = carriedBy(scale.weights, { name, option: what.slice(what.indexOf(": ") + 2), kind: setting.detector })?.reason;
  return reason === undefined ? "" : ` (${reason})`;
}

const teacherThere = (teacher: Setting) => checkpointOf(teacher) ?? `${teacher.detector} ${teacher.backbone}, trained for ${shown(publishedRecipe(teacher).training.iterations)} iterations`;

function starts(setting: Setting, here: Experiment): Difference[] {
  const run = here.teacher?.run ?? here.encoder?.run;
  const trained = typeof run === "object" ? `${shown(backboneOf(run.experiment))} from random weights, trained here for ${shown(run.experiment.training.iterations)} iterations with seed ${run.seed ?? 0}` : undefined;
  return [
    ...(setting.teacher ? compare("teacher", teacherThere(setting.teacher), trained) : []),
    ...(setting.encoder ? compare("LabelEnc's first step", `${setting.encoder.backbone}, ${shown(publishedRecipe(setting.encoder).training.iterations)} iterations`, trained) : []),
    ...(setting.inherit ? compare("start of the student's neck and head", "the teacher's", "the teacher's, where they fit: laterals of a network of another width keep their own start") : []),
  ];
}

function backboneOf({ detector: { backbone } }: Experiment): string {
  return typeof backbone === "object" ? backbone.name ?? "" : backbone ?? "";
}

const imagesText = ({ resize, ...transforms }: Transforms) => ({ resize: resize ?? "as stored", ...transforms });

/** Everything in which a small profile's training of a setting differs from its paper's, part by part, with the reasons for its weights. */
export function smallDifferences(scale: SmallScale, setting: Setting): Difference[] {
  const { input, batchSize, training, method } = publishedRecipe(setting);
  const size = imagesOf[scale.profile];
  const here = smallExperiment(scale, setting, { train: { images: [{ id: 1, fileName: "", ...size }] }, teacherSeed: 0 });
  return [
    ...compare("data", dataThere(setting), dataHere[scale.profile]),
    ...compare("images", imagesText(input.train), imagesText(here.data.transforms)),
    ...compare("images without objects", "left out", here.data.dropEmpty ? "left out" : "kept"),
    ...compare("batch", batchSize, here.data.batchSize),
    ...detectors(setting, here),
    ...compareEach({ optimiser: "sgd", ...training }, here.training, (key) => trainingTitles[key] ?? key),
    ...methods(method, here.method, { scale, setting }),
    ...starts(setting, here),
  ];
}

/** Where the paper profile itself departs from what its paper says or did. */
export function paperDifferences(setting: Setting): Difference[] {
  const { code, detector, backbone, method, teacher } = setting;
  const rows: (Difference | false)[] = [
    { what: "images of an epoch", paper: "118,287 (COCO 2017)", here: "117,266: those with objects, as the origins' code trains on" },
    code === "labelenc" && { what: "data", paper: dataThere(setting), here: "COCO 2017" },
    code === "labelenc" && { what: "detector and start of the backbone", paper: "maskrcnn-benchmark's, from Detectron's MSRA weights", here: "detectron2's, from its MSRA weights" },
    backbone.startsWith("regnet-") && { what: "start of the backbone", paper: "not said; mmdetection starts RegNets from pycls' weights", here: paperWeights(setting) ?? "no weights: not in the catalogue" },
    teacher !== undefined && checkpointOf(teacher) === undefined && { what: "teacher", paper: "its authors' checkpoint", here: "trained by the same recipe: the catalogue has none" },
    detector === "fcos" && code === "mmdet" && (method?.name === "fgd" || method?.name === "sharedKd") && { what: "student", paper: "FGD's code adds centre sampling, distances in strides and GIoU to the student", here: "the plain FCOS of its baseline" },
    method?.name === "frs" && detector === "retinanet" && { what: "teacher", paper: "2x in the paper's tables, the 1x checkpoint in the released configuration", here: teacher ? teacherThere(teacher) : "none" },
    method?.name === "sharedKd" && { what: "method", paper: "equations lost", here: "a reconstruction from the prose" },
  ];
  return rows.filter((row) => row !== false);
}
