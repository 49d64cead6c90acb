import { spawnSync } from "node:child_process";
import { join } from "node:path";
import * as tf from "@tensorflow/tfjs-core";
import { beforeAll, describe, expect, it } from "vitest";
import { loadBackend } from "../../../lib/backend/load.ts";
import type { Parameter, ParameterRole } from "../../../lib/detector/detector.ts";
import { random } from "../../../lib/tensor/random.ts";
import { optimiser, type OptimiserOptions } from "../../../lib/train/optimiser.ts";
import { constant, learningRate } from "../../../lib/train/schedule.ts";
import { expectClose } from "../../close.ts";
import { testPython } from "../../python.ts";

beforeAll(async () => { await loadBackend(); });

const python = testPython(["torch"]);
const steps = 14;
const roles: (ParameterRole | undefined)[] = [undefined, "bias", "norm"];

interface Case {
  readonly ours: OptimiserOptions;
  readonly torch: { readonly optimiser: "sgd" | "adamw"; readonly options: object; readonly clip: readonly [string, number]; readonly rates: readonly number[]; readonly decays: readonly number[] };
  /** Iterations at which the last parameter has no gradient. */
  readonly without?: readonly number[];
}

const cases: Readonly<Record<string, Case>> = {
  "SGD with momentum": {
    ours: { learningRate: constant(0.1), momentum: 0.9, weightDecay: 0.01 },
    torch: { optimiser: "sgd", options: { momentum: 0.9 }, clip: ["none", 0], rates: [0.1, 0.1, 0.1], decays: [0.01, 0.01, 0.01] },
  },
  "SGD cut by value (detectron2, LGD)": {
    ours: { learningRate: constant(0.1), momentum: 0.9, weightDecay: 1e-4, clipValue: 1, norms: { weightDecay: 0 } },
    torch: { optimiser: "sgd", options: { momentum: 0.9 }, clip: ["value", 1], rates: [0.1, 0.1, 0.1], decays: [1e-4, 1e-4, 0] },
  },
  "SGD cut by norm, biases twice as fast without decay, constant warm-up (mmdetection's FCOS)": {
    ours: { learningRate: learningRate({ base: 0.05, warmup: 5, warmupKind: "constant", warmupFactor: 1 / 3, drops: [10] }), momentum: 0.9, weightDecay: 0.02, clipNorm: 3, biases: { learningRate: 2, weightDecay: 0 } },
    torch: { optimiser: "sgd", options: { momentum: 0.9 }, clip: ["norm", 3], rates: [0.05, 0.1, 0.05], decays: [0.02, 0, 0.02] },
    without: [3, 4],
  },
  "AdamW without decay of norms (torchvision's second RetinaNet)": {
    ours: { kind: "adamw", learningRate: learningRate({ base: 0.02, warmup: 6, drops: [10] }), weightDecay: 0.05, norms: { weightDecay: 0 } },
    torch: { optimiser: "adamw", options: {}, clip: ["none", 0], rates: [0.02, 0.02, 0.02], decays: [0.05, 0.05, 0] },
    without: [0, 6],
  },
  "AdamW with other betas and epsilon, cut by norm": {
    ours: { kind: "adamw", learningRate: constant(0.01), betas: [0.8, 0.95], epsilon: 1e-3, clipNorm: 1 },
    torch: { optimiser: "adamw", options: { betas: [0.8, 0.95], eps: 1e-3 }, clip: ["norm", 1], rates: [0.01, 0.01, 0.01], decays: [0.01, 0.01, 0.01] },
  },
};

const draw = random("optimiser", 1);
const normal = (n: number, scale = 1) => Array.from({ length: n }, () => scale * draw.normal());
const start = roles.map(() => normal(6));
/** Some far beyond every limit, some far below. */
const gradientsOf = (without: readonly number[]) => Array.from({ length: steps }, (_, i) => roles.map((_role, p) => (p === 2 && without.includes(i) ? null : normal(6, i % 3 === 0 ? 0.1 : 2))));

const gradients = Object.fromEntries(Object.entries(cases).map(([name, { without }]) => [name, gradientsOf(without ?? [])]));
const schedules: readonly (readonly ["linear" | "constant", number, number, readonly number[], number])[] = [["linear", 6, 0.001, [9, 12], steps], ["constant", 5, 1 / 3, [8], steps], ["linear", 10, 0.25, [4], steps]];

/** Everything in one process: importing PyTorch takes longer than all of it. */
function askTorch(): { readonly trainings: number[][][][]; readonly schedules: number[][] } {
  const trainings = Object.entries(cases).map(([name, { torch, ours }]) => ({
    ...torch,
    gradients: gradients[name],
    steps: gradients[name].map((_, i) => ours.learningRate(i) / torch.rates[0]),
    parameters: start.map((values, p) => ({ values, rate: torch.rates[p], decay: torch.decays[p] })),
  }));
  const { status, stdout, stderr } = spawnSync(python!, [join(import.meta.dirname, "optimiser-torch.py")], { input: JSON.stringify({ trainings, schedules }), encoding: "utf8" });
  if (status !== 0) throw new Error(stderr);
  return JSON.parse(stdout) as ReturnType<typeof askTorch>;
}

const parametersOf = (): Parameter[] => start.map((values, p) => ({ name: `p${p}`, group: "head", frozen: false, ...(roles[p] && { role: roles[p] }), variable: tf.variable(tf.tensor1d(values)) }));

describe.skipIf(python === undefined)("an optimiser", () => {
  let asked: ReturnType<typeof askTorch>;
  beforeAll(() => { asked = askTorch(); }, 120_000);

  it.each(Object.keys(cases).map((name, i) => [name, i] as const))("%s goes PyTorch's way", (name, place) => {
    const chosen = cases[name];
    const wanted = asked.trainings[place];
    const parameters = parametersOf();
    const ours = optimiser(parameters, chosen.ours);
    const before = tf.memory().numTensors;
    gradients[name].forEach((step, i) => {
      tf.tidy(() => {
        ours.apply(step.map((values) => (values === null ? null : tf.tensor1d(values))), i);
      });
      parameters.forEach(({ variable }, p) => expectClose(variable.dataSync(), wanted[i][p], { relative: 2e-5, absolute: 2e-6 }));
    });
    expect(tf.memory().numTensors).toBe(before);
    ours.dispose();
  });

  it.each(schedules.map((schedule, i) => [...schedule, i] as const))("a %s warm-up over %i iterations from %f, drops at %j has PyTorch's rates", (warmupKind, warmup, warmupFactor, drops, _steps, place) => {
    const rate = learningRate({ base: 1, warmup, warmupKind, warmupFactor, drops });
    expectClose(asked.schedules[place].map((_, i) => rate(i)), asked.schedules[place], { relative: 1e-9 });
  });
});

describe("AdamW", () => {
  it("goes on to the bit from its state", () => {
    const given = gradientsOf([2]);
    const run = (parameters: Parameter[], made: ReturnType<typeof optimiser>, from: number, to: number) => {
      for (let i = from; i < to; i++) tf.tidy(() => { made.apply(given[i].map((values) => (values === null ? null : tf.tensor1d(values))), i); });
      return parameters.map(({ variable }) => [...variable.dataSync()]);
    };
    const options: OptimiserOptions = { kind: "adamw", learningRate: constant(0.01) };
    const whole = parametersOf(), first = parametersOf(), second = parametersOf();
    const wanted = run(whole, optimiser(whole, options), 0, steps);
    const stopped = optimiser(first, options), resumed = optimiser(second, options);
    run(first, stopped, 0, 5);
    first.forEach(({ variable }, p) => second[p].variable.assign(variable));
    for (const [name, variable] of stopped.state()) resumed.state().get(name)!.assign(variable);
    expect(run(second, resumed, 5, steps)).toEqual(wanted);
    expect([...resumed.state().get("updates")?.dataSync() ?? []]).toEqual([steps, steps, steps - 1]);
  });
});

describe("options", () => {
  it.each<[Partial<OptimiserOptions>, RegExp]>([
    [{ clipValue: 0 }, /clipValue is 0; it must be a number above 0/],
    [{ clipValue: 1, clipNorm: 1 }, /clipValue and clipNorm is \[1,1\]; it must be one of the two/],
    [{ momentum: 1 }, /momentum is 1/],
    [{ biases: { learningRate: -1 } }, /biases\.learningRate is -1/],
    [{ kind: "adamw", betas: [0.9, 1] }, /betas is \[0\.9,1\]/],
    [{ biases: { lr: 2 } as never }, /biases is \{"lr":2\}; it must be a record of learningRate, weightDecay: there is no "lr"/],
    [{ groupFactors: { backbon: 0.1 } as never }, /groupFactors is .* there is no "backbon"/],
    [{ frozenUntil: { backbone: "2" as never } }, /frozenUntil\.backbone is "2"; it must be a number from 0/],
    [{ kind: "lion" as never }, /kind is "lion"; it must be "sgd" or "adamw"/],
  ])("%j are refused", (options, message) => {
    expect(() => optimiser(parametersOf(), { learningRate: constant(1), ...options })).toThrow(message);
  });
});
