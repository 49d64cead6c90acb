import { expect, it } from "vitest";
import { courseOf } from "../../../lib/papers/run-steps.ts";
import { step } from "./study-of.ts";

const steps = [0, 1, 2, 3, 4].map((iteration) => step(iteration, { cls: 3, distill: iteration }, { lambda: iteration < 2 ? 75 : 80 }));

it("means equally many iterations per point, the last one fewer", () => {
  const { window, iterations, values } = courseOf(steps, ({ weighted }) => weighted.distill, 3);
  expect(window).toBe(2);
  expect(iterations).toEqual([2, 4, 5]);
  expect(values).toEqual([0.5, 2.5, 4]);
});

it("gives the share in percent", () => {
  expect(courseOf(steps.slice(1, 2), "share").values).toEqual([25]);
});

it("keeps λ's steps as they are, instead of a mean that no iteration had", () => {
  expect(courseOf(steps, "lambda", 3).values).toEqual([75, 80, 80]);
  expect(courseOf(steps, "lambda", 60).values).toEqual([75, 75, 80, 80, 80]);
});

it("has no points without steps", () => {
  expect(courseOf([], "loss")).toEqual({ window: 1, iterations: [], values: [] });
});
