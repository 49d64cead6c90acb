import { existsSync } from "node:fs";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { readNotebook } from "../../../kernel/notebook/index.ts";
import { kernelJson } from "../../../kernel/kernelspec/index.ts";
import { chooseKernel } from "../../../kernel/run/choose-kernel.ts";
import { runNotebook } from "../../../kernel/run/index.ts";
import type { RunOptions } from "../../../kernel/run/types.ts";
import { environment, installSpec, notebookText, outputsOf, temporaryFolder, writeNotebookFile } from "./helpers.ts";

let folder: ReturnType<typeof temporaryFolder>;
beforeEach(() => { folder = temporaryFolder(); });
afterEach(() => folder.remove());

const notebook = (kernel: string, language = "typescript") => readNotebook(notebookText([{ code: "1" }], kernel, language));

function choose(kernel: string, options: Partial<RunOptions> = {}) {
  const notes: string[] = [];
  const onEvent: RunOptions["onEvent"] = (event) => { if (event.type === "info") notes.push(event.message); };
  return { spec: chooseKernel(notebook(kernel), { input: "n.ipynb", env: environment(folder.path), onEvent, ...options }), notes };
}

const built = kernelJson().argv.filter((word) => word.endsWith(".js")).every((word) => existsSync(word));
if (!built) console.warn("SKIPPED: the kernel is not built (npm run build)");

describe.skipIf(!built)("notebooks of tslab, run", () => {
  it.each([
    ["tslab", "typescript", [{ code: "function untyped(a, b) { return a + b; }\nlet late: string = null; untyped(1, 2)" }, { code: 'import * as tslab from "tslab"; tslab.display.html("<b>x</b>")' }]],
    ["jslab", "javascript", [{ code: "class A { constructor(n) { this.n = n; } }\nnew A(3).n" }, { code: 'const tslab = require("tslab"); tslab.display.html("<b>x</b>")' }]],
  ])("%s: are checked no more strictly than there", async (kernel, language, cells) => {
    const input = writeNotebookFile(folder.path, `${kernel}.ipynb`, cells, kernel, language);
    const { status, notebook } = await runNotebook({ input, env: environment(folder.path) });
    expect([status, outputsOf(notebook.cells[0])[0], outputsOf(notebook.cells[1])]).toMatchObject(["completed", { data: { "text/plain": "3" } }, [{ output_type: "display_data", data: { "text/html": "<b>x</b>" } }]]);
  });
});

describe("notebooks of tslab", () => {
  it("run in Potstill's kernel, with a note, where tslab is not installed", () => {
    const { spec, notes } = choose("tslab");
    expect([spec.name, spec.env]).toEqual(["potstill", { POTSTILL_TSLAB: "on" }]);
    expect(notes).toEqual(["The notebook's kernel tslab is not installed: it runs in Potstill's own, which has tslab's interface. (-k NAME chooses another.)"]);
  });

  it("are not checked for types when they are JavaScript", () => {
    expect(choose("jslab").spec).toMatchObject({ name: "potstill", env: { POTSTILL_TYPECHECK: "off" } });
  });

  it("run in tslab where it is installed", () => {
    installSpec(folder.path, "tslab", { argv: ["tslab", "kernel"], language: "typescript" });
    expect(choose("tslab")).toMatchObject({ spec: { name: "tslab", argv: ["tslab", "kernel"] }, notes: [] });
  });

  it("are an error when tslab itself was asked for and is absent", () => {
    expect(() => choose("potstill", { kernelName: "tslab" })).toThrow(/No kernel named "tslab" is installed/);
  });
});
