import { describe, expect, it, vi } from "vitest";
import { inspectParameters, parameteriseNotebook, readNotebook } from "../../../kernel/notebook/index.ts";
import type { Notebook } from "../../../kernel/notebook/index.ts";
import { notebookText } from "../run/helpers.ts";
import type { CellSketch } from "../run/helpers.ts";

const python = (cells: CellSketch[]): Notebook => readNotebook(notebookText(cells));
const sources = (notebook: Notebook): string[] => notebook.cells.map(({ source }) => source);
const parametersCell = { code: "lr = 0.1  # learning rate\nname: str = 'a'\nxs = [1,\n  2]  # type: list help", tags: ["parameters"] };

describe("parameteriseNotebook", () => {
  it("adds a tagged cell after the parameters cell", async () => {
    const notebook = await parameteriseNotebook(python([{ code: "1" }, parametersCell, { code: "2" }]), { lr: 0.5 });
    expect(sources(notebook)).toEqual(["1", parametersCell.code, "# Parameters\nlr = 0.5\n", "2"]);
    expect(notebook.cells[2]).toMatchObject({ cell_type: "code", metadata: { tags: ["injected-parameters"] }, outputs: [], execution_count: null });
    expect(new Set(notebook.cells.map(({ id }) => id)).size).toBe(4);
  });

  it("replaces the cell of an earlier injection", async () => {
    const once = await parameteriseNotebook(python([parametersCell, { code: "2" }]), { lr: 0.5 });
    expect(sources(await parameteriseNotebook(once, { lr: 0.7 }))).toEqual([parametersCell.code, "# Parameters\nlr = 0.7\n", "2"]);
  });

  it("leaves the notebook alone without parameters, and never changes its argument", async () => {
    const notebook = python([parametersCell]);
    const before = structuredClone(notebook);
    expect(await parameteriseNotebook(notebook, {})).toBe(notebook);
    await parameteriseNotebook(notebook, { lr: 1 });
    expect(notebook).toEqual(before);
  });

  it("refuses unknown parameters, tells the known ones and guesses the meant one", async () => {
    await expect(parameteriseNotebook(python([parametersCell]), { lrr: 1, lr: 2 })).rejects.toThrow(/Unknown parameter "lrr" \(did you mean lr\?\)\. The notebook's parameters are: lr = 0\.1, name = 'a', xs = \[1,2\]/);
    await expect(parameteriseNotebook(python([{ code: "1" }]), { a: 1 })).rejects.toThrow(/no cell tagged "parameters"/);
  });

  it("can be told to warn instead, as papermill does, and then injects on top when there is no parameters cell", async () => {
    const warn = vi.fn();
    const notebook = await parameteriseNotebook(python([{ code: "1" }]), { a: 1 }, { allowUnknown: true, warn });
    expect(sources(notebook)).toEqual(["# Parameters\na = 1\n", "1"]);
    expect(warn.mock.calls.flat()).toEqual(["Passed unknown parameter: a", "Input notebook does not contain a cell with tag 'parameters'"]);
  });

  it("lets exempt names pass and hides the cell in report mode", async () => {
    const notebook = await parameteriseNotebook(python([parametersCell]), { PATH_IN: "x" }, { exempt: ["PATH_IN"], reportMode: true });
    expect(notebook.cells[1]?.metadata).toEqual({ tags: ["injected-parameters"], jupyter: { source_hidden: true } });
  });
});

describe("inspectParameters", () => {
  it("finds names, types, defaults and help", async () => {
    expect(await inspectParameters(python([parametersCell]))).toEqual([
      { name: "lr", type: "None", default: "0.1", help: "learning rate" },
      { name: "name", type: "str", default: "'a'", help: "" },
      { name: "xs", type: "list", default: "[1,2]", help: "help" },
    ]);
  });

  it("infers TypeScript's types from literals, where nothing is declared", async () => {
    const code = "const a = -1, b = `x`, c = true, d: string | null = null, e = [1, 2], f = [1, 'x'], g = { h: 1 }, i = 5n, j = now(), k = 'x' as 'x' | 'y', l = [[1], [2]], m = [];";
    const known = await inspectParameters(readNotebook(notebookText([{ code, tags: ["parameters"] }], "potstill", "typescript")));
    expect(known!.map(({ name, type }) => `${name}: ${type}`)).toEqual([
      "a: number", "b: string", "c: boolean", "d: string | null", "e: number[]", "f: unknown[]", "g: object", "i: bigint", "j: None", "k: 'x' | 'y'", "l: number[][]", "m: unknown[]",
    ]);
  });

  it("is undefined without a parameters cell, or where the language cannot be inspected", async () => {
    expect(await inspectParameters(python([{ code: "1" }]))).toBeUndefined();
    expect(await inspectParameters(readNotebook(notebookText([parametersCell], "spark", "scala")))).toBeUndefined();
  });
});
