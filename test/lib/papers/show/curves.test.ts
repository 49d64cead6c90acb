import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, it } from "vitest";
import { showCurves } from "../../../../lib/papers/show/curves.ts";
import { showGuides } from "../../../../lib/papers/show/guides.ts";
import { showTerms } from "../../../../lib/papers/show/terms.ts";
import { syntheticScenes } from "../../../../lib/data/synthetic.ts";
import type { Step } from "../../../../lib/train/step.ts";
import { result, runRecord, smallItem, step } from "../study-of.ts";

const runs = mkdtempSync(join(tmpdir(), "potstill-curves-"));
afterAll(() => { rmSync(runs, { recursive: true }); });

function written(folder: string, steps: readonly Step[]): void {
  mkdirSync(join(runs, folder), { recursive: true });
  writeFileSync(join(runs, folder, "metrics.jsonl"), steps.map((one) => `${JSON.stringify(one)}\n`).join(""));
}

const item = smallItem();
const study = { item, runs, validation: syntheticScenes({ images: 40, size: 64, seed: 1 }) };
const names = (figure: { readonly data: readonly Readonly<Record<string, unknown>>[] }) => figure.data.filter(({ showlegend }) => showlegend !== false).map(({ name }) => name);

it("draws AP of each row that has a curve: mean over seeds, lowest and highest as band", () => {
  const curve = (...values: number[]) => values.map((AP, i) => ({ iteration: 10 * (i + 1), AP }));
  const figure = showCurves(study, [
    result(item, "taught", { seed: 0, run: runRecord("a", { curve: curve(10, 20) }) }),
    result(item, "taught", { seed: 1, run: runRecord("b", { curve: curve(14, 30, 40) }) }),
    result(item, "student", { run: runRecord("c") }),
    result(item, "other", { problem: "it failed" }),
  ]);
  expect(names(figure)).toEqual(["the taught"]);
  expect(figure.data.map(({ x, y }) => [x, y])).toEqual([[[10, 20], [10, 20]], [[10, 20], [14, 30]], [[10, 20], [12, 25]]]);
  expect(JSON.stringify(figure.layout)).toContain("AP on 32 of the 40 validation images");
});

it("reads shares and λ from the runs' folders, and takes the rows that are asked for", () => {
  written("seed-0", [0, 1].map((i) => step(i, { cls: 3, distill: 1 }, { lambda: i === 0 ? 1 : 1.5 })));
  const results = [result(item, "taught", { run: runRecord("seed-0") }), result(item, "other", { run: runRecord("seed-0") })];
  expect(showCurves(study, results, { of: "share", rows: ["other"] }).data.map(({ name, y }) => [name, y])).toEqual([["the other", [25, 25]]]);
  expect(showCurves(study, results, { of: "lambda", rows: ["taught"] }).data.map(({ y }) => y)).toEqual([[1, 1.5]]);
});

it("says so where no row was trained", () => {
  expect(JSON.stringify(showCurves(study, []).layout)).toContain("No row of this figure has been trained");
});

it("stacks the detector's terms together, those of enhanced maps together, and each distillation term by itself", () => {
  written("terms", [step(0, { cls: 1, box: 2, "teacher.cls": 1, "teacher.box": 3, "distill.feature": 4, "distill.head": 5 })]);
  const figure = showTerms(study, [result(item, "taught", { run: runRecord("terms") })], "taught")!;
  expect(figure.data.map(({ name, y }) => [name, y])).toEqual([["detector", [3]], ["detector on label-enhanced maps", [4]], ["distillation: feature", [4]], ["distillation: head", [5]]]);
  expect(showTerms(study, [result(item, "taught", { problem: "failed" })], "taught")).toBeUndefined();
});

it("sets the loss on enhanced maps beside the student's own, for methods that have them", () => {
  written("guided", [step(0, { cls: 1, box: 2, "teacher.cls": 1, "teacher.box": 0.5, distill: 4 })]);
  written("plain", [step(0, { cls: 1 })]);
  const figure = showGuides(study, [result(item, "taught", { run: runRecord("guided") }), result(item, "other", { run: runRecord("plain") })], ["taught", "other"]);
  expect(figure.data.map(({ name, y }) => [name, y])).toEqual([["the taught: student's maps K", [3]], ["the taught: enhanced maps Kₑ", [1.5]]]);
});
