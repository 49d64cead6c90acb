import { describe, expect, it } from "vitest";
import { warnings } from "../../../lib/papers/warnings.ts";

const training = (iterations: number, warmup?: number) => ({ detector: { preset: "tiny" as const }, training: { iterations, learningRate: { base: 0.02, ...(warmup !== undefined && { warmup }) } } });

describe("warnings", () => {
  it("tells of a warm-up that outlasts the training, and of no other", () => {
    expect(warnings(training(89, 500))).toEqual([expect.stringMatching(/warmup is 500 and training\.iterations 89: the learning rate never reaches 0\.02/)]);
    expect(warnings(training(500, 500))).toHaveLength(1);
    for (const sound of [training(501, 500), training(1)]) expect(warnings(sound)).toEqual([]);
  });

  it("tells which preset one that is left out is", () => {
    expect(warnings({ ...training(9), detector: { kind: "fcos" } })).toEqual([expect.stringMatching(/preset is left out: fcos is its "tiny" one/)]);
  });
});
