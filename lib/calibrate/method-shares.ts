import { collect } from "./study.ts";
import { meanShare } from "./share.ts";
import { experimentSteps, type ExperimentOptions } from "../papers/build.ts";
import type { Experiment } from "../papers/experiment.ts";
import { methodNames, needsTeacher, type MethodSpec } from "../papers/method.ts";
import { table, type ReportTable } from "../report/table.ts";
import type { Step } from "../train/step.ts";

/** How large a method's part of the loss is at its published weights. */
export interface MethodShare {
  readonly method: string;
  /** Mean share of each of its terms, and of all together. */
  readonly terms: Readonly<Record<string, number>>;
  readonly share: number;
  /** Mean of the rest of the loss. */
  readonly rest: number;
  /** Why there is none: the method does not go with this detector. */
  readonly refused?: string;
}

/** What the shares of the full weights need: no schedule among the methods' own options, and LabelEnc's first step. */
const unramped: Readonly<Record<string, object>> = { frs: { warmup: 0 }, labelEnc: { step: 1, distanceFrom: 0 } };

export interface MethodSharesOptions extends ExperimentOptions {
  /** Default every method of the table. */
  readonly methods?: readonly string[];
}

/**
 * The shares of the methods at their published weights (λ = 1 times each method's preset; `lgd` 1, `sssd` 75), over an experiment's
 * iterations. Schedules are left out.
 * @param experiment with a teacher; its own method is replaced by each one of the table
 */
export async function* methodShares(experiment: Experiment, { methods = methodNames, ...options }: MethodSharesOptions): AsyncGenerator<MethodShare, void> {
  for (const name of methods) {
    const { teacher, inherit, method: _method, ...own } = experiment;
    const taught = needsTeacher(name);
    const one = { ...own, name: `${experiment.name}/${name}`, method: { name, options: unramped[name] ?? {} } as MethodSpec, ...(taught && teacher && { teacher }), ...(taught && inherit !== undefined && { inherit }) };
    try {
      yield shareOf(name, await collect(experimentSteps(one, { keepWeights: false, ...options })));
    } catch (error) {
      yield { method: name, terms: {}, share: Number.NaN, rest: Number.NaN, refused: (error as Error).message };
    }
  }
}

function shareOf(method: string, steps: readonly Step[]): MethodShare {
  const mean = (of: (step: Step) => number) => steps.reduce((sum, step) => sum + of(step), 0) / steps.length;
  const names = Object.keys(steps[0].shares).filter((name) => name.startsWith("distill"));
  const terms = Object.fromEntries(names.map((name) => [name.replace(/^distill\./, ""), mean(({ shares }) => shares[name])]));
  return { method, terms, share: meanShare(steps), rest: mean(({ total, distillShare }) => total * (1 - distillShare)) };
}

/** The shares as a table. */
export function showMethodShares(shares: readonly MethodShare[], note: string): ReportTable<MethodShare> {
  const percent = (value: number) => `${(100 * value).toFixed(1)} %`;
  return table([
    { heading: "method", value: ({ method }: MethodShare) => method },
    { heading: "share of the loss", value: ({ share, refused }) => (refused === undefined ? percent(share) : "–") },
    { heading: "by term", value: ({ terms, refused }) => refused ?? Object.entries(terms).map(([name, value]) => `${name} ${percent(value)}`).join(", ") },
    { heading: "rest of the loss", value: ({ rest, refused }) => (refused === undefined ? rest.toPrecision(3) : "–") },
  ], shares, { note });
}

/** A small study to compare methods in: a narrow student of a wider teacher that another run trains. */
export function tinyStudy(iterations: number, kind: "retinanet" | "gfl" = "retinanet"): Experiment {
  const detector = { kind, preset: "tiny", channels: 32 } as const;
  const data = { transforms: { flip: 0.5, padTo: 32, normalise: "simple" }, batchSize: 4 } as const;
  const training = { learningRate: { base: 0.005, warmup: 30 }, momentum: 0.9, weightDecay: 1e-4, clipNorm: 10 };
  const teacher: Experiment = { name: `shares/${kind}-teacher`, detector: { ...detector, backbone: "tiny-16" }, data, training: { ...training, iterations: 200 } };
  return {
    name: `shares/${kind}`, detector: { ...detector, backbone: "tiny-8" }, data, allow: ["randomBackbone"],
    teacher: { run: { experiment: teacher, seed: 0 } }, training: { ...training, iterations },
  };
}
