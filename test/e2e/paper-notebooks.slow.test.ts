// The papers' notebooks where users run them: under the real papermill with the plug-in, through nbconvert, and in JupyterLab.
import { spawnSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { installKernelSpec, kernelFolder } from "../../kernel/kernelspec/index.ts";
import { findBinding } from "../../lib/backend/runtime.ts";
import { root } from "../potstill.ts";
import { testPython } from "../python.ts";
import { Lab, labParts } from "./lab.ts";
import type { NotebookPage } from "./notebook-page.ts";

interface Cell { readonly id: string; readonly cell_type: string; source: string[] | string; readonly outputs?: readonly { readonly output_type: string; readonly data?: Record<string, unknown> }[] }
interface Notebook { readonly cells: Cell[]; readonly metadata: Record<string, unknown> }

const text = (value: unknown) => (Array.isArray(value) ? value.join("") : String(value));
const folder = mkdtempSync(join(tmpdir(), "potstill-paper-notebooks-"));
afterAll(() => { rmSync(folder, { recursive: true, force: true }); });
const runs = join(folder, "runs");

/** Little enough to be trained in a test: the schedule cut to one iteration. */
const short = { iterations: 1, runs };
const errors = ({ cells }: Notebook) => cells.flatMap(({ outputs = [] }) => outputs).filter(({ output_type }) => output_type === "error");
const shown = ({ cells }: Notebook, id: string) => cells.find((cell) => cell.id === id)!.outputs!.map(({ data }) => text(data?.["text/plain"] ?? data?.["text/markdown"] ?? "")).join("\n");

const python = testPython(["papermill", "nbconvert", "setuptools"]);

describe.skipIf(python === undefined)("under papermill", { timeout: 600_000 }, () => {
  let env: NodeJS.ProcessEnv;
  beforeAll(() => {
    installKernelSpec(kernelFolder({ kind: "prefix", path: folder }));
    env = { ...process.env, PYTHONPATH: join(folder, "site"), JUPYTER_PATH: join(folder, "share", "jupyter") };
    cpSync(join(root, "kernel", "papermill"), join(folder, "plugin"), { recursive: true }); // setuptools writes beside its sources
    const pip = spawnSync(python!, ["-m", "pip", "install", "--quiet", "--no-deps", "--no-build-isolation", "--disable-pip-version-check", "--target", join(folder, "site"), join(folder, "plugin")], { encoding: "utf8" });
    expect(pip.status, pip.stderr).toBe(0);
  }, 300_000);

  const papermill = (name: string, rows: string): Notebook => {
    const out = join(folder, `${name}.ipynb`);
    const given = ["-p", "runs", runs, "-p", "iterations", "1", "-y", `rows: ${rows}`];
    const { status, stderr } = spawnSync(python!, ["-m", "papermill", join("notebooks", `${name}.ipynb`), out, "-k", "potstill", "--cwd", root, ...given], { cwd: root, encoding: "utf8", env, timeout: 550_000 });
    expect(status, stderr).toBe(0);
    return JSON.parse(readFileSync(out, "utf8")) as Notebook;
  };

  it.each([["frs-table-3", "[fpn]", /FPN term alone +39\.4 +\d/], ["sssd-stepwise", "[sssd-75-to-80]", /SSSD, λ = 75 → 80[^\n]* +\d/]] as const)("runs %s to its verdicts", (name, rows, result) => {
    const notebook = papermill(name, rows);
    expect(notebook.metadata["papermill"]).toMatchObject({ exception: null, parameters: { iterations: 1 } });
    expect(errors(notebook)).toEqual([]);
    expect(shown(notebook, "result")).toMatch(result);
  });

  it("is a page with every figure in nbconvert's HTML", () => {
    const nbconvert = (...args: string[]) => {
      const { status, stderr } = spawnSync(python!, ["-m", "nbconvert", ...args, join(folder, "frs-table-3.ipynb")], { cwd: folder, encoding: "utf8", env, timeout: 120_000 });
      expect(status, stderr).toBe(0);
    };
    const { cells } = JSON.parse(readFileSync(join(folder, "frs-table-3.ipynb"), "utf8")) as Notebook;
    const figures = cells.flatMap(({ outputs = [] }) => outputs).filter(({ data }) => data?.["application/vnd.plotly.v1+json"] !== undefined).length;
    expect(figures).toBeGreaterThanOrEqual(3);
    nbconvert("--to", "html", "--output", "page");
    expect(readFileSync(join(folder, "page.html"), "utf8").match(/src="data:image\/png;base64,/g)!.length).toBeGreaterThanOrEqual(figures);
  });
});

const parts = labParts(["jupyterlab", "plotly"]);

describe.skipIf(parts === undefined)("in JupyterLab", { timeout: 900_000 }, () => {
  let lab: Lab;
  let notebook: NotebookPage;
  beforeAll(async () => {
    lab = await Lab.start(parts!, { drawAll: true, env: { POTSTILL_BINDING: findBinding() ?? "" } });
    mkdirSync(join(lab.notebooks, "node_modules"));
    symlinkSync(root, join(lab.notebooks, "node_modules", "potstill"));
  }, 180_000);
  afterAll(() => lab.stop(), 60_000);

  it("runs all cells of a notebook, draws its figures alive, and shows the verdicts", async () => {
    const source = JSON.parse(readFileSync(join(root, "notebooks", "frs-table-3.ipynb"), "utf8")) as Notebook;
    const given = Object.entries({ ...short, rows: ["fpn"] }).map(([name, value]) => [new RegExp(`^const ${name}\\b([^=]*)=[^;]*;`, "m"), `const ${name}$1= ${JSON.stringify(value)};`] as const);
    const cells = source.cells.map((cell) => (cell.id === "parameters" ? { ...cell, source: given.reduce((code, [from, to]) => code.replace(from, to), text(cell.source)) } : cell));
    lab.put("frs-table-3.ipynb", { ...source, cells });
    notebook = await lab.show("frs-table-3.ipynb");
    try {
      await notebook.page.locator(".jp-Notebook").first().waitFor();
      notebook.page.setDefaultTimeout(600_000);
      await notebook.runAll();
      expect(await notebook.page.locator('.jp-OutputArea-output [data-mime-type="application/vnd.jupyter.error"]').count()).toBe(0);
      await notebook.page.locator(".js-plotly-plot").nth(2).waitFor({ state: "attached" });
      const page = await notebook.page.locator(".jp-Notebook").innerText();
      expect(page).toMatch(/FPN term alone\s+39\.4/);
      expect(page).toContain("not testable at this profile");
    } finally {
      for (const at of ["The setting", "One mask for both", "On the way", "The table", "The claims"]) {
        await notebook.page.locator(".jp-Notebook h2").filter({ hasText: at }).first().scrollIntoViewIfNeeded().catch(() => undefined);
        await notebook.screenshot(`frs-table-3 ${at}`);
      }
      await notebook.close();
    }
  });
});
