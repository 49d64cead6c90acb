import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { detectionsFrom, evaluateBoxes, groundTruthFrom, readDetections, readGroundTruth, summarize } from "../../../lib/evaluate/index.ts";
import { testPython } from "../../python.ts";
import { randomCase } from "./random-case.ts";

const python = testPython(["pycocotools"]);
const seeds = Array.from({ length: 120 }, (_, seed) => seed);

describe.skipIf(python === undefined)("random hard cases, bit for bit as pycocotools", () => {
  let root = "";
  const folder = (seed: number) => join(root, String(seed));
  const reference = (seed: number, name: string) => {
    const bytes = readFileSync(join(folder(seed), `${name}.f8`));
    return new Float64Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength));
  };

  beforeAll(() => {
    root = mkdtempSync(join(tmpdir(), "potstill-evaluate-"));
    const lines = seeds.map((seed) => {
      const { dataset, results, limits } = randomCase(seed);
      mkdirSync(folder(seed));
      writeFileSync(join(folder(seed), "gt.json"), JSON.stringify(dataset));
      writeFileSync(join(folder(seed), "dt.json"), JSON.stringify(results));
      return `${folder(seed)}\t${limits.join(",")}`;
    });
    const { status, stderr } = spawnSync(python!, [join(import.meta.dirname, "reference.py")], { input: lines.join("\n"), encoding: "utf8" });
    if (status !== 0) throw new Error(stderr);
  });
  afterAll(() => rmSync(root, { recursive: true }));

  it.each(seeds)("case %i", (seed) => {
    const { dataset, results, limits } = randomCase(seed);
    const groundTruth = readGroundTruth(join(folder(seed), "gt.json"));
    const detections = readDetections(join(folder(seed), "dt.json"), groundTruth);
    const evaluation = evaluateBoxes({ groundTruth, detections, options: { maxDetections: limits } });
    for (const name of ["precision", "recall", "scores", "stats"] as const) {
      expect(Buffer.from(evaluation[name].buffer).equals(Buffer.from(reference(seed, name).buffer)), `${name} of case ${seed}`).toBe(true);
    }
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
