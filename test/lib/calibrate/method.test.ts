import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { loadBackend } from "../../../lib/backend/load.ts";
import { atLambda, calibrateMethod, weightsForShares } from "../../../lib/calibrate/method.ts";
import { methodShares, showMethodShares, type MethodShare } from "../../../lib/calibrate/method-shares.ts";
import { meanShare } from "../../../lib/calibrate/share.ts";
import { collect } from "../../../lib/calibrate/study.ts";
import { saveWeights } from "../../../lib/detector/weights/save.ts";
import { experimentSteps } from "../../../lib/papers/build.ts";
import { buildDetector } from "../../../lib/papers/detectors.ts";
import type { Experiment } from "../../../lib/papers/experiment.ts";
import { tinyExperiment, tinyScenes } from "../train/tiny.ts";

const folder = mkdtempSync(join(tmpdir(), "potstill-calibrate-"));
afterAll(() => { rmSync(folder, { recursive: true }); });
const file = join(folder, "teacher.safetensors");
const dataset = tinyScenes(4);
const options = { dataset, seed: 1, runs: join(folder, "runs") };
const detector = { kind: "retinanet", preset: "tiny", channels: 8, backbone: "tiny-4" } as const;

const experiment = (name: "fitNets" | "frs" | "sssd"): Experiment => tinyExperiment(3, {
  detector, allow: ["randomBackbone"], training: { iterations: 3, learningRate: { base: 0.001 } },
  ...(name === "sssd" ? { method: { name, options: { heads: 2 }, lambda: [[0, 5]] } } : { method: { name }, teacher: { detector, weights: file } }),
});

beforeAll(async () => {
  await loadBackend();
  const teacher = buildDetector(detector, { classes: dataset.categories.length, seed: 77 });
  saveWeights(teacher, file);
  teacher.dispose();
});

describe("the calibration of any method", () => {
  it.each(["fitNets", "sssd"] as const)("finds λ of %s whose mean share is the target, and a run at it has that share", async (name) => {
    const probes = await collect(calibrateMethod(experiment(name), { ...options, target: 0.3, tolerance: 0.01 }));
    const answer = probes.at(-1)!;
    expect(Math.abs(answer.share - 0.3)).toBeLessThanOrEqual(0.01);
    const steps = await collect(experimentSteps(atLambda(experiment(name), answer.lambda), { ...options, keepWeights: false }));
    expect(meanShare(steps)).toBe(answer.share);
  });

  it("leaves ramps and stops out, keeps everything else, and wants a method", () => {
    const given: Experiment = { ...experiment("fitNets"), method: { name: "fitNets", lambda: [[0, 9]], ramp: 4, until: 7 } };
    expect(atLambda(given, 2, 11)).toMatchObject({ method: { name: "fitNets", lambda: [[0, 2]] }, training: { iterations: 11, learningRate: { base: 0.001 } } });
    expect(atLambda(given, 2).method).not.toHaveProperty("ramp");
    expect(() => atLambda({ ...given, method: undefined }, 1)).toThrow(/no method to calibrate/);
  });
});

describe("weights by share", () => {
  const steps = [1, 3].map((scale) => ({ losses: { box: 8, a: scale, b: 10 * scale }, weighted: { box: 8, a: 0, b: 0 } }));

  it("give each term its share, exactly", () => {
    const shares = { a: 0.2, b: 0.3 };
    const weights = weightsForShares(steps, shares);
    const total = 8 + weights["a"] * 2 + weights["b"] * 20;
    expect((weights["a"] * 2) / total).toBeCloseTo(0.2, 12);
    expect((weights["b"] * 20) / total).toBeCloseTo(0.3, 12);
  });

  it("refuse what has no answer", () => {
    expect(() => weightsForShares(steps, { a: 0.6, b: 0.5 })).toThrow(/together below 1/);
    expect(() => weightsForShares(steps, { c: 0.5 })).toThrow(/the term c is NaN on average.*Terms: box, a, b/);
    expect(() => weightsForShares([], { a: 0.5 })).toThrow(/at least one step/);
  });
});

describe("the table of shares", () => {
  it("has a row per method at its published weights, and says why where one does not go with the detector", async () => {
    const rows: MethodShare[] = [];
    for await (const row of methodShares(experiment("fitNets"), { ...options, methods: ["fitNets", "frs", "ld", "lgd"] })) rows.push(row);
    const [fitNets, frs, ld, lgd] = rows;
    expect(fitNets.share).toBeGreaterThan(0);
    expect(Object.keys(frs.terms).length).toBe(2);
    expect(Object.values(frs.terms).reduce((sum, share) => sum + share, 0)).toBeCloseTo(frs.share, 9);
    expect(lgd.share).toBeGreaterThan(0);
    expect(ld.refused).toMatch(/gfl|GFL|distribution/i);
    const text = showMethodShares(rows, "three iterations").toString();
    expect(text).toMatch(/fitNets .*%/);
    expect(text).toContain("three iterations");
  });
});
