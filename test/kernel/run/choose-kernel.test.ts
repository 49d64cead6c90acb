import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { readNotebook } from "../../../kernel/notebook/index.ts";
import { chooseKernel } from "../../../kernel/run/choose-kernel.ts";
import type { RunOptions } from "../../../kernel/run/types.ts";
import { environment, installSpec, notebookText, temporaryFolder } from "./helpers.ts";

let folder: ReturnType<typeof temporaryFolder>;
beforeEach(() => { folder = temporaryFolder(); });
afterEach(() => folder.remove());

const notebook = (kernel: string, language = "typescript") => readNotebook(notebookText([{ code: "1" }], kernel, language));

function choose(kernel: string, options: Partial<RunOptions> = {}) {
  const notes: string[] = [];
  const onEvent: RunOptions["onEvent"] = (event) => { if (event.type === "info") notes.push(event.message); };
  return { spec: chooseKernel(notebook(kernel), { input: "n.ipynb", env: environment(folder.path), onEvent, ...options }), notes };
}

describe("notebooks of tslab", () => {
  it("run in Potstill's kernel, with a note, where tslab is not installed", () => {
    const { spec, notes } = choose("tslab");
    expect([spec.name, spec.env]).toEqual(["potstill", {}]);
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
