import type { Norm } from "../layers.ts";
import { checkParts, overlay, partOf, refuse, shown, type Place, type RulesFor } from "../options/rules.ts";
import { listOf, norm, oneOf, optional, record, text, whole } from "../options/values.ts";
import { parseBackbone, type ParsedBackbone } from "./name.ts";

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

const rules: RulesFor<BackboneConfig> = {
  name: text,
  norm,
  frozenStages: whole(-1, 4),
  stride: oneOf("3x3", "1x1"),
  groups: whole(1),
  width: whole(1),
  dcn: optional(record({
    stages: listOf(whole(2, 5), "a list of stages, as [3, 4, 5]"),
    version: optional(whole(1, 2)),
    deformGroups: optional(whole(1)),
  } satisfies RulesFor<DeformableConfig>)),
};

/**
 * The backbone of a detector: what was asked for, put over its preset's. Another name brings its own groups and width; a
 * tiny network has no pre-trained weights, so nothing of it is frozen, and its norm is GroupNorm, unless asked for.
 * @throws Error for unknown names and options and for values that do not fit together; `detector` names whose option it is
 */
export function backboneConfig(detector: string, base: BackboneConfig, given: string | Partial<BackboneConfig> = {}): BackboneConfig {
  const place = { detector, path: "backbone" };
  const asked: Partial<BackboneConfig> = overlay(rules, { base: {}, given: typeof given === "string" ? { name: given } : given, place });
  const parsed = parseBackbone(asked.name ?? base.name);
  const { dcn: _, ...plain } = base;
  const merged = { ...(asked.name === undefined ? base : plain), ...impliedBy(parsed, asked.name !== undefined), ...asked, name: parsed.name };
  checkParts(rules, merged, place);
  fit(parsed, { asked, merged, place });
  return merged;
}

function impliedBy(parsed: ParsedBackbone, renamed: boolean): Partial<BackboneConfig> {
  const scratch: Partial<BackboneConfig> = parsed.tiny ? { frozenStages: -1, ...(parsed.kind !== "tiny" && { norm: { kind: "group", groups: 4 } }) } : {};
  return renamed && parsed.kind === "resnet" ? { ...scratch, groups: parsed.groups, width: parsed.width } : renamed ? scratch : {};
}

/** Refuses what a network of this kind has no use for. */
function fit(parsed: ParsedBackbone, { asked, merged, place }: { readonly asked: Partial<BackboneConfig>; readonly merged: BackboneConfig; readonly place: Place }): void {
  const { name, dcn } = merged;
  if (parsed.kind === "resnet") {
    const plain = merged.groups === 1 && merged.width === 64 && dcn === undefined;
    if (parsed.block === "basic" && !plain) refuse(partOf(place, "name"), shown(name), "a network of bottlenecks (resnet-50, -101, -152, -tiny) where groups, width or dcn is given");
    return;
  }
  if (dcn !== undefined) refuse(partOf(place, "dcn"), shown(dcn), `left out for ${name}: deformable convolutions are built into ResNet and ResNeXt`);
  const own = { groups: 1, width: 64, stride: "3x3" } as const;
  for (const key of ["groups", "width", "stride"] as const) {
    if (asked[key] !== undefined && asked[key] !== own[key]) refuse(partOf(place, key), shown(asked[key]), `left out for ${name}: it belongs to ResNet and ResNeXt`);
  }
  if (parsed.kind === "tiny" && asked.norm !== undefined && asked.norm.kind !== "group") refuse(partOf(place, "norm"), shown(asked.norm), `left out for ${name}: its norm is GroupNorm`);
}
