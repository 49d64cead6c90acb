import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { isSearched } from "../../lib/calibrate/planned-search.ts";
import { itemOf, items } from "../../lib/papers/items/index.ts";
import { root } from "../potstill.ts";
import { kitNotebook, text, type Notebook } from "./kit-notebook.ts";

/** Papers' notebooks; the calibration has tests of its own. */
const paperNotebooks = items.filter((item) => !isSearched(item));

interface Source extends Notebook { readonly metadata: Notebook["metadata"] & { readonly kernelspec: { readonly name: string } } }
const read = (file: string) => JSON.parse(readFileSync(join(root, file), "utf8")) as Source;
const tagsOf = (cell: object) => ((cell as { readonly metadata?: { readonly tags?: readonly string[] } }).metadata?.tags ?? []);

describe.each(paperNotebooks.map((item) => [item.notebook, item] as const))("%s", (file, item) => {
  const { cells, metadata } = read(file);
  const code = cells.filter(({ cell_type }) => cell_type === "code");
  const source = (tag: string) => text(code.find((cell) => tagsOf(cell).includes(tag))?.source ?? "");

  it("asks for its item, with the parameters that every notebook has", () => {
    expect(metadata.kernelspec.name).toBe("potstill");
    expect(tagsOf(code[0])).toContain("parameters");
    for (const name of ["profile", "data", "seed", "seeds", "rows", "runs", "iterations", "requireGpu"]) expect(source("parameters")).toMatch(new RegExp(`^const ${name}\\b`, "m"));
    expect(code.map((cell) => text(cell.source)).join("\n")).toContain(`openStudy("${item.id}", { profile, data, seed, seeds, rows, runs, iterations, requireGpu })`);
    expect(source("result")).toContain("itemTable(report)");
  });

  it("names only rows that its item has", () => {
    const ids = new Set(itemOf(item.id).rows.map(({ id }) => id));
    const named = code.flatMap((cell) => [...text(cell.source).matchAll(/rows?: (\[[^\]]*\]|"[^"]*")|for \(const row of (\[[^\]]*\])|showTerms\(study, results, ("[^"]*")|showGuides\(study, results, (\[[^\]]*\])/g)])
      .flatMap((match) => [...(match.slice(1).find((group) => group !== undefined) ?? "").matchAll(/"([^"]+)"/g)].map(([, id]) => id));
    expect(named.filter((id) => !ids.has(id))).toEqual([]);
  });

  it("says the claim and the doubts before any code, and the label of what is reconstructed", () => {
    const [first] = cells;
    expect(first.cell_type).toBe("markdown");
    expect(text(first.source)).toMatch(/\*\*The claims? to test/);
    expect(text(first.source)).toContain("Doubts before any training");
    if (item.label !== undefined) expect(text(first.source)).toMatch(/^# .*\(reconstructed\)\n\n\*\*Reconstructed\.\*\*/);
  });

  it("carries no outputs, no counts and no absolute paths, in cells of about four lines", () => {
    for (const cell of code) expect(cell).toMatchObject({ outputs: [], execution_count: null });
    expect(readFileSync(join(root, file), "utf8")).not.toMatch(/"\/(home|root|work|tmp|Users)\//);
    const lines = code.slice(1).map((cell) => text(cell.source).split("\n").length);
    expect(Math.max(...lines)).toBeLessThanOrEqual(5);
  });
});

it("every item has its notebook, and every notebook is in the index", () => {
  const index = readFileSync(join(root, "notebooks", "README.md"), "utf8");
  const files = readdirSync(join(root, "notebooks")).filter((name) => name.endsWith(".ipynb"));
  for (const { notebook } of items) expect(files).toContain(notebook.replace("notebooks/", ""));
  for (const name of files) expect(index).toContain(`(${name})`);
});

describe("the notebook on FRS's two terms, as a user runs it", { timeout: 600_000 }, () => {
  const { run, report, folder } = kitNotebook("frs-table-3.ipynb", { profile: "smoke", iterations: "1", rows: "[fpn]" });
  let done: Notebook;
  beforeAll(async () => { done = await run("done", { runs: join(folder, "runs") }); }, 600_000);
  const shown = (id: string) => done.cells.find((cell) => cell.id === id)!.outputs!.map(({ data }) => text(data?.["text/plain"] ?? data?.["text/markdown"] ?? "")).join("\n");

  it("trains, looks and judges without an error", () => {
    expect(done.metadata.papermill.exception).toBeNull();
    expect(done.cells.flatMap(({ outputs = [] }) => outputs).filter(({ output_type }) => output_type === "error")).toEqual([]);
    expect(shown("result")).toMatch(/FPN term alone +39\.4 +\d/);
    expect(shown("result")).toContain("Smoke profile: it proves the pipeline");
    expect(shown("mask")).toMatch(/P2: \d+ × \d+ cells/);
    expect(shown("detections")).toContain("Not trained here: head, both.");
    expect(shown("changes")).toContain("no reproduction of the paper's numbers");
  });

  it("keeps every figure as a picture for those who cannot draw it, and needs no network", () => {
    const figures = done.cells.flatMap(({ outputs = [] }) => outputs).filter(({ data }) => data?.["application/vnd.plotly.v1+json"] !== undefined);
    expect(figures.length).toBeGreaterThanOrEqual(3);
    for (const { data } of figures) expect(text(data!["text/html"])).toContain("<img src=\"data:image/png;base64,iVBOR");
    expect(report("done")).not.toMatch(/<(script|link|img)[^>]+(src|href)="https?:/);
  });
});
