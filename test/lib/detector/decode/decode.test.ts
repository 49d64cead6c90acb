import { describe, expect, it } from "vitest";
import { decodeDense, type DenseDecodeOptions, type LevelOutput, type ScoreRule } from "../../../../lib/detector/decode/dense.ts";
import { rowsOf } from "../../../../lib/tensor/boxes.ts";
import { byScore, nonMaximumSuppression } from "../../../../lib/detector/decode/nms.ts";

describe("non-maximum suppression", () => {
  const boxes = [0, 0, 10, 10, 1, 0, 11, 10, 20, 0, 30, 10, 0, 0, 10, 10];

  it("keeps the best of each heap, the earlier of equals", () => {
    expect(nonMaximumSuppression({ boxes, scores: [0.5, 0.9, 0.1, 0.9] }, 0.5)).toEqual([1, 2]);
    expect(nonMaximumSuppression({ boxes, scores: [0.9, 0.9, 0.9, 0.9] }, 0.5)).toEqual([0, 2]);
  });

  it("works class by class, and stops at the limit", () => {
    expect(nonMaximumSuppression({ boxes, scores: [0.5, 0.9, 0.1, 0.8], labels: [0, 1, 1, 2] }, 0.5)).toEqual([1, 3, 0, 2]);
    expect(nonMaximumSuppression({ boxes, scores: [0.5, 0.9, 0.1, 0.8], labels: [0, 1, 1, 2] }, 0.5, 2)).toEqual([1, 3]);
  });

  it("suppresses strictly above the threshold only", () => {
    expect(nonMaximumSuppression({ boxes: [0, 0, 2, 2, 0, 0, 2, 1], scores: [1, 0.5] }, 0.5)).toEqual([0, 1]);
    expect(nonMaximumSuppression({ boxes: [0, 0, 2, 2, 0, 0, 2, 1], scores: [1, 0.5] }, 0.49)).toEqual([0]);
  });

  it("of nothing is nothing", () => {
    expect(nonMaximumSuppression({ boxes: [], scores: [] }, 0.5)).toEqual([]);
    expect(Array.from(byScore([0.1, 0.3, 0.3, 0.2]))).toEqual([1, 2, 3, 0]);
  });
});

describe("decoding one image", () => {
  const options: DenseDecodeOptions = {
    classes: 2,
    scoreThreshold: 0.5, perLevel: 10, nms: 0.5, maxDetections: 10, clip: true, minSize: 0,
  };
  const boxes = [-5, -5, 5, 5, 10, 10, 20, 20, 30, 30, 60, 60];
  const level: LevelOutput = { logits: Float32Array.of(2, -3, -3, 1, 0.1, 3), boxesOf: (priors) => rowsOf(boxes, priors, 4) };

  it("thresholds, sorts, clips to the content and drops what the cut leaves without area", () => {
    const found = decodeDense([level], { width: 25, height: 25 }, options);
    expect(Array.from(found.labels)).toEqual([0, 1]);
    expect(Array.from(found.boxes)).toEqual([0, 0, 5, 5, 10, 10, 20, 20]);
    expect(found.scores[0]).toBeCloseTo(1 / (1 + Math.exp(-2)), 6);
  });

  it("may clip after the suppression, and drop then what lies outside, without others in its place", () => {
    // Beyond the right edge the first two are one line of the image, as decoded they are far apart; the third overlaps none.
    const own: LevelOutput = { logits: Float32Array.of(3, -9, 2, -9, 1, -9, 0.5, -9), boxesOf: (priors) => rowsOf([80, 0, 120, 20, 80, 0, 300, 20, 110, 50, 130, 70, 0, 0, 20, 20], priors, 4) };
    const found = (options2: Partial<DenseDecodeOptions>) => Array.from(decodeDense([own], { width: 100, height: 100 }, { ...options, minSize: -1, ...options2 }).boxes);
    expect(found({ clip: true })).toEqual([80, 0, 100, 20, 100, 50, 100, 70, 0, 0, 20, 20]);
    expect(found({ clip: "after" })).toEqual([80, 0, 100, 20, 80, 0, 100, 20, 0, 0, 20, 20]);
    expect(found({ clip: "after", maxDetections: 3 })).toEqual([80, 0, 100, 20, 80, 0, 100, 20]);
    expect(found({ clip: false })).toEqual([80, 0, 120, 20, 80, 0, 300, 20, 110, 50, 130, 70, 0, 0, 20, 20]);
  });

  it("takes only the best of each level, and the best over all", () => {
    expect(decodeDense([level, level], { width: 100, height: 100 }, { ...options, perLevel: 1 }).scores.length).toBe(1);
    expect(decodeDense([level], { width: 100, height: 100 }, { ...options, maxDetections: 2 }).labels.length).toBe(2);
  });

  it("finds nothing in a hopeless or not-a-number prediction", () => {
    const hopeless = { ...level, logits: new Float32Array(6).fill(-9) };
    const broken = { ...level, logits: new Float32Array(6).fill(NaN) };
    for (const one of [hopeless, broken]) expect(decodeDense([one], { width: 9, height: 9 }, options).scores.length).toBe(0);
  });

  it("lets centre-ness into the score as the convention says", () => {
    const central: LevelOutput = { ...level, centerness: Float32Array.of(-2, 2, 2) };
    const scores = (score: ScoreRule, scoreThreshold: number) => decodeDense([central], { width: 100, height: 100 }, { ...options, score, scoreThreshold }).scores;
    const sigmoid = (x: number) => 1 / (1 + Math.exp(-x));
    const products = [sigmoid(3) * sigmoid(2), sigmoid(1) * sigmoid(2), sigmoid(2) * sigmoid(-2)];
    const close = (actual: Float32Array, expected: number[]) => {
      expect(actual).toHaveLength(expected.length);
      for (const [i, value] of expected.entries()) expect(actual[i]).toBeCloseTo(value, 6);
    };
    close(scores("product", 0.6), products); // thresholds the class: 0.95, 0.73, 0.88
    close(scores("root", 0.6), products.map(Math.sqrt));
    const fourth = sigmoid(0.1) * sigmoid(2); // a class of 0.52 in a central cell
    close(scores("root-first", 0.6), [products[0], products[1], fourth].map(Math.sqrt)); // √products: 0.92, 0.80, 0.68; the third is 0.32
  });
});
