import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { detectionsFrom, evaluateBoxes, evaluateMasks, groundTruthFrom, readDetections, readGroundTruth, summarize } from "../../../lib/evaluate/index.ts";
import type { Evaluation } from "../../../lib/evaluate/index.ts";
import { testPython } from "../../python.ts";
import { randomCase } from "./random-case.ts";
import { randomMaskCase } from "./random-mask-case.ts";

const python = testPython(["pycocotools"]);
/** Writes each case and has pycocotools evaluate it. */
function evaluateByReference(root: string, cases: readonly { readonly dataset: unknown; readonly results: unknown; readonly limits: readonly number[] }[], kind: "bbox" | "segm"): void {
  const lines = cases.map(({ dataset, results, limits }, seed) => {
    const folder = join(root, String(seed));
    mkdirSync(folder);
    writeFileSync(join(folder, "gt.json"), JSON.stringify(dataset));
    writeFileSync(join(folder, "dt.json"), JSON.stringify(results));
    return `${folder}\t${limits.join(",")}\t${kind}`;
  });
  const { status, stderr } = spawnSync(python!, [join(import.meta.dirname, "reference.py")], { input: lines.join("\n"), encoding: "utf8" });
  if (status !== 0) throw new Error(stderr);
}

function referenceIn(root: string): (seed: number, name: string) => Float64Array {
  return (seed, name) => {
    const bytes = readFileSync(join(root, String(seed), `${name}.f8`));
    return new Float64Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength));
  };
}

function expectSame(evaluation: Evaluation, reference: (name: string) => Float64Array, what: string): void {
  for (const name of ["precision", "recall", "scores", "stats"] as const) {
    expect(Buffer.from(evaluation[name].buffer).equals(Buffer.from(reference(name).buffer)), `${name} of ${what}`).toBe(true);
  }
}

const seeds = Array.from({ length: 120 }, (_, seed) => seed);

describe.skipIf(python === undefined)("random hard cases, bit for bit as pycocotools", () => {
  let root = "";
  const folder = (seed: number) => join(root, String(seed));
  const reference = (seed: number, name: string) => referenceIn(root)(seed, name);

  beforeAll(() => {
    root = mkdtempSync(join(tmpdir(), "potstill-evaluate-"));
    evaluateByReference(root, seeds.map(randomCase), "bbox");
  });
  afterAll(() => rmSync(root, { recursive: true }));

  it.each(seeds)("case %i", (seed) => {
    const { dataset, results, limits } = randomCase(seed);
    const groundTruth = readGroundTruth(join(folder(seed), "gt.json"));
    const detections = readDetections(join(folder(seed), "dt.json"), groundTruth);
    const evaluation = evaluateBoxes({ groundTruth, detections, options: { maxDetections: limits } });
    expectSame(evaluation, (name) => reference(seed, name), `case ${seed}`);
    expect(`${summarize(evaluation)}\n`).toBe(JSON.parse(readFileSync(join(folder(seed), "printed.json"), "utf8")));
    const inMemory = groundTruthFrom(dataset);
    expect(inMemory).toEqual(groundTruth);
    expect(detectionsFrom(results, inMemory)).toEqual(detections);
  });

  it("has cases of every kind", () => {
    const cases = seeds.map(randomCase);
    const evaluated = seeds.map((seed) => reference(seed, "stats"));
    expect(cases.some(({ dataset }) => dataset.annotations.some(({ id }) => id === 0))).toBe(true);
    expect(cases.some(({ dataset }) => dataset.annotations.length === 0)).toBe(true);
    expect(cases.some(({ results }) => results.length > 500)).toBe(true);
    expect(evaluated.filter((stats) => stats[0] > 0.05 && stats[0] < 0.95).length).toBeGreaterThan(60);
  });
});

describe.skipIf(python === undefined)("random hard cases of masks, bit for bit as pycocotools", () => {
  const masked = { masks: true };
  let root = "";
  const reference = (seed: number, name: string) => referenceIn(root)(seed, name);

  beforeAll(() => {
    root = mkdtempSync(join(tmpdir(), "potstill-evaluate-masks-"));
    evaluateByReference(root, seeds.map(randomMaskCase), "segm");
  }, 60_000);
  afterAll(() => rmSync(root, { recursive: true }));

  it.each(seeds)("case %i", (seed) => {
    const { dataset, results, limits } = randomMaskCase(seed);
    const groundTruth = readGroundTruth(join(root, String(seed), "gt.json"), masked);
    const detections = readDetections(join(root, String(seed), "dt.json"), groundTruth, masked);
    const evaluation = evaluateMasks({ groundTruth, detections, options: { maxDetections: limits } });
    expectSame(evaluation, (name) => reference(seed, name), `case ${seed}`);
    expect(`${summarize(evaluation)}\n`).toBe(JSON.parse(readFileSync(join(root, String(seed), "printed.json"), "utf8")));
    const inMemory = groundTruthFrom(dataset, masked);
    expect(inMemory).toEqual(groundTruth);
    expect(detectionsFrom(results, inMemory, masked)).toEqual(detections);
  });

  it("has cases of every kind, and areas that matter", () => {
    const cases = seeds.map(randomMaskCase);
    const evaluated = seeds.map((seed) => reference(seed, "stats"));
    expect(evaluated.filter((stats) => stats[0] > 0.05 && stats[0] < 0.95).length).toBeGreaterThan(60);
    const changed = cases.filter(({ dataset, results, limits }, seed) => {
      const groundTruth = groundTruthFrom(dataset, masked);
      const areaOf = seed % 3 === 0 ? "mask" : "box";
      const { stats } = evaluateMasks({ groundTruth, detections: detectionsFrom(results, groundTruth, masked), options: { maxDetections: limits, areaOf } });
      expect([0, 1, 2, 6, 7, 8].map((i) => stats[i])).toEqual([0, 1, 2, 6, 7, 8].map((i) => evaluated[seed][i]));
      return stats.some((value, i) => value !== evaluated[seed][i]);
    });
    expect(changed.length).toBeGreaterThan(5);
  });
});
