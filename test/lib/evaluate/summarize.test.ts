import { expect, it } from "vitest";
import { protocol } from "../../../lib/evaluate/protocol.ts";
import { summarize } from "../../../lib/evaluate/summarize.ts";

const shown = (value: number) => summarize({ protocol: protocol(), stats: new Float64Array(12).fill(value) }).split("\n")[0].split(" = ")[1];

it.each([[0.0625, "0.062"], [0.1875, "0.188"], [0.3125, "0.312"], [0.4375, "0.438"], [0.5, "0.500"], [-1, "-1.000"], [0.0005, "0.001"], [1, "1.000"], [0.50449, "0.504"]])("prints %f as Python does: %s", (value, text) => {
  expect(shown(value)).toBe(text);
});

it("has the thresholds of the protocol to the last bit", () => {
  const { iouThresholds, recallThresholds } = protocol();
  expect(iouThresholds[8]).toBe(0.8999999999999999);
  expect([5, 9].map((i) => iouThresholds[i])).toEqual([0.75, 0.95]);
  recallThresholds.forEach((value, i) => expect(value).toBe(i === 100 ? 1 : i * 0.01));
  expect(recallThresholds[35]).not.toBe(0.35);
});

it.each([[[1, 10]], [[10, 1, 100]], [[0, 10, 100]], [[1, 10, 100.5]]])("refuses the limits %j", (maxDetections) => {
  expect(() => protocol({ maxDetections })).toThrow(/three ascending positive integers/);
});
