import { expect, it } from "vitest";
import { lineFigure } from "../../../lib/report/figures.ts";
import type { Figure } from "../../../lib/report/figures.ts";

const axes = { x: { label: "iteration" }, y: { label: "loss", unit: "nats" } };
const trace = (figure: Figure, i: number) => figure.data[i] as { x: number[]; y: number[]; fill?: string; mode: string; name?: string; error_y?: { array: number[]; arrayminus: number[] } };

it("is plain data with nothing but data and layout", () => {
  const figure = lineFigure({ ...axes, title: "Loss", lines: [{ name: "a", x: Float32Array.of(1, 2), y: [3, 4] }] });
  expect(Object.keys(figure)).toEqual(["data", "layout"]);
  expect(JSON.parse(JSON.stringify(figure))).toEqual(figure);
  expect(trace(figure, 0)).toMatchObject({ x: [1, 2], y: [3, 4], mode: "lines+markers", name: "a" });
});

it("writes units into the axis titles", () => {
  const { layout } = lineFigure({ ...axes, lines: [] });
  expect((layout.xaxis as { title: { text: string } }).title.text).toBe("iteration");
  expect((layout.yaxis as { title: { text: string } }).title.text).toBe("loss [nats]");
});

it("fills the band from low to high, beneath the line", () => {
  const figure = lineFigure({ ...axes, lines: [{ name: "a", x: [1, 2], y: [3, 4], low: [2, 3], high: [5, 6] }] });
  expect([0, 1, 2].map((i) => trace(figure, i).y)).toEqual([[2, 3], [5, 6], [3, 4]]);
  expect([0, 1, 2].map((i) => trace(figure, i).fill)).toEqual([undefined, "tonexty", undefined]);
});

it("gives points without a line error bars", () => {
  const figure = lineFigure({ ...axes, lines: [{ name: "a", x: [1], y: [3], low: [2], high: [5], points: "only" }] });
  expect(figure.data).toHaveLength(1);
  expect(trace(figure, 0).error_y).toMatchObject({ array: [2], arrayminus: [1] });
});

it("places reference labels in Plotly's log coordinates, but not their lines", () => {
  const figure = lineFigure({ x: { label: "λ", scale: "log", range: [1, 100] }, y: axes.y, lines: [], references: [{ axis: "x", value: 10, name: "ten" }] });
  const { shapes, annotations, xaxis } = figure.layout as { shapes: { x0: number }[]; annotations: { x: number; text: string }[]; xaxis: { range: number[] } };
  expect(shapes[0].x0).toBe(10);
  expect(annotations[0]).toMatchObject({ x: 1, text: "ten" });
  expect(xaxis.range).toEqual([0, 2]);
});

it("refuses columns of unequal length", () => {
  expect(() => lineFigure({ ...axes, lines: [{ name: "a", x: [1, 2], y: [3] }] })).toThrow(/line "a": x has 2 values and y 1/);
});

it("puts a legend of several rows beneath the plot, where it does not grow into the title", () => {
  const lines = (...names: string[]) => names.map((name) => ({ name, x: [1], y: [1] }));
  const place = (figure: Figure) => (figure.layout.legend as { y: number }).y;
  const long = "a row with a name of thirty-six letters";
  expect(place(lineFigure({ ...axes, title: "Loss", lines: lines(long, long) }))).toBeLessThan(0);
  expect(place(lineFigure({ ...axes, title: "Loss", lines: lines("a", "b") }))).toBeGreaterThan(1);
  expect(place(lineFigure({ ...axes, lines: lines(long, long) }))).toBeGreaterThan(1);
});
