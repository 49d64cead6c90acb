import { atssPresets, type AtssConfig, type AtssPreset } from "../presets/atss.ts";
import { fitNorm, fitSingleAnchors } from "./fits.ts";
import { anchorRules, atssAssignRules, centernessDecodeRules, coderRules, focalRules, headRules, neckRules, region } from "./parts.ts";
import { resolve, type DetectorOptions, type Resolved } from "./resolve.ts";
import { from0 } from "./values.ts";

export type AtssDetectorOptions = DetectorOptions<AtssConfig, AtssPreset>;
export type ResolvedAtss = Resolved<AtssConfig>;

/** @throws Error for an unknown option, preset or backbone, and for values that are wrong or do not fit together */
export function resolveAtss(options: AtssPreset | AtssDetectorOptions): ResolvedAtss {
  return resolve<AtssConfig>(options, {
    detector: "atss",
    presets: atssPresets,
    rules: {
      neck: neckRules,
      head: headRules,
      anchors: anchorRules,
      assign: atssAssignRules,
      region,
      coder: coderRules,
      focal: focalRules,
      boxLoss: { weight: from0 },
      decode: centernessDecodeRules,
    },
    fits: ({ neck, head, channels, anchors }, refuse) => {
      fitSingleAnchors(refuse, neck, anchors);
      fitNorm(refuse, head, channels);
    },
  });
}
