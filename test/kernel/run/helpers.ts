import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { readNotebook } from "../../../kernel/notebook/index.ts";
import type { Cell, Notebook, Output } from "../../../kernel/notebook/index.ts";

/** A folder that is removed with everything in it. */
export function temporaryFolder(): { path: string; remove: () => void } {
  const path = mkdtempSync(join(tmpdir(), "potstill-test-"));
  return { path, remove: () => rmSync(path, { recursive: true, force: true }) };
}

export interface CellSketch {
  code?: string;
  text?: string;
  tags?: string[];
}

/** Notebook JSON of a few cells, as a file would hold it. */
export function notebookText(cells: readonly CellSketch[], kernel: string | undefined = "test-python", language = "python"): string {
  const made = cells.map(({ code, text, tags }, index) => {
    const common = { id: `cell-${index}`, metadata: tags === undefined ? {} : { tags } };
    return text === undefined ? { ...common, cell_type: "code", source: code ?? "", outputs: [], execution_count: null } : { ...common, cell_type: "markdown", source: text };
  });
  const kernelspec = { name: kernel, display_name: kernel, language };
  return JSON.stringify({ nbformat: 4, nbformat_minor: 5, metadata: { kernelspec }, cells: made });
}

export function writeNotebookFile(folder: string, name: string, cells: readonly CellSketch[], kernel?: string, language?: string): string {
  const path = join(folder, name);
  writeFileSync(path, notebookText(cells, kernel, language));
  return path;
}

export const readFile = (path: string): Notebook => readNotebook(readFileSync(path, "utf8"));

/** Installs kernelspecs under FOLDER/kernels; JUPYTER_PATH=FOLDER finds them. */
export function installSpec(folder: string, name: string, spec: Record<string, unknown>): void {
  mkdirSync(join(folder, "kernels", name), { recursive: true });
  writeFileSync(join(folder, "kernels", name, "kernel.json"), JSON.stringify({ display_name: name, language: "python", ...spec }));
}

/** ipykernel of the test Python as the kernel `test-python`. */
export function installIpykernel(folder: string, python: string): void {
  installSpec(folder, "test-python", { argv: [python, "-m", "ipykernel_launcher", "-f", "{connection_file}"], env: { PYDEVD_DISABLE_FILE_VALIDATION: "1" } });
}

/** An environment that finds the kernels of `folder` and keeps its runtime files there too. */
export function environment(folder: string): NodeJS.ProcessEnv {
  return { ...process.env, JUPYTER_PATH: folder, JUPYTER_RUNTIME_DIR: join(folder, "runtime"), HOME: folder, IPYTHONDIR: join(folder, "ipython") };
}

export const statuses = (notebook: Notebook): (string | undefined)[] =>
  notebook.cells.map((cell) => (cell.metadata.papermill as { status?: string } | undefined)?.status);

export const outputsOf = (cell: Cell | undefined): Output[] => (cell?.cell_type === "code" ? cell.outputs : []);

export const streamText = (cell: Cell | undefined): string => outputsOf(cell).map((output) => (output.output_type === "stream" ? output.text : "")).join("");
