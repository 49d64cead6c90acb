import { expect, it } from "vitest";
import { bestByScore, byScore } from "../../../../lib/detector/decode/nms.ts";
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
