import { describe, expect, it } from "vitest";
import { searchRows, unsearched } from "../../../lib/calibrate/results.ts";
import { namedReadings, showChannels, showReadings, showSearch, showShares, verdict } from "../../../lib/calibrate/show.ts";
import { searchLambda } from "../../../lib/calibrate/search.ts";
import type { SearchState } from "../../../lib/calibrate/search.ts";
import { estimateReadings } from "../../../lib/calibrate/study.ts";
import type { CalibrationStudy } from "../../../lib/calibrate/study.ts";
import type { Step } from "../../../lib/train/step.ts";

const display = Symbol.for("Jupyter.display");
const plain = async (value: unknown) => ((await (value as Record<symbol, () => unknown>)[display]()) as Record<string, string>)["text/plain"];

/** An LGD step whose distillation term is `share` of a total of 10, and where reading r was seen as `observed[r]`. */
const step = (iteration: number, share: number, observed: Record<string, number>): Step => ({
  iteration, iterations: 2, losses: { box: 10 * (1 - share), distill: 10 * share }, weighted: { box: 10 * (1 - share), distill: 10 * share },
  total: 10, shares: { box: 1 - share, distill: share }, distillShare: share, lambda: 1, observed,
  learningRates: {}, gradientNorm: 1, imagesPerSecond: 1, seconds: 1, tensors: 1,
});

const seen = (value: number) => ({ mse: 1, ...Object.fromEntries(namedReadings.map(({ key }) => [key, value])) });
const estimates = [16, 64].map((channels) => estimateReadings(channels, [step(0, 0.2, seen(0.4 / Math.sqrt(channels))), step(1, 0.2, seen(0.4 / Math.sqrt(channels)))]));

describe("the calibration's tables and figures", () => {
  it("estimate λ* from what was observed: s/(1−s) · rest / distance", () => {
    expect(estimates[0].target).toBeCloseTo(0.2, 12);
    expect(estimates[0].lambda[namedReadings[0].key]).toBeCloseTo((0.25 * 8) / 0.1, 9);
    expect(Object.keys(estimates[0].lambda)).not.toContain("mse");
  });

  it("extrapolate each reading to the paper's 256 channels", async () => {
    const text = await plain(showReadings({ profile: "smoke" }, estimates));
    expect(text).toContain("0.50"); // exponent
    expect(text).toMatch(/\b80\.?0?\b/); // 20·√(256/16)
    expect(text.split("\n").filter((line) => line.includes("(map size)"))).toHaveLength(namedReadings.filter(({ key }) => !key.startsWith("channel.")).length);
    expect(text).toContain("no reproduction of the paper's number");
  });

  it("draw the measured points, their law, the paper's point and the √C line through it", () => {
    const { data } = showChannels(estimates);
    const paper = data.find(({ name }) => name === "the paper's point")!;
    expect([paper["x"], paper["y"]]).toEqual([[256], [50]]);
    const root = data.find(({ name }) => String(name).startsWith("√C"))! as { x: number[]; y: number[] };
    expect(root.y[0] / Math.sqrt(root.x[0])).toBeCloseTo(50 / 16, 12);
  });

  it("draw each probe with the bracket that it left", async () => {
    const states: SearchState[] = [];
    for await (const state of searchLambda({ probe: async (lambda) => lambda / (lambda + 60), target: 0.3 })) states.push(state);
    const { data } = showSearch(states, 0.3);
    const lengths = data.map(({ x }) => (x as number[]).length);
    expect(lengths).toContain(states.at(-1)!.probes.length);
    expect(showSearch([], 0.3).data.length).toBeGreaterThan(0);
  });

  it("stack the shares of every loss term", () => {
    const { data } = showShares([step(0, 0.2, {}), step(1, 0.3, {})], { title: "t", target: 0.25 });
    expect(data.map(({ name }) => name)).toEqual(["box", "λ · distillation"]);
  });
});

describe("verdict", () => {
  const [low, high] = [{ lambda: 1, share: 0.01 }, { lambda: 100, share: 0.6 }];
  const found = (seed: number, target: number, lambda: number) => ({ seed, target, search: { lambda, share: target, bracket: [low, high] as const, probes: [low, { ...high, share: 0.6 + 0.01 * seed }, { lambda, share: target }], reason: "tolerance" as const }, secant: [] });
  const study = { profile: "smoke" as const, setting: { channels: 32 } as CalibrationStudy["setting"], dataset: { name: "scenes" } };

  it("names each claim with what this run can say of it", () => {
    const text = verdict(study, [found(0, 0.2, 20)], estimates);
    expect(text).toContain("Bisection ended at λ\\* = 20.0 (C = 32, one seed).");
    expect(text).toMatch(/so that the search has an answer:\*\* not testable at this profile\. .* 1 seed in common; a test needs at least 3 paired seeds\./);
    expect(text).toMatch(/at λ = 50 .*:\*\* not testable at this profile\. Absolute numbers/);
    expect(text).toContain("exponent 0.50 for 0.50, over 2 channel counts and one seed. Continued to C = 256 it gives 80.0, 60 % above the paper's 50");
    expect(text).toMatch(/Smoke profile: .* Data: scenes\. One seed \(0\)/);
    expect(text.replaceAll("\\*", "").replaceAll("**", "")).not.toContain("*"); // a bare asterisk would become emphasis
  });

  it("tests over seeds that there is an answer", () => {
    const text = verdict(study, [found(0, 0.2, 20), found(1, 0.22, 21), found(2, 0.21, 20)], estimates);
    expect(text).toMatch(/so that the search has an answer:\*\* reproduced in direction\. SSSD, λ = 100 less LGD, λ = 1: \+0\.400 /);
  });
});

describe("the item's rows", () => {
  const probe = (lambda: number, share: number) => ({ lambda, share });
  const result = { seed: 3, target: 0.2, search: { lambda: 20, share: 0.201, bracket: [probe(19, 0.19), probe(20, 0.201)] as const, probes: [probe(1, 0.02), probe(50, 0.4), probe(20, 0.201)], reason: "tolerance" as const } };
  it("have the search's numbers, and say what it did not look at", () => {
    expect(searchRows([result]).map(({ row: { id }, seed, metrics, problem }) => [id, seed, metrics ?? problem])).toEqual([
      ["lgd-1", 3, { share: 0.2, lambda: 1 }], ["sssd-1", 3, { share: 0.02, lambda: 1 }], ["sssd-100", 3, "the search was given another interval"], ["sssd-found", 3, { share: 0.201, lambda: 20 }],
    ]);
    expect(unsearched("it burnt", { seeds: 2 }).map(({ row: { id }, seed, problem }) => `${id} ${seed} ${problem}`)).toEqual(["lgd-1", "sssd-1", "sssd-100", "sssd-found"].flatMap((id) => [`${id} 0 it burnt`, `${id} 1 it burnt`]));
  });
});
