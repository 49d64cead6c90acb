import { gflPresets, type GflConfig, type GflPreset } from "../presets/gfl.ts";
import { fitNorm, fitSingleAnchors } from "./fits.ts";
import { anchorRules, atssAssignRules, decodeRules, headRules, neckRules, region } from "./parts.ts";
import { resolve, type DetectorOptions, type Resolved } from "./resolve.ts";
import { from0, whole } from "./values.ts";

export type GflOptions = DetectorOptions<GflConfig, GflPreset>;
export type ResolvedGfl = Resolved<GflConfig>;

/** @throws Error for an unknown option, preset or backbone, and for values that are wrong or do not fit together */
export function resolveGfl(options: GflPreset | GflOptions): ResolvedGfl {
  return resolve<GflConfig>(options, {
    detector: "gfl",
    presets: gflPresets,
    rules: {
      neck: neckRules,
      head: { ...headRules, bins: whole(2, 256) },
      anchors: anchorRules,
      assign: atssAssignRules,
      region,
      loss: { beta: from0, box: from0, distribution: from0 },
      decode: decodeRules,
    },
    fits: ({ neck, head, channels, anchors }, refuse) => {
      fitSingleAnchors(refuse, neck, anchors);
      fitNorm(refuse, head, channels);
    },
  });
}
