import { describe, expect, it } from "vitest";
import type { Published } from "../../../lib/papers/item.ts";
import { cellsOf } from "../../../lib/papers/published/cells.ts";
import { everything, linesOf, projectLines, published, span, typed } from "./tables.ts";

const cells = everything.flatMap(({ id, rows }) => Object.entries(rows).flatMap(([row, { cells }]) => Object.entries(cells).map(([metric, cell]) => ({ place: `${id} ${row} ${metric}`, cell }))));

describe.skipIf(typed === undefined)("the papers' numbers", () => {
  const all = Object.entries(typed ?? {}).flatMap(([paper, { tables }]) => tables.map((table) => [`${paper} ${table.id}`, paper as keyof typeof published, table] as const));

  it.each(all)("of %s are the project's, cell by cell and in order", (name, paper, table) => {
    const own = (published[paper] as Readonly<Record<string, Published>>)[table.id];
    expect(projectLines(own)).toEqual(linesOf(table, ["sssd table1", "sssd table3"].includes(name)));
  });

  it("are all there: no table is left out, and none is the project's alone", () => {
    const own = Object.entries(published).flatMap(([paper, tables]) => Object.keys(tables).filter((key) => key.startsWith("table")).map((key) => `${paper} ${key}`));
    expect(own.sort()).toEqual(all.map(([name]) => name).sort());
  });

  it("are called derived where they are derived", () => {
    for (const [name, paper, { id, rows }] of all) {
      const own = Object.values((published[paper] as Readonly<Record<string, Published>>)[id].rows);
      rows.forEach(({ label, derived }, i) => { if (derived) expect(JSON.stringify(own[i]?.cells), `${name} ${label}`).toContain('"derived"'); });
    }
  });

  it("of FRS's Table 1 stand beside the schedule that is printed", () => {
    const own = Object.values(published.frs.table1.rows).map(({ label }) => label);
    typed!.frs.tables[0].rows.forEach(({ values: { mode } }, i) => { if (typeof mode === "string") expect(own[i]).toMatch(new RegExp(`, ${mode}$`)); });
  });
});

describe("published tables and figures", () => {
  it("have names of their own, a caption, and in each row the metrics that they announce", () => {
    expect(new Set(everything.map(({ id }) => id)).size).toBe(everything.length);
    for (const { id, title, caption, metrics, rows } of everything) {
      expect([title, caption].every((text) => text.length > 0), id).toBe(true);
      for (const [row, { cells }] of Object.entries(rows)) expect(Object.keys(cells), `${id} ${row}`).toEqual([...metrics]);
    }
  });

  it("print no number in a figure that the papers only draw", () => {
    const drawn = cells.filter(({ place, cell }) => place.includes("-figure-") && typeof cell === "number");
    expect(drawn).toEqual([]);
  });

  it("derive numbers as they say", () => {
    const derived = cells.flatMap(({ place, cell }) => (typeof cell === "object" && "derived" in cell ? [{ place, ...cell }] : []));
    expect(derived.length).toBeGreaterThan(30);
    for (const { place, value, derived: how } of derived) {
      const [, first, sign, second] = /^(\d+\.\d)(?: ([−+]) (\d+\.\d))?: ./.exec(how) ?? [];
      const result = Number(first) + (sign === "−" ? -1 : 1) * Number(second ?? 0);
      expect(result.toFixed(1), `${place}: ${how}`).toBe(value.toFixed(1));
    }
  });

  it("bound what is lost by what the prose says", () => {
    for (const { place, cell } of cells) {
      if (typeof cell === "number" || !("lost" in cell)) continue;
      expect(cell.lost.length, place).toBeGreaterThan(10);
      if (cell.bounds) expect(cell.bounds[0], place).toBeLessThan(cell.bounds[1]);
    }
    const { frs: { table4 }, sssd: { figure3, table4: sweep }, shared_kd: { table3 } } = published;
    // FRS: between TP+FN and TP+FP.
    expect(span(table4.rows.tp.cells.AP)).toEqual([table4.rows["tp-fn"].cells.AP as number + 0.1, table4.rows["tp-fp"].cells.AP as number - 0.1].map((x) => Number(x.toFixed(1))));
    // SSSD: half a percent, or half a point, above the fixed λ.
    for (const [fixed, stepwise] of [["lgd-1", "lgd-1-to-1-5"], ["sssd-75", "sssd-75-to-80"]]) {
      const ap = sweep.rows[fixed].cells.AP as number;
      expect(span(figure3.rows[stepwise].cells.AP)).toEqual([ap * 1.005, ap + 0.5].map((x) => Number(x.toFixed(1))));
    }
    // Shared-KD: above each ablation.
    for (const metric of ["AP", "AP50", "AP75", "APs", "APm", "APl"] as const) {
      const ablations = ["no-identical", "no-cross"].flatMap((row) => span(table3.rows[row].cells[metric]) ?? []);
      expect(span(table3.rows.full.cells[metric])?.[0], metric).toBeCloseTo(Math.max(...ablations) + 0.1, 9);
    }
  });

  it("refuse rows of another length", () => {
    expect(() => cellsOf(["AP", "AP50"], [40])).toThrow("1 cells for AP, AP50");
  });
});
