import { backboneConfig } from "./backbones/config.ts";
import { optionChecks } from "./checks.ts";
import { deepOverlay, type DeepPartial } from "./deep-overlay.ts";
import { checkTwoStage, type FasterRcnnOptions } from "./faster-rcnn-options.ts";
import type { CascadeRcnnConfig } from "./mask-config.ts";
import { checkMask } from "./mask-rcnn-options.ts";
import { cascadeRcnnPresets, type CascadeRcnnPreset } from "./presets/cascade-rcnn.ts";

export type { CascadeRcnnPreset } from "./presets/cascade-rcnn.ts";

export interface CascadeRcnnOptions extends Omit<FasterRcnnOptions, "preset" | "box">, DeepPartial<Pick<CascadeRcnnConfig, "box" | "masks" | "mask">> {
  /** Whose settings to start from. Default `tiny`. */
  readonly preset?: CascadeRcnnPreset;
  /** All stages; replaced as a whole. */
  readonly stages?: CascadeRcnnConfig["stages"];
}

export interface ResolvedCascadeRcnn extends CascadeRcnnConfig {
  readonly name: string;
  readonly classes: number;
  readonly seed: number;
}

/**
 * The preset with the options put over it.
 * @throws Error for an unknown option, preset or backbone, and for values that do not fit together
 */
export function resolveCascadeRcnn(options: CascadeRcnnOptions | CascadeRcnnPreset): ResolvedCascadeRcnn {
  const { preset = "tiny", classes, seed, name, backbone: given, ...changes } = typeof options === "string" ? { preset: options, classes: 80, seed: 0 } : options;
  if (!Object.hasOwn(cascadeRcnnPresets, preset)) throw new Error(`preset "${preset}" of cascade-rcnn is unknown; allowed: ${Object.keys(cascadeRcnnPresets).join(", ")}`);
  const { names, backbone: own, ...base }: CascadeRcnnConfig = cascadeRcnnPresets[preset];
  const backbone = backboneConfig("cascade-rcnn", own, given);
  const merged = deepOverlay("cascade-rcnn", base, changes);
  const resolved = { ...merged, names, backbone, classes, seed, name: name ?? `cascade-${merged.masks ? "mask-" : ""}rcnn-${preset}-${backbone.name}` };
  check(resolved);
  return resolved;
}

function check(config: ResolvedCascadeRcnn): void {
  const { fail, inside } = optionChecks("cascade-rcnn");
  const { stages, names, box, mask } = config;
  if (stages.length === 0) fail("stages", "[]", "a list of at least one stage");
  for (const [s, { assign, coder, weight }] of stages.entries()) {
    checkTwoStage(`cascade-rcnn stage ${s + 1},`, { ...config, names: { ...names, box: names.box(s) }, box: { ...box, agnostic: true, assign, coder } });
    inside(`stages[${s}].weight`, weight, 0, Infinity);
  }
  checkMask("cascade-rcnn", mask);
}
