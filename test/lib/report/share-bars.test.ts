import { expect, it } from "vitest";
import { shareBars } from "../../../lib/report/share-bars.ts";
import { shown } from "./views.ts";

it("draws a bar per row, its segments as long as their shares", async () => {
  const { document, text } = await shown(shareBars(["<P3>", "P4"], [{ label: "own & first", shares: [0.75, 0.25] }, { label: "second", shares: [1, 19] }]));
  const bars = [...document.querySelectorAll("[role=img]")];
  expect(bars.map((bar) => [...bar.children].map((segment) => Number(/flex:([\d.]+)/.exec(segment.getAttribute("style")!)![1])))).toEqual([[75, 25], [5, 95]]);
  expect(bars[0].children[0].textContent).toBe("<P3> 75 %");
  // Too short for its text, which the title has.
  expect(bars[1].children[0].textContent.trim()).toBe("");
  expect(bars[1].children[0].getAttribute("title")).toBe("<P3> 5 %");
  expect(text).toBe("own & first: <P3> 75 %, P4 25 %\nsecond: <P3> 5 %, P4 95 %");
});

it("refuses shares that do not fit their names or divide nothing", () => {
  expect(() => shareBars(["a"], [{ label: "x", shares: [1, 2] }])).toThrow(/"x" has 2 shares; allowed: one for each of 1 names/);
  expect(() => shareBars(["a", "b"], [{ label: "x", shares: [0, 0] }])).toThrow(/not all 0/);
  expect(() => shareBars(["a", "b"], [{ label: "x", shares: [1, Number.NaN] }])).toThrow(/allowed: numbers from 0/);
});
