import type { BoxLossConfig, RetinaNetConfig } from "../config.ts";
import { retinaNetPresets, type RetinaNetPreset } from "../presets/retinanet.ts";
import { fitAnchors, fitAssign, fitNorm, type Refuse } from "./fits.ts";
import { anchorRules, assignRules, coderRules, decodeRules, focalRules, headRules, neckRules, region } from "./parts.ts";
import { resolve, type DetectorOptions, type Resolved } from "./resolve.ts";
import { from0, oneOf } from "./values.ts";

export type RetinaNetOptions = DetectorOptions<RetinaNetConfig, RetinaNetPreset>;
export type ResolvedRetinaNet = Resolved<RetinaNetConfig>;

/** @throws Error for an unknown option, preset or backbone, and for values that are wrong or do not fit together */
export function resolveRetinaNet(options: RetinaNetPreset | RetinaNetOptions): ResolvedRetinaNet {
  return resolve<RetinaNetConfig>(options, {
    detector: "retinanet",
    presets: retinaNetPresets,
    rules: {
      neck: neckRules,
      head: headRules,
      anchors: anchorRules,
      assign: assignRules,
      region,
      coder: coderRules,
      focal: focalRules,
      boxLoss: { kind: oneOf("l1", "smooth-l1", "giou"), beta: from0, weight: from0 },
      normaliser: oneOf("image", "batch", "moving-average"),
      decode: decodeRules,
    },
    fits: ({ neck, head, channels, anchors, assign, boxLoss }, refuse) => {
      fitAnchors(refuse, neck, anchors);
      fitNorm(refuse, head, channels);
      fitAssign(refuse, assign);
      fitBeta(refuse, boxLoss);
    },
  });
}

function fitBeta(refuse: Refuse, { kind, beta }: BoxLossConfig): void {
  if (kind === "smooth-l1" && beta === 0) refuse("boxLoss.beta", "0", 'a finite number above 0 with boxLoss.kind "smooth-l1"; without it, say "l1"');
  if (kind !== "smooth-l1" && beta !== 0) refuse("boxLoss.beta", String(beta), `left out with boxLoss.kind "${kind}": it belongs to "smooth-l1"`);
}
