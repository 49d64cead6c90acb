import * as tf from "@tensorflow/tfjs-core";
import { checkPyramids, distributions, layout, toRows, type Distribution } from "./distribution.ts";
import { jensenShannon, kullbackLeibler } from "./divergence.ts";
import { meanSquaredError } from "./js-distance.ts";

/** What the distributions of one level sum up to; every reading of the loss is arithmetic on these. */
export interface LevelStatistics {
  /** Number of distributions, entries of each. */
  readonly D: number;
  readonly n: number;
  /** In nats. */
  readonly sumJSnats: number;
  readonly sumSqrtJSnats: number;
  readonly maxJSnats: number;
  /** KL(student ‖ enhanced). */
  readonly sumKLnats: number;
}

export interface StatisticsOptions {
  /** Default `channel`. */
  readonly distribution?: Distribution;
  /** Default 1. */
  readonly temperature?: number;
  /** Also sum the KL divergences; default true. */
  readonly kl?: boolean;
}

/** The statistics of each level of two pyramids [B, H_l, W_l, C]; nothing is left to dispose. Throws on unequal pyramids. */
export function divergenceStatistics(student: readonly tf.Tensor4D[], enhanced: readonly tf.Tensor4D[], options: StatisticsOptions = {}): LevelStatistics[] {
  const { distribution = "channel", temperature = 1, kl = true } = options;
  checkPyramids(student, enhanced);
  const plan = layout(student, distribution);
  return student.map((map, level) => {
    const rows = (of: tf.Tensor4D, run: (x: tf.Tensor2D) => Float32Array) => {
      const matrix = toRows([of], distribution);
      const values = run(matrix);
      matrix.dispose();
      return values;
    };
    const values = (compare: typeof jensenShannon) =>
      rows(map, (x) => rows(enhanced[level], (y) => {
        const divergences = compare(x, y, temperature);
        const out = divergences.values.dataSync<"float32">();
        tf.dispose([divergences.values, divergences.gradient]);
        return out;
      }));
    const js = values(jensenShannon);
    return {
      D: plan.rows[level],
      n: plan.entries[level],
      sumJSnats: total(js),
      sumSqrtJSnats: total(js.map(Math.sqrt)),
      maxJSnats: js.reduce((a, b) => Math.max(a, b), 0),
      sumKLnats: kl ? total(values(kullbackLeibler)) : NaN,
    };
  });
}

function total(values: Float32Array): number {
  let sum = 0;
  for (const value of values) sum += value;
  return sum;
}

/**
 * Every reading of SSSD's loss on the same pair of normalised pyramids, beside LGD's `mse`: the λ at which a reading has
 * LGD's share is about mse / reading, so that the readings can be compared with the paper's λ = 50.
 *
 * Names are `<distribution>.<reduction>[.<variant>].base<2|e>`, as `jsDistance` defines them; a suffix `.T12` is the
 * temperature.
 */
export function readings(student: readonly tf.Tensor4D[], enhanced: readonly tf.Tensor4D[]): Record<string, number> {
  const mse = tf.tidy(() => meanSquaredError(student, enhanced));
  const out: Record<string, number> = { mse: mse.dataSync()[0] };
  mse.dispose();
  const images = student[0].shape[0];
  const cells = student.reduce((sum, map) => sum + map.shape[1] * map.shape[2], 0);
  for (const distribution of distributions) {
    const levels = divergenceStatistics(student, enhanced, { distribution, kl: false });
    const nats = namedReadings(levels, images * cells);
    for (const [name, value] of Object.entries(nats)) {
      out[`${distribution}.${name}.base2`] = value / Math.sqrt(Math.LN2);
      out[`${distribution}.${name}.basee`] = value;
    }
  }
  const warm = divergenceStatistics(student, enhanced, { distribution: "channel", temperature: 12, kl: false });
  out["channel.literal.base2.T12"] = namedReadings(warm, images * cells).literal / Math.sqrt(Math.LN2);
  return out;
}

function namedReadings(levels: readonly LevelStatistics[], imageCells: number): Record<string, number> {
  const sum = (of: (level: LevelStatistics) => number) => levels.reduce((a, level) => a + of(level), 0);
  const roots = sum((level) => Math.sqrt(level.sumJSnats / (level.D * level.n)));
  return {
    elementMeanInsideSqrt: roots / levels.length,
    "elementMeanInsideSqrt.levelSum": roots,
    "meanOfDistances.pooled": sum((level) => level.sumSqrtJSnats) / sum((level) => level.D),
    "meanOfDistances.levelMean": sum((level) => level.sumSqrtJSnats / level.D) / levels.length,
    literal: sum((level) => level.sumSqrtJSnats) / imageCells,
  };
}
