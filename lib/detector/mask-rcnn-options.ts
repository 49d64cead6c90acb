import { optionChecks } from "./checks.ts";
import type { DeepPartial } from "./deep-overlay.ts";
import { checkTwoStage, type FasterRcnnOptions } from "./faster-rcnn-options.ts";
import type { MaskConfig, MaskRcnnConfig } from "./mask-config.ts";
import { maskRcnnPresets, type MaskRcnnPreset } from "./presets/mask-rcnn.ts";
import { overPreset, type Resolved } from "./two-stage-options.ts";

export type { MaskRcnnPreset } from "./presets/mask-rcnn.ts";

export interface MaskRcnnOptions extends Omit<FasterRcnnOptions, "preset"> {
  /** Whose settings to start from. Default `tiny`. */
  readonly preset?: MaskRcnnPreset;
  readonly mask?: DeepPartial<MaskConfig>;
}

export type ResolvedMaskRcnn = Resolved<MaskRcnnConfig>;

/**
 * The preset with the options put over it.
 * @throws Error for an unknown option, preset or backbone, and for values that do not fit together
 */
export function resolveMaskRcnn(options: MaskRcnnOptions | MaskRcnnPreset): ResolvedMaskRcnn {
  const resolved = overPreset<MaskRcnnConfig>("mask-rcnn", maskRcnnPresets, options);
  checkTwoStage("mask-rcnn", resolved);
  checkMask("mask-rcnn", resolved.mask);
  return resolved;
}

/** @throws Error for values that do not fit together; `detector` names whose option it is */
export function checkMask(detector: string, { size, convs, channels, map, targets, weight, paste, threshold }: MaskConfig): void {
  const { whole, inside, oneOf, fail } = optionChecks(detector);
  for (const side of size) whole("mask.size", side, 1);
  if (size.length !== 2 || size[0] !== size[1]) fail("mask.size", JSON.stringify(size), "equally many rows and columns, as [14, 14]");
  whole("mask.convs", convs, 0, 16);
  whole("mask.channels", channels, 1);
  oneOf("mask.map", map, ["class", "after-background", "only"]);
  oneOf("mask.targets.beyond", targets.beyond, ["border", "nothing"]);
  oneOf("mask.paste", paste, ["torchvision", "mmdet"]);
  inside("mask.threshold", threshold, 0, 1);
  if (!(weight >= 0 && weight < Infinity)) fail("mask.weight", weight, "a number from 0");
}
