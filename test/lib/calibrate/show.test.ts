import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { calibration, searchedSeeds, searchRows, unsearched } from "../../../lib/calibrate/results.ts";
import { namedReadings, showChannels, showReadings, showSearch, showShares, verdict } from "../../../lib/calibrate/show.ts";
import { searchLambda } from "../../../lib/calibrate/search.ts";
import type { SearchState } from "../../../lib/calibrate/search.ts";
import { calibrationStudy, estimateReadings } from "../../../lib/calibrate/study.ts";
import type { CalibrationStudy } from "../../../lib/calibrate/study.ts";
import { judge } from "../../../lib/papers/judge.ts";
import type { Profile } from "../../../lib/papers/sssd.ts";
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
  const found = (seed: number, target: number, lambda: number) => ({ seed, target, search: { lambda, share: target, bracket: [{ lambda: 1, share: 0.01 }, { lambda: 100, share: 0.6 }] as const, probes: [], reason: "tolerance" as const }, secant: [] });
  const study = (profile: Profile) => ({ profile, setting: { channels: 32 } as CalibrationStudy["setting"], dataset: { name: "scenes" } });

  it("names the claim with what this run can say of it", () => {
    const text = verdict(study("smoke"), [found(0, 0.2, 20)], estimates);
    expect(text).toContain("Bisection ended at λ\\* = 20.0 (C = 32, one seed).");
    expect(text).toMatch(/at λ = 50 .*:\*\* not testable at this profile\. Absolute numbers/);
    expect(text).toContain("exponent 0.50 for 0.50, over 2 channel counts and one seed. Continued to C = 256 it gives 80.0, 60 % above the paper's 50");
    expect(text).toMatch(/Smoke profile: .* Data: scenes\. One seed \(0\)/);
    expect(text.replaceAll("\\*", "").replaceAll("**", "")).not.toContain("*"); // a bare asterisk would become emphasis
  });

  it("holds λ against the paper's 50 at the paper profile, over seeds", () => {
    const at = (...lambdas: readonly number[]) => verdict(study("paper"), lambdas.map((lambda, seed) => found(seed, 0.45, lambda)), estimates);
    expect(at(50.5, 50.2, 49.9)).toMatch(/at λ = 50 .*:\*\* reproduced in direction\. SSSD, λ found by bisection: 50\.2 /);
    expect(at(61, 63, 62)).toMatch(/at λ = 50 .*:\*\* contradicted\. /);
    expect(at(47, 53, 50)).toMatch(/at λ = 50 .*:\*\* within noise\. /);
  });
});

describe("the item's rows", () => {
  const result = { seed: 3, target: 0.2, search: { lambda: 20, share: 0.201, bracket: [{ lambda: 19, share: 0.19 }, { lambda: 20, share: 0.201 }] as const, probes: [], reason: "tolerance" as const } };
  it("have the search's numbers, and are judged by what the paper prints of them", () => {
    const rows = searchRows([result]);
    expect(rows.map(({ row: { id }, seed, metrics }) => [id, seed, metrics])).toEqual([["lgd-1", 3, { share: 0.2 }], ["sssd-found", 3, { share: 0.201, lambda: 20 }]]);
    expect(judge(calibration, "smoke", rows).rows.map(({ metric, published }) => [metric, published[metric]])).toEqual([["share", 0.45], ["lambda", 50]]);
    expect(unsearched("it burnt", { seeds: 2 }).map(({ row: { id }, seed, problem }) => `${id} ${seed} ${problem}`)).toEqual(["lgd-1", "sssd-found"].flatMap((id) => [`${id} 0 it burnt`, `${id} 1 it burnt`]));
  });
});

describe("what the notebook has found", () => {
  const runs = mkdtempSync(join(tmpdir(), "potstill-calibration-"));
  afterAll(() => { rmSync(runs, { recursive: true }); });
  const studyOf = (readOnly: boolean) => calibrationStudy({ profile: "smoke", data: "synthetic", iterations: 1, runs, readOnly });
  const files = () => readdirSync(runs, { recursive: true }).sort();

  it("is read from its trainings, of which none is made", async () => {
    await expect(searchedSeeds(await studyOf(true))).rejects.toThrow(/^sssd\/calibration\/lgd at λ = 1 has not been trained with seed 0$/);
    const search = { tolerance: 0.1, interval: [1, 100] as const };
    const found = await searchedSeeds(await studyOf(false), search);
    const before = files();
    expect(await searchedSeeds(await studyOf(true), search)).toEqual(found);
    await expect(searchedSeeds(await studyOf(true), { ...search, seed: 1 })).rejects.toThrow(/with seed 1$/);
    expect(files()).toEqual(before);
    expect(Math.abs(found[0].search.share - found[0].target)).toBeLessThanOrEqual(0.1);
  });
});
