import { describe, expect, it } from "vitest";
import type { MethodSpec } from "../../../lib/papers/method.ts";
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

  it("tells of a method that is held back longer than the training lasts, its own warm-up too", () => {
    const held = (method: MethodSpec, iterations = 300) => warnings({ ...training(iterations), method });
    expect(held({ name: "frs" })).toEqual([expect.stringMatching(/^method\.options\.warmup is 500 and training\.iterations 300: frs reaches at most 59 % of its weight\. /)]);
    expect(held({ name: "frs", options: { warmup: 299 } })).toEqual([]);
    expect(held({ name: "lgd", options: { distillFrom: 300 } })).toEqual([expect.stringMatching(/distillFrom is 300 .*: the student never learns from lgd/)]);
    expect(held({ name: "fitNets", lambda: [[0, 1]], from: 100, until: 90 })).toEqual([expect.stringMatching(/method\.from is 100 and method\.until 90/)]);
    expect(held({ name: "labelEnc", options: { step: 1 } })).toEqual([expect.stringMatching(/distanceFrom is 30000/)]);
    for (const method of [{ name: "fitNets" }, { name: "sssd" }, { name: "labelEnc", options: { step: 2 } }] as const) expect(held(method)).toEqual([]);
  });
});
