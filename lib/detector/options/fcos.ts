import type { PointAssignOptions } from "../assign/points.ts";
import { fcosPresets, type FcosConfig, type FcosPreset } from "../presets/fcos.ts";
import { fitLevels, fitNorm, type Refuse } from "./fits.ts";
import { centernessDecodeRules, focalRules, headRules, neckRules } from "./parts.ts";
import { resolve, type DetectorOptions, type Resolved } from "./resolve.ts";
import { shown } from "./rules.ts";
import { flag, from0, listOf, number, oneOf } from "./values.ts";

export type FcosOptions = DetectorOptions<FcosConfig, FcosPreset>;
export type ResolvedFcos = Resolved<FcosConfig>;

const pair = "pairs from – to in pixels, the first below the second";
const offset = number("from 0 to below 1 (a part of a cell)", (v) => v >= 0 && v < 1);
const radius = number("above 0 (in strides), or Infinity to sample no centres", (v) => v > 0);
const bound = number("a number of pixels, or Infinity", (v) => !Number.isNaN(v));

/** @throws Error for an unknown option, preset or backbone, and for values that are wrong or do not fit together */
export function resolveFcos(options: FcosPreset | FcosOptions): ResolvedFcos {
  return resolve<FcosConfig>(options, {
    detector: "fcos",
    presets: fcosPresets,
    rules: {
      neck: neckRules,
      head: { ...headRules, bias: flag, scales: flag, centerness: oneOf("class", "box"), activation: oneOf("exp", "relu"), units: oneOf("pixels", "strides") },
      points: { offset, strides: oneOf("level", "image") },
      assign: { ranges: listOf(listOf(bound, pair, (length) => length === 2), pair), bounds: oneOf("inclusive", "exclusive"), radius },
      focal: focalRules,
      boxLoss: { kind: oneOf("log", "giou"), weighting: oneOf("centerness", "equal"), weight: from0 },
      normaliser: oneOf("batch", "moving-average"),
      decode: centernessDecodeRules,
    },
    fits: ({ neck, head, channels, assign }, refuse) => {
      fitLevels(refuse, neck, { option: "assign.ranges", count: assign.ranges.length, entry: "one entry" });
      fitNorm(refuse, head, channels);
      fitRanges(refuse, assign);
    },
  });
}

function fitRanges(refuse: Refuse, { ranges }: PointAssignOptions): void {
  for (const [low, high] of ranges) if (!(low < high)) refuse("assign.ranges", shown([low, high]), pair);
}
