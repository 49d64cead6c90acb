import { expect, it } from "vitest";
import { bestByScore, nthLargest } from "../../../../lib/detector/decode/best.ts";
import { decodeDense } from "../../../../lib/detector/decode/dense.ts";
import { byScore } from "../../../../lib/detector/decode/nms.ts";
import { random } from "../../../../lib/tensor/random.ts";

const kinds: Readonly<Record<string, (u: number) => number>> = {
  "probabilities": (u) => u,
  "many ties": (u) => Math.round(8 * u) / 8,
  "logits of both signs": (u) => 20 * u - 10,
  "scores that differ in their last bits": (u) => 0.5 + u * 1e-6,
  "zeros of both signs": (u) => (u < 0.3 ? -0 : u < 0.6 ? 0 : u),
  "infinities": (u) => (u < 0.1 ? -Infinity : u > 0.9 ? Infinity : u),
};

it("puts what is not a number last, and loses nothing else", () => {
  expect([...bestByScore(Float32Array.of(0.1, NaN, 0.9), 2)]).toEqual([2, 0]);
  const many = Float32Array.from({ length: 100 }, (_, i) => (i % 3 === 0 ? NaN : i));
  expect([...bestByScore(many, 4)]).toEqual([98, 97, 95, 94]);
  expect([...byScore(many).subarray(0, 4)]).toEqual([98, 97, 95, 94]);
});

it.each(Object.keys(kinds))("chooses as sorting everything does: %s", (kind) => {
  const stream = random(1, kind);
  for (const [size, count] of [[0, 5], [9, 5], [11, 5], [1000, 1], [5000, 300], [5000, 2499]]) {
    const scores = Float32Array.from({ length: size }, () => kinds[kind](stream.uniform(0, 1)));
    expect([...bestByScore(scores, count)]).toEqual([...byScore(scores).subarray(0, count)]);
  }
});

it("finds the n-th largest number, and none where there are fewer", () => {
  expect(nthLargest(Float32Array.of(3, -1, NaN, 7), 2)).toBe(3);
  expect(nthLargest(Float32Array.of(3, -1, NaN, 7), 3)).toBe(-1);
  expect(nthLargest(Float32Array.of(3, -1, NaN, 7), 4)).toBe(-Infinity);
  expect(nthLargest(Float32Array.of(3), 2)).toBe(-Infinity);
});

const spreads: Readonly<Record<string, (u: number) => number>> = {
  "near the prior": (u) => -4.6 + 0.1 * u,
  "wide": (u) => 30 * u - 15,
  "certain: many scores are 1 in single precision": (u) => 10 + 20 * u,
  "hopeless: scores are denormal or 0": (u) => -110 + 30 * u,
  "all alike": () => -2,
};

it.each(Object.keys(spreads))("a level sends on what sorting all scores sends on: %s", (spread) => {
  const [priors, classes, perLevel] = [700, 3, 40];
  const stream = random(2, spread);
  const logits = Float32Array.from({ length: priors * classes }, () => spreads[spread](stream.uniform(0, 1)));
  const scores = logits.map((logit) => 1 / (1 + Math.exp(-logit)));
  const boxesOf = (chosen: readonly number[]) => Float64Array.from(chosen.flatMap((p) => [10 * p, 0, 10 * p + 5, 5]));
  const options = { classes, scoreThreshold: -1, perLevel, nms: 1, maxDetections: 1000, clip: false, minSize: -1 };
  const found = decodeDense([{ logits, boxesOf }], { width: 9, height: 9 }, options);
  const expected = byScore(scores).subarray(0, perLevel);
  expect([...found.scores]).toEqual(Array.from(expected, (e) => scores[e]));
  expect([...found.labels]).toEqual(Array.from(expected, (e) => e % classes));
  expect(Array.from(found.labels, (_, k) => found.boxes[4 * k] / 10)).toEqual(Array.from(expected, (e) => Math.floor(e / classes)));
});
