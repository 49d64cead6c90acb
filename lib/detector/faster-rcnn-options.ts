import type { BackboneConfig } from "./backbones/config.ts";
import { optionChecks, type OptionChecks } from "./checks.ts";
import type { DeepPartial } from "./deep-overlay.ts";
import { fasterRcnnPresets, type FasterRcnnPreset } from "./presets/faster-rcnn.ts";
import type { FasterRcnnConfig } from "./two-stage-config.ts";
import { overPreset, type Resolved } from "./two-stage-options.ts";

export type { FasterRcnnPreset } from "./presets/faster-rcnn.ts";

export interface FasterRcnnOptions extends DeepPartial<Omit<FasterRcnnConfig, "names" | "recipe" | "backbone" | "channels">> {
  /** Whose settings to start from. Default `tiny`. */
  readonly preset?: FasterRcnnPreset;
  /** Number of classes K, background not counted. */
  readonly classes: number;
  /** Channels C of the pyramid. Default the preset's: 256; 32 for `tiny`. */
  readonly channels?: number;
  /** Seed of the initial weights and of the sampling. */
  readonly seed: number;
  /** A name (`resnet-50`, `regnet-x-400mf`, `tiny-8`), what `resnet()` and `regnet()` return, or the settings in detail. */
  readonly backbone?: string | Partial<BackboneConfig>;
  /** Shown in reports. Default made of preset and backbone. */
  readonly name?: string;
}

export type ResolvedFasterRcnn = Resolved<FasterRcnnConfig>;

/**
 * The preset with the options put over it.
 * @throws Error for an unknown option, preset or backbone, and for values that do not fit together
 */
export function resolveFasterRcnn(options: FasterRcnnOptions | FasterRcnnPreset): ResolvedFasterRcnn {
  const resolved = overPreset<FasterRcnnConfig>("faster-rcnn", fasterRcnnPresets, options);
  checkTwoStage("faster-rcnn", resolved);
  return resolved;
}

/** @throws Error for values that do not fit together; `detector` names whose option it is */
export function checkTwoStage(detector: string, config: ResolvedFasterRcnn): void {
  const checks: OptionChecks = optionChecks(detector);
  const { whole, fail } = checks;
  const { classes, channels, seed, neck } = config;
  whole("classes", classes, 1);
  whole("channels", channels, 1);
  if (!Number.isFinite(seed)) fail("seed", seed, "a finite number");
  whole("neck.first", neck.first, 2, 5);
  whole("neck.last", neck.last, neck.first, 5);
  whole("neck.extraLevels", neck.extraLevels, 0, 4);
  checkRpn(checks, config);
  checkBox(checks, config);
}

function checkRpn({ whole, inside, oneOf, fail }: OptionChecks, { rpn, neck }: ResolvedFasterRcnn): void {
  const { sizes, ratios, outer, strides } = rpn.anchors;
  const levels = neck.last - neck.first + 1 + neck.extraLevels;
  if (sizes.length !== levels) fail("rpn.anchors.sizes", `${sizes.length} levels`, `one list of sizes per level of the pyramid (${levels})`);
  if (sizes.some((level) => level.length === 0 || level.length !== sizes[0].length)) fail("rpn.anchors.sizes", JSON.stringify(sizes), "equally many sizes on every level, as the head is shared");
  for (const value of [...sizes.flat(), ...ratios]) inside("rpn.anchors.sizes and rpn.anchors.ratios", value, 0, Infinity);
  oneOf("rpn.anchors.outer", outer, ["ratio", "size"]);
  oneOf("rpn.anchors.strides", strides, ["level", "image"]);
  oneOf("rpn.region", rpn.region, ["all", "centre", "whole"]);
  oneOf("rpn.normaliser", rpn.normaliser, ["sampled", "sampled-or-one", "count"]);
  checkSampling({ whole, inside, oneOf, fail }, "rpn", rpn);
  for (const phase of ["train", "test"] as const) {
    whole(`rpn.${phase}.perLevel`, rpn[phase].perLevel, 1);
    whole(`rpn.${phase}.total`, rpn[phase].total, 1);
    inside(`rpn.${phase}.nms`, rpn[phase].nms, 0, 1);
  }
}

function checkBox(checks: OptionChecks, { roi, box, decode }: ResolvedFasterRcnn): void {
  const { whole, inside, oneOf, fail } = checks;
  if (box.hidden.length === 0) fail("box.hidden", "empty", "the widths of one hidden layer or more, as [1024, 1024]");
  oneOf("roi.levels.kind", roi.levels.kind, ["torchvision", "mmdet", "detectron2"]);
  inside("roi.levels.canonical", roi.levels.canonical, 0, Infinity);
  whole("roi.samplingRatio", roi.samplingRatio, 0);
  for (const side of box.size) whole("box.size", side, 1);
  for (const width of box.hidden) whole("box.hidden", width, 1);
  oneOf("box.background", box.background, ["first", "last"]);
  oneOf("box.truth", box.truth, ["append", "prepend", "none"]);
  oneOf("box.initialiser", box.initialiser, ["torchvision", "mmdet", "detectron2"]);
  checkSampling(checks, "box", box);
  inside("decode.nms", decode.nms, 0, 1);
  whole("decode.maxDetections", decode.maxDetections, 1);
}

function checkSampling({ whole, inside, oneOf, fail }: OptionChecks, part: "rpn" | "box", { assign, sampling, coder, beta }: Pick<ResolvedFasterRcnn["box"], "assign" | "sampling" | "coder" | "beta">): void {
  inside(`${part}.assign.positive`, assign.positive, 0, 1);
  if (!(assign.negative <= assign.positive)) fail(`${part}.assign.negative`, assign.negative, `at most ${part}.assign.positive (${assign.positive})`);
  oneOf(`${part}.assign.lowQuality`, assign.lowQuality, ["none", "own", "served", "served-first"]);
  whole(`${part}.sampling.count`, sampling.count, 1);
  inside(`${part}.sampling.positiveFraction`, sampling.positiveFraction, 0, 1);
  oneOf(`${part}.coder.clamp`, coder.clamp, ["above", "both"]);
  if (!(beta >= 0 && beta < Infinity)) fail(`${part}.beta`, beta, "a number from 0 (L1)");
}
