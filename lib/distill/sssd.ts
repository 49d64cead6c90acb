import { checkJsOptions, jsDistance, klDivergence, meanSquaredError, type JsDistanceOptions, type KlOptions, type MseOptions } from "./js-distance.ts";
import { labelGuided, type Compare, type LabelGuided, type LabelGuidedOptions } from "./lgd.ts";

/** What is put in the place of LGD's mean squared error. */
export type Distance =
  | ({ readonly kind: "js" } & JsDistanceOptions)
  | ({ readonly kind: "kl" } & KlOptions)
  | ({ readonly kind: "mse" } & MseOptions);

export interface SssdOptions extends LabelGuidedOptions {
  /** Default `{ kind: "js" }` with its defaults: channel softmax, element mean inside the root, base 2. */
  readonly distance?: Distance;
}

/**
 * Smooth and stepwise self-distillation (SSSD, Deng et al., arXiv 2303.05015): LGD with the Jensen–Shannon distance
 * between the normalised pyramids, L_total = L_det(K) + L_det(K_e) + λ·L_distill.
 *
 * λ (`weight`) defaults to 75, the paper's best at 256 channels; the stepwise variant is
 * `weight: stepwise([[0, λ1], [120_000, λ2]])`. Terms as for `lgd`.
 */
export function sssd(options: SssdOptions): LabelGuided {
  return labelGuided("sssd", { weight: 75, ...options }, compareBy(options.distance ?? { kind: "js" }));
}

function compareBy(distance: Distance): Compare {
  switch (distance.kind) {
    case "js":
      checkJsOptions(distance);
      return (student, enhanced) => jsDistance(student, enhanced, distance);
    case "kl":
      return (student, enhanced) => klDivergence(student, enhanced, distance);
    case "mse":
      return (student, enhanced) => meanSquaredError(student, enhanced, distance);
    default:
      throw new RangeError(`distance is ${JSON.stringify(distance)}; its kind must be "js", "kl" or "mse"`);
  }
}
