import type { distillers, DistillerName } from "../distill/index.ts";
import type { MethodOptionsOf } from "./method.ts";

interface Entry<N extends DistillerName> {
  /** Whether it learns from a detector that the experiment names. */
  readonly teacher: "teacher" extends keyof Parameters<(typeof distillers)[N]>[0] ? true : false;
  /** Every option that a configuration may set. */
  readonly options: Readonly<Record<keyof MethodOptionsOf<N>, true>>;
}

/** What is left to the label-guided methods' builders. */
const labelGuided = {
  heads: true, widths: true, addContextBox: true, detachAppearanceEmbed: true, distillFrom: true, distillUntil: true, singleCell: true,
} as const;

/** What a configuration may say to each method: one line per method, whose completeness the compiler checks. */
export const methodTable: { readonly [N in DistillerName]: Entry<N> } = {
  crossKd: { teacher: true, options: { preset: true, class: true, box: true, centerness: true, beta: true, convs: true, boxLoss: true, normaliser: true, least: true } },
  cwd: { teacher: true, options: { preset: true, alpha: true, temperature: true, levels: true, site: true, logarithm: true } },
  fgd: { teacher: true, options: { preset: true, alpha: true, beta: true, gamma: true, lambda: true, temperature: true, levels: true, scaleBy: true, area: true } },
  fitNets: { teacher: true, options: { preset: true, feature: true, regressor: true, relu: true, levels: true } },
  fkd: { teacher: true, options: { preset: true, feature: true, channel: true, spatial: true, nonLocal: true, levels: true, reduction: true, temperature: true, pool: true, pooling: true, atEquality: true } },
  frs: { teacher: true, options: { preset: true, feature: true, head: true, warmup: true, adapter: true, crossEntropy: true, mask: true, regions: true } },
  gid: {
    teacher: true,
    options: { preset: true, feature: true, relation: true, class: true, box: true, beta: true, bins: true, adapter: true, among: true, candidates: true, nms: true, instances: true, minSide: true },
  },
  labelEnc: { teacher: false, options: { step: true, encoder: true, preset: true, neck: true, widths: true, emptyBoxes: true, distanceFrom: true, distanceUntil: true } },
  ld: {
    teacher: true,
    options: { preset: true, box: true, valuable: true, class: true, temperature: true, classTemperature: true, bins: true, gamma: true, candidates: true, valuableWeight: true, normaliser: true },
  },
  lgd: { teacher: false, options: labelGuided },
  mgd: { teacher: true, options: { preset: true, alpha: true, ratio: true, levels: true } },
  pkd: { teacher: true, options: { preset: true, alpha: true, levels: true, pairing: true, resize: true, singleValue: true } },
  semckd: { teacher: true, options: { preset: true, feature: true, factor: true, batch: true, similarity: true, levels: true, epsilon: true } },
  sharedKd: {
    teacher: true,
    options: { preset: true, featureWeight: true, identical: true, cross: true, site: true, pool: true, crop: true, target: true, dense: true, direction: true, pairs: true, reduction: true },
  },
  sssd: { teacher: false, options: { ...labelGuided, distance: true } },
  tfFd: { teacher: false, options: { interWeight: true, intraWeight: true, site: true, asPublished: true, detachSalient: true } },
};
