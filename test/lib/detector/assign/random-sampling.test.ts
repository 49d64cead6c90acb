import { describe, expect, it } from "vitest";
import { background, ignored } from "../../../../lib/detector/assign/max-iou.ts";
import { sampleAssignment } from "../../../../lib/detector/assign/random-sampling.ts";
import { random } from "../../../../lib/tensor/random.ts";

/** 20 positives, 60 negatives, 20 ignored, mixed. */
const assignment = Int32Array.from({ length: 100 }, (_, i) => (i % 5 === 0 ? i : i % 5 === 1 ? ignored : background));
const stream = (seed: number) => () => random(seed, "test");
const never = () => { throw new Error("drew"); };

describe("sampleAssignment", () => {
  it("keeps positives to their share and fills up with negatives, ascending, ignored ones never", () => {
    const { positives, negatives } = sampleAssignment(assignment, { count: 32, positiveFraction: 0.25 }, stream(1));
    expect([positives.length, negatives.length]).toEqual([8, 24]);
    for (const i of positives) expect(assignment[i]).toBeGreaterThanOrEqual(0);
    for (const i of negatives) expect(assignment[i]).toBe(background);
    for (const list of [positives, negatives]) expect([...list]).toEqual([...new Set(list)].sort((a, b) => a - b));
  });

  it("gives negatives the places that positives leave", () => {
    const few = assignment.map((value, i) => (value >= 0 && i > 10 ? background : value));
    const { positives, negatives } = sampleAssignment(few, { count: 32, positiveFraction: 0.5 }, stream(1));
    expect([positives.length, negatives.length]).toEqual([3, 29]);
  });

  it("takes all and draws nothing where there are places enough", () => {
    const { positives, negatives } = sampleAssignment(assignment, { count: 1000, positiveFraction: 0.5 }, never);
    expect([positives.length, negatives.length]).toEqual([20, 60]);
    const none = sampleAssignment(new Int32Array(0), { count: 8, positiveFraction: 0.5 }, never);
    expect([none.positives.length, none.negatives.length]).toEqual([0, 0]);
  });

  it("draws the same from the same stream, and each candidate equally often", () => {
    const draw = (seed: number) => sampleAssignment(assignment, { count: 32, positiveFraction: 0.25 }, stream(seed));
    expect(draw(1)).toEqual(draw(1));
    expect(draw(1)).not.toEqual(draw(2));
    const times = new Map<number, number>();
    for (let seed = 0; seed < 1000; seed++) for (const i of draw(seed).positives) times.set(i, (times.get(i) ?? 0) + 1);
    expect(times.size).toBe(20);
    // 1000 draws of 8 from 20: 400 each, standard deviation 15.5.
    for (const n of times.values()) expect(Math.abs(n - 400)).toBeLessThan(70);
  });
});
