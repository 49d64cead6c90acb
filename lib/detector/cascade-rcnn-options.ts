import { optionChecks } from "./checks.ts";
import type { DeepPartial } from "./deep-overlay.ts";
import { checkTwoStage, type FasterRcnnOptions } from "./faster-rcnn-options.ts";
import type { CascadeRcnnConfig } from "./mask-config.ts";
import { checkMask } from "./mask-rcnn-options.ts";
import { cascadeRcnnPresets, type CascadeRcnnPreset } from "./presets/cascade-rcnn.ts";
import { overPreset, type Resolved } from "./two-stage-options.ts";

export type { CascadeRcnnPreset } from "./presets/cascade-rcnn.ts";

export interface CascadeRcnnOptions extends Omit<FasterRcnnOptions, "preset" | "box">, DeepPartial<Pick<CascadeRcnnConfig, "box" | "masks" | "mask">> {
  /** Whose settings to start from. Default `tiny`. */
  readonly preset?: CascadeRcnnPreset;
  /** All stages; replaced as a whole. */
  readonly stages?: CascadeRcnnConfig["stages"];
}

export type ResolvedCascadeRcnn = Resolved<CascadeRcnnConfig>;

/**
 * The preset with the options put over it.
 * @throws Error for an unknown option, preset or backbone, and for values that do not fit together
 */
export function resolveCascadeRcnn(options: CascadeRcnnOptions | CascadeRcnnPreset): ResolvedCascadeRcnn {
  const resolved = overPreset<CascadeRcnnConfig>("cascade-rcnn", cascadeRcnnPresets, options, ({ masks }) => `cascade-${masks ? "mask-" : ""}rcnn`);
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
