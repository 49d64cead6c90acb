import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { STAT_NAMES, evaluateBoxes, evaluateMasks, groundTruthFrom, readDetections, readGroundTruth, summarize } from "../../../lib/evaluate/index.ts";
import type { DatasetRecords } from "../../../lib/evaluate/index.ts";
import { sharedFolder } from "../../shared.ts";

interface Expected {
  readonly metrics_order: string[];
  readonly segm: Expected["bbox"];
  readonly bbox: { documented_3dp: number[]; full: number[]; per_category: { category_id: number; AP: number; AP50: number; AP75: number; AR100: number }[] };
  readonly variant_nocrowd_bboxarea: { full: number[] };
}

const folder = sharedFolder("data", "cocoapi-eval");

describe.skipIf(folder === undefined)("the numbers that cocoapi documents", () => {
  const file = (name: string) => join(folder!, name);
  const expected = JSON.parse(readFileSync(folder === undefined ? "/dev/null" : file("expected.json"), "utf8") || "{}") as Expected;
  const evaluate = (annotations: string) => {
    const groundTruth = readGroundTruth(file(annotations));
    return evaluateBoxes({ groundTruth, detections: readDetections(file("instances_val2014_fakebbox100_results.json"), groundTruth) });
  };
  const evaluateSegmentations = () => {
    const groundTruth = readGroundTruth(file("instances_val2014_100.json"), { masks: true });
    return evaluateMasks({ groundTruth, detections: readDetections(file("instances_val2014_fakesegm100_results.json"), groundTruth, { masks: true }) });
  };

  it.each(["instances_val2014_100.json", "instances_val2014_100_bboxonly.json"])("all twelve, from %s", (annotations) => {
    const { stats } = evaluate(annotations);
    expect([...STAT_NAMES]).toEqual(expected.metrics_order);
    expect([...stats].map((value) => Number(value.toFixed(3)))).toEqual(expected.bbox.documented_3dp);
    stats.forEach((value, i) => expect(Math.abs(value - expected.bbox.full[i])).toBeLessThanOrEqual(1e-12));
  });

  it("the published variant without crowds, with the boxes' own areas", () => {
    const dataset = JSON.parse(readFileSync(file("instances_val2014_100.json"), "utf8")) as DatasetRecords;
    const annotations = dataset.annotations.filter(({ iscrowd }) => !iscrowd).map((one) => ({ ...one, area: one.bbox[2] * one.bbox[3] }));
    const groundTruth = groundTruthFrom({ ...dataset, annotations });
    const { stats } = evaluateBoxes({ groundTruth, detections: readDetections(file("instances_val2014_fakebbox100_results.json"), groundTruth) });
    stats.forEach((value, i) => expect(Math.abs(value - expected.variant_nocrowd_bboxarea.full[i])).toBeLessThanOrEqual(1e-12));
  });

  it("all twelve, of masks", () => {
    const { stats } = evaluateSegmentations();
    expect([...stats].map((value) => Number(value.toFixed(3)))).toEqual(expected.segm.documented_3dp);
    stats.forEach((value, i) => expect(Math.abs(value - expected.segm.full[i])).toBeLessThanOrEqual(1e-12));
  });

  it.each(["bbox", "segm"] as const)("each category's, %s", (kind) => {
    const scores = (kind === "bbox" ? evaluate("instances_val2014_100.json") : evaluateSegmentations()).perCategory;
    expect(scores.map(({ id }) => id)).toEqual(expected[kind].per_category.map(({ category_id }) => category_id));
    scores.forEach(({ ap, ap50, ap75, ar }, i) => {
      const { AP, AP50, AP75, AR100 } = expected[kind].per_category[i];
      [[ap, AP ?? -1], [ap50, AP50 ?? -1], [ap75, AP75 ?? -1], [ar, AR100 ?? -1]].forEach(([here, there]) => expect(Math.abs(here - there)).toBeLessThanOrEqual(1e-12));
    });
  });

  it("the lines that pycocotools prints", () => {
    const printed = (name: string) => readFileSync(file(name), "utf8").trimEnd().split("\n").slice(-12);
    expect(summarize(evaluate("instances_val2014_100.json")).split("\n")).toEqual(printed("expected_bbox.txt"));
    expect(summarize(evaluateSegmentations()).split("\n")).toEqual(printed("expected_segm.txt"));
  });
});
