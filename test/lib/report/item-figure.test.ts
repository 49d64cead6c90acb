import { describe, expect, it } from "vitest";
import { isFigure } from "../../../kernel/display/plotly.ts";
import { itemOf as paperItem, items } from "../../../lib/papers/items/index.ts";
import type { Item, Metric, Verdict } from "../../../lib/papers/item.ts";
import { judge } from "../../../lib/papers/judge.ts";
import type { RowResult } from "../../../lib/papers/row-result.ts";
import { claimsTable } from "../../../lib/report/claims-table.ts";
import type { Figure } from "../../../lib/report/figures.ts";
import { itemFigure } from "../../../lib/report/item-figure.ts";
import { itemTable, seedsTable } from "../../../lib/report/item-table.ts";
import { random } from "../../../lib/tensor/random.ts";

/** Runs that could be: teachers once, the others at each seed, here and there one that failed. */
function made(item: Item, seeds: number): RowResult[] {
  return item.rows.filter(({ notRun }) => notRun === undefined).flatMap((row) => {
    const { normal, uniform } = random(1, item.id, row.id);
    const base = row.role === "teacher" ? 40 : 30 + 3 * normal();
    const metric = (name: Metric, seed: number) => [name, name === "share" ? uniform(0.1, 0.6) : name === "APs" && seed === 1 ? -1 : base + normal()] as const;
    const measured: readonly Metric[] = row.measure ? ["entropy"] : item.metrics.filter((name) => name !== "entropy");
    return Array.from({ length: row.role === "teacher" ? 1 : seeds }, (_, seed): RowResult => (seed === 2 && row.label.includes("GID") ? { row, seed, problem: "out of memory" } : { row, seed, metrics: Object.fromEntries(measured.map((name) => metric(name, seed))) }));
  });
}

const allowed: readonly Verdict[] = ["reproduced in direction", "within noise", "contradicted", "not testable at this profile", "not run"];
const traces = ({ data }: Figure) => data as readonly { readonly name?: string; readonly xaxis: string; readonly x: readonly unknown[]; readonly y: readonly unknown[]; readonly error_x?: object; readonly error_y?: object }[];
const annotated = ({ layout }: Figure) => (layout.annotations as readonly { readonly text: string }[]).map(({ text }) => text);

describe.each(items.map((item) => [item.id, item] as const))("%s", (_id, item) => {
  it.each([0, 1, 5])("has a verdict with a reason for every row and claim, a table and a figure, of %i seeds", (seeds) => {
    const judgement = judge(item, "smoke", seeds === 0 ? [] : made(item, seeds));
    for (const { verdict, why } of [...judgement.rows, ...judgement.claims]) {
      expect(allowed).toContain(verdict);
      expect(why).toMatch(/^[^ ].*[^.]\.$/);
      expect(why).not.toMatch(/undefined|NaN|\[object/);
    }
    if (seeds < 3) expect(judgement.claims.every(({ verdict }) => verdict === "not run" || verdict === "not testable at this profile")).toBe(true);
    for (const table of [itemTable(judgement), claimsTable(judgement), seedsTable(judgement)]) expect(String(table)).not.toMatch(/undefined|NaN|\[object/);
    expect(itemTable(judgement).rows).toHaveLength(item.rows.length);
    const figure = itemFigure(judgement);
    expect(annotated(figure)).toContainEqual(expect.stringMatching(/here: smoke, /));
    expect(annotated(figure)).toContain("Smoke profile: proves the pipeline, reproduces no number of the paper.");
    for (const { x, y } of traces(figure)) expect(x).toHaveLength(y.length);
    expect(isFigure(figure)).toBe(true);
    expect(JSON.stringify(figure)).not.toMatch(/NaN|Infinity|\[null,null\]/);
  });
});

describe("an item of rows", () => {
  const item = paperItem("frs/table-1");
  const figure = itemFigure(judge(item, "mini", made(item, 5)));

  it("has the paper's numbers on one side, means with intervals and single seeds on the other", () => {
    const of = (axis: string, name: string) => traces(figure).find((trace) => trace.xaxis === axis && trace.name === name)!;
    expect(of("x", "student alone").x).toEqual([37.4, 40.2, 42.9, 37.4, 38.5]);
    expect(of("x2", "student alone").x).toHaveLength(5);
    expect(of("x2", "student alone").error_x).toMatchObject({ symmetric: false });
    expect(of("x2", "single seeds").x).toHaveLength(50);
  });

  it("names units, rows and groups", () => {
    const { xaxis, yaxis } = figure.layout as Record<string, { title: { text: string }; ticktext: string[]; tickvals: number[] }>;
    expect(xaxis.title.text).toBe("AP [points]");
    expect(yaxis.ticktext).toHaveLength(item.rows.length);
    expect(yaxis.ticktext[1]).toBe("RetinaNet R-50 alone");
    expect(yaxis.tickvals[3] - yaxis.tickvals[2]).toBeCloseTo(1.6, 9);
  });

  it("says where a row has nothing", () => {
    const second = paperItem("frs/table-2");
    expect(annotated(itemFigure(judge(second, "mini", made(second, 3)))).filter((text) => text === "not run")).toHaveLength(1);
    expect(annotated(itemFigure(judge(second, "mini", []))).filter((text) => text === "not run")).toHaveLength(second.rows.length);
  });
});

it("puts a sweep's weight on the axis, a line per method", () => {
  const item = paperItem("sssd/lambda-sweep");
  const judgement = judge(item, "mini", made(item, 3));
  const lines = traces(itemFigure(judgement)).filter(({ name, error_y: bars }) => name !== undefined && bars !== undefined);
  expect(lines.map(({ name, x }) => [name, x])).toEqual([["LGD", [1, 1.5, 2]], ["SSSD", [50, 75, 100]]]);
  const shares = itemFigure(judgement, { metric: "share" });
  expect(traces(shares)[0].y).toEqual([0.44, 0.46, 0.58]);
  expect((shares.layout.yaxis as { title: { text: string } }).title.text).toBe("λL_distill / L_total");
  const weight = paperItem("shared-kd/weight");
  expect(traces(itemFigure(judge(weight, "mini", [])))[0]).toMatchObject({ x: [2, 5, 10, 20], y: [39.4, 38.6, 37.8, 37.2] });
});

it("puts the teacher's AP on the axis where teachers are studied", () => {
  const item = paperItem("frs/teachers");
  const { rows, layout, data } = { ...judge(item, "mini", made(item, 3)), ...itemFigure(judge(item, "mini", made(item, 3))) };
  const teachers = rows.filter(({ row }) => row.role === "teacher").map(({ here }) => here.AP!.mean);
  expect(traces({ data, layout }).find(({ xaxis, error_y: bars }) => xaxis === "x2" && bars !== undefined)!.x).toEqual(teachers);
  expect((layout.xaxis2 as { title: { text: string } }).title.text).toBe("teacher's AP [points]");
  expect(annotated({ data, layout })).toContain("the paper prints no numbers");
});

it("shows a region's entropy when asked, and refuses what the item does not measure", () => {
  const item = paperItem("frs/regions");
  const judgement = judge(item, "mini", made(item, 3));
  expect((itemFigure(judgement, { metric: "entropy" }).layout.yaxis as { ticktext: string[] }).ticktext).toHaveLength(4);
  expect(() => itemFigure(judgement, { metric: "hours" })).toThrow(/frs\/regions has no metric "hours"; it has AP/);
});
