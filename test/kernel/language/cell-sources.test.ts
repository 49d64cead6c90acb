import { describe, expect, it } from "vitest";
import { CellSources, cellUrlOf } from "../../../kernel/language/cell-sources.ts";
import { compileCell } from "../../../kernel/language/transpile.ts";

describe("the sources of cells", () => {
  it("lead from a script's position to the cell's", () => {
    const sources = new CellSources();
    const source = "type Gone = 1;\n\nconst here: number = missing;";
    const compiled = compileCell(source, { id: 4 });
    sources.add(4, { label: "In [2]", source, compiled });
    const line = compiled.code.split("\n").findIndex((text) => text.includes("missing"));
    const column = compiled.code.split("\n")[line].indexOf("missing");
    expect(sources.original(cellUrlOf(4), { line: line + 1, column: column + 1 })).toEqual({ name: "In [2]", line: 3, column: 22 });
    expect(sources.text("In [2]")).toBe(source);
    expect(sources.idOf("In [2]")).toBe(4);
    expect(sources.original(cellUrlOf(5), { line: 1, column: 1 })).toBeUndefined();
  });

  it("are bounded: of 10,000 large cells the oldest are forgotten, the newest stays however large it is", () => {
    const sources = new CellSources();
    const source = "x".repeat(10_000);
    for (let id = 1; id <= 10_000; id++) sources.add(id, { label: `In [${id}]`, source, compiled: { map: "" } });
    const known = Array.from({ length: 10_000 }, (_, k) => k + 1).filter((id) => sources.cell(id) !== undefined);
    expect(known.length * source.length).toBeLessThanOrEqual(32 * 1024 * 1024);
    expect(known.length).toBeGreaterThan(3000);
    expect(known.at(-1)).toBe(10_000);
    expect(sources.text("In [1]")).toBeUndefined();
    sources.add(10_001, { label: "In [10001]", source: "y".repeat(40 * 1024 * 1024), compiled: { map: "" } });
    expect(sources.cell(10_001)).toBeDefined();
    expect(sources.cell(10_000)).toBeUndefined();
  });

  it("keep the newest cell of a label, also when an older one of it is forgotten", () => {
    const sources = new CellSources();
    sources.add(1, { label: "cell", source: "1", compiled: { map: "" } });
    sources.add(2, { label: "cell", source: "2", compiled: { map: "" } });
    expect(sources.text("cell")).toBe("2");
    sources.add(3, { label: "In [1]", source: "z".repeat(33 * 1024 * 1024), compiled: { map: "" } });
    expect(sources.text("cell")).toBeUndefined();
  });
});
