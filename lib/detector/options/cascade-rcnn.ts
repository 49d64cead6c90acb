import type { CascadeRcnnConfig, CascadeStageConfig } from "../mask-config.ts";
import { cascadeRcnnPresets, type CascadeRcnnPreset } from "../presets/cascade-rcnn.ts";
import { fitAssign } from "./fits.ts";
import { assignRules, coderRules } from "./parts.ts";
import { resolve, type DetectorOptions, type Resolved } from "./resolve.ts";
import type { RulesFor } from "./rules.ts";
import { fitMask, fitRpn, maskRules, sharedBoxRules, sharedRules } from "./two-stage.ts";
import { above0, flag, listOf, record } from "./values.ts";

export type { CascadeRcnnPreset } from "../presets/cascade-rcnn.ts";

/** `stages` are replaced as a whole. */
export type CascadeRcnnOptions = DetectorOptions<CascadeRcnnConfig, CascadeRcnnPreset>;
export type ResolvedCascadeRcnn = Resolved<CascadeRcnnConfig>;

const stageRules: RulesFor<CascadeStageConfig> = { assign: assignRules, coder: coderRules, weight: above0 };

/** @throws Error for an unknown option, preset or backbone, and for values that are wrong or do not fit together */
export function resolveCascadeRcnn(options: CascadeRcnnOptions | CascadeRcnnPreset): ResolvedCascadeRcnn {
  return resolve<CascadeRcnnConfig>(options, {
    detector: "cascadeRcnn",
    presets: cascadeRcnnPresets,
    rules: { ...sharedRules, box: sharedBoxRules, stages: listOf(record(stageRules), "a list of at least one stage"), masks: flag, mask: maskRules },
    fits: (config, refuse) => {
      fitRpn(refuse, config);
      for (const [s, { assign }] of config.stages.entries()) fitAssign(refuse, assign, `stages[${s}].assign`);
      fitMask(refuse, config.mask);
    },
    title: ({ masks }) => `cascade-${masks ? "mask-" : ""}rcnn`,
  });
}
