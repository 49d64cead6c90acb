import { optionChecks, refuseUnknown, type OptionChecks } from "../checks.ts";
import type { Norm } from "../layers.ts";
import { parseBackbone } from "./name.ts";

/** Deformable convolutions in place of the 3×3 ones. */
export interface DeformableConfig {
  /** Stages whose blocks deform, as the pyramid counts them: 3 is C3. */
  readonly stages: readonly number[];
  /** 1: offsets alone (Dai et al. 2017, mmdetection's `DCN`); 2: offsets and modulation (Zhu et al. 2019, `DCNv2`). Default 2. */
  readonly version?: 1 | 2;
  /** Groups of input channels that have offsets of their own. Default 1. */
  readonly deformGroups?: number;
}

/** A backbone as plain data; `resnet()` and `regnet()` write parts of it, and a preset of a detector fills the rest. */
export interface BackboneConfig {
  /** `resnet-50`, `resnext-101-32x4d`, `wide-resnet-50-2`, `regnet-x-400mf`, `tiny-8` or torchvision's spelling (`resnet50`). */
  readonly name: string;
  readonly norm: Norm;
  /** −1 trains everything, 0 freezes the stem, n also the first n stages. */
  readonly frozenStages: number;
  /** Stride of a bottleneck in its 3×3 (torchvision) or first 1×1 convolution (MSRA). */
  readonly stride: "3x3" | "1x1";
  /** Groups of the 3×3 convolution (ResNeXt's cardinality). */
  readonly groups: number;
  /** Channels per group of the first stage's 3×3 convolution (64 is ResNet, 4 with 32 groups ResNeXt-32×4d). */
  readonly width: number;
  readonly dcn?: DeformableConfig;
}

const keys = ["name", "norm", "frozenStages", "stride", "groups", "width", "dcn"] as const satisfies readonly (keyof BackboneConfig)[];

/**
 * The backbone of a detector: what was asked for, put over its preset's. Another name brings its own groups and width; a
 * tiny network has no pre-trained weights, so nothing of it is frozen, and its norm is GroupNorm, unless asked for.
 * @throws Error for unknown names and options and for values that do not fit together; `detector` names whose option it is
 */
export function backboneConfig(detector: string, base: BackboneConfig, given: string | Partial<BackboneConfig> = {}): BackboneConfig {
  const asked = typeof given === "string" ? { name: given } : given;
  refuseUnknown(`${detector} backbone`, asked, keys);
  const parsed = parseBackbone(asked.name ?? base.name);
  const { dcn: _, ...plain } = base;
  const merged = { ...(asked.name === undefined ? base : plain), ...impliedBy(parsed, asked.name !== undefined), ...asked, name: parsed.name };
  check(detector, merged);
  return merged;
}

function impliedBy(parsed: ReturnType<typeof parseBackbone>, renamed: boolean): Partial<BackboneConfig> {
  const scratch: Partial<BackboneConfig> = parsed.tiny ? { frozenStages: -1, ...(parsed.kind !== "tiny" && { norm: { kind: "group", groups: 4 } }) } : {};
  return renamed && parsed.kind === "resnet" ? { ...scratch, groups: parsed.groups, width: parsed.width } : renamed ? scratch : {};
}

function check(detector: string, config: BackboneConfig): void {
  const { whole, oneOf, fail }: OptionChecks = optionChecks(detector);
  const { name, frozenStages, stride, groups, width, dcn } = config;
  whole("backbone.frozenStages", frozenStages, -1, 4);
  oneOf("backbone.stride", stride, ["3x3", "1x1"]);
  whole("backbone.groups", groups, 1);
  whole("backbone.width", width, 1);
  const parsed = parseBackbone(name);
  if (parsed.kind === "resnet" && parsed.block === "basic" && (groups !== 1 || width !== 64 || dcn !== undefined)) {
    fail("backbone.name", `"${name}"`, "a network of bottlenecks (resnet-50, -101, -152, -tiny) where groups, width or dcn is given");
  }
  if (dcn === undefined) return;
  if (parsed.kind !== "resnet") fail("backbone.dcn", JSON.stringify(dcn), `left out for ${name}: deformable convolutions are built into ResNet and ResNeXt`);
  checkDeformable(detector, dcn);
}

function checkDeformable(detector: string, dcn: DeformableConfig): void {
  const { whole, fail }: OptionChecks = optionChecks(detector);
  refuseUnknown(`${detector} backbone dcn`, dcn, ["stages", "version", "deformGroups"]);
  if (!Array.isArray(dcn.stages)) fail("backbone.dcn.stages", dcn.stages, "a list of stages, as [3, 4, 5]");
  for (const stage of dcn.stages) whole("backbone.dcn.stages", stage, 2, 5);
  whole("backbone.dcn.version", dcn.version ?? 2, 1, 2);
  whole("backbone.dcn.deformGroups", dcn.deformGroups ?? 1, 1);
}
