import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { potstill, root } from "../potstill.ts";
import { sharedFolder } from "../shared.ts";

interface Output { readonly output_type: string; readonly data?: Record<string, unknown>; readonly text?: string | string[] }
interface Cell { readonly cell_type: string; readonly metadata: { readonly tags?: string[]; readonly papermill?: { status: string } }; readonly outputs?: Output[]; readonly source: string | string[] }
interface Notebook { readonly cells: Cell[]; readonly metadata: { readonly papermill: { exception: unknown; parameters: Record<string, unknown> } } }

const folder = mkdtempSync(join(tmpdir(), "potstill-e2e-"));
afterAll(() => { rmSync(folder, { recursive: true }); });

const text = (value: unknown) => (Array.isArray(value) ? value.join("") : String(value));
const code = (notebook: Notebook) => notebook.cells.filter(({ cell_type }) => cell_type === "code");
const table = (notebook: Notebook) => text(code(notebook).find(({ metadata }) => metadata.tags?.includes("result"))!.outputs![0].data!["text/plain"]);

/** The calibration notebook with very short probes, through the runner and the kernel as a user has them. */
async function run(name: string, parameters: Record<string, string>): Promise<{ notebook: Notebook; raw: string; html: string }> {
  const out = join(folder, `${name}.ipynb`);
  const given = Object.entries({ iterations: "3", runs: join(folder, `runs-${name}`), ...parameters }).flatMap(([key, value]) => ["-p", key, value]);
  const { code: exit, stderr } = await potstill(["run", "notebooks/sssd-calibration.ipynb", out, "--html", "--cwd", root, ...given]);
  expect(exit, stderr).toBe(0);
  const raw = readFileSync(out, "utf8");
  return { notebook: JSON.parse(raw) as Notebook, raw, html: readFileSync(join(folder, `${name}.html`), "utf8") };
}

describe("the calibration notebook", { timeout: 300_000 }, () => {
  let first: Awaited<ReturnType<typeof run>>;
  beforeAll(async () => { first = await run("first", {}); }, 300_000);

  it("runs to the end and finds a finite λ inside its bracket", () => {
    const rows = table(first.notebook);
    const lambda = Number(/λ\* of SSSD by binary search\s+50\s+([\d.]+)/.exec(rows)![1]);
    const [, low, high] = /its bracket after the last probe\s+searched in \[1, 100\]\s+([\d.]+) to ([\d.]+)/.exec(rows)!;
    expect(lambda).toBeGreaterThanOrEqual(Number(low) * 0.99);
    expect(lambda).toBeLessThanOrEqual(Number(high) * 1.01);
    expect(lambda).toBeGreaterThan(1);
    expect(lambda).toBeLessThan(100);
    expect(rows).toContain("The smoke profile is no reproduction of the paper's number");
  });

  it("records the run as papermill does", () => {
    expect(first.notebook.metadata.papermill).toMatchObject({ exception: null, parameters: { iterations: 3 } });
    expect(code(first.notebook).every(({ metadata }) => metadata.papermill?.status === "completed")).toBe(true);
    expect(code(first.notebook).flatMap(({ outputs }) => outputs!).filter(({ output_type }) => output_type === "error" || output_type === "stream")).toEqual([]);
  });

  it("shows what it computes: images with boxes, four figures that open offline", () => {
    const figures = code(first.notebook).flatMap(({ outputs }) => outputs!).filter(({ data }) => data?.["application/vnd.plotly.v1+json"] !== undefined);
    expect(figures).toHaveLength(4);
    for (const { data } of figures) expect(text(data!["text/html"])).toContain("data:image/png;base64,");
    expect(first.html).toContain("data:image/jpeg;base64,");
    expect(first.html).not.toMatch(/<(script|link|img)[^>]+(src|href)="https?:/);
  });

  it("gives the same numbers for the same seed, twice", async () => {
    const again = await run("again", {});
    expect(table(again.notebook)).toBe(table(first.notebook));
  });

  it.skipIf(sharedFolder("data", "bccd") === undefined)("does the same on real photographs", async () => {
    const { notebook, raw } = await run("bccd", { data: "../shared/data/bccd" });
    expect(table(notebook)).toMatch(/λ\* of SSSD by binary search\s+50\s+\d/);
    expect(raw).toContain("Platelets");
  });
});

describe("the committed notebook", () => {
  it("carries no outputs, no counts and no absolute paths", () => {
    const raw = readFileSync(join(root, "notebooks", "sssd-calibration.ipynb"), "utf8");
    const notebook = JSON.parse(raw) as { cells: (Cell & { execution_count?: unknown })[] };
    for (const cell of notebook.cells.filter(({ cell_type }) => cell_type === "code")) expect(cell).toMatchObject({ outputs: [], execution_count: null });
    expect(raw).not.toMatch(/"\/(home|root|work|tmp|Users)\//);
  });

  it("has cells of about four lines", () => {
    const { cells } = JSON.parse(readFileSync(join(root, "notebooks", "sssd-calibration.ipynb"), "utf8")) as Notebook;
    const lines = cells.filter(({ cell_type }) => cell_type === "code").map(({ source }) => text(source).split("\n").length).sort((a, b) => a - b);
    expect(lines[Math.floor(lines.length / 2)]).toBeLessThanOrEqual(5);
  });
});
