import type { ParameterStore } from "../parameters.ts";
import type { Backbone } from "./backbone.ts";
import type { BackboneConfig } from "./config.ts";
import { parseBackbone } from "./name.ts";
import { regNet, torchvisionRegNetNames, type RegNetNames } from "./regnet.ts";
import { resNet, type ResNetNames } from "./resnet.ts";
import { tinyBackbone } from "./tiny.ts";

/** How a reference implementation names a backbone's parameters. */
export interface BackboneNames {
  /** Before the names of a backbone that is not the reference's. */
  readonly prefix: string;
  readonly resNet: ResNetNames;
  /** Default torchvision's after the prefix. */
  readonly regNet?: RegNetNames;
}

/**
 * The network that a configuration describes.
 * @param stages number of stages: 3 ends with C4, 4 with C5
 */
export function buildBackbone(store: ParameterStore, config: BackboneConfig, { stages, names }: { readonly stages: number; readonly names: BackboneNames }): Backbone {
  const parsed = parseBackbone(config.name);
  const { norm, frozenStages, stride, groups, width, dcn } = config;
  if (parsed.kind === "tiny") return tinyBackbone(store, { width: parsed.width, stages, frozenStages, prefix: names.prefix });
  if (parsed.kind === "regnet") return regNet(store, { member: parsed.member, norm, frozenStages, stages, names: names.regNet ?? torchvisionRegNetNames(names.prefix) });
  return resNet(store, { depth: parsed.depth, norm, frozenStages, stride, groups, width, stages, names: names.resNet, ...(dcn && { dcn }) });
}
