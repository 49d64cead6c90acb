import { beforeAll, describe, expect, it } from "vitest";
import { sharedKdLabel } from "../../lib/distill/shared-kd.ts";
import { sharedFolder } from "../shared.ts";
import { kitNotebook, text, type Notebook } from "./kit-notebook.ts";

const { run, report, source } = kitNotebook("methods.ipynb", { iterations: "2", images: "2", side: "64" });

/** All that a cell shows as text. */
function shown({ cells }: Notebook, id: string): string {
  return cells.find((cell) => cell.id === id)!.outputs!.map(({ data }) => text(data?.["text/plain"] ?? "")).join("\n");
}

describe("the notebook on methods", { timeout: 300_000 }, () => {
  let scenes: Notebook;
  beforeAll(async () => { scenes = await run("scenes", {}); }, 300_000);

  it("runs to the end without errors", () => {
    expect(scenes.metadata.papermill.exception).toBeNull();
    expect(scenes.cells.flatMap(({ outputs = [] }) => outputs).filter(({ output_type }) => output_type === "error")).toEqual([]);
  });

  it("shows every method's numbers on all levels that it compares", () => {
    for (const id of ["fitnets", "frs", "fgd", "mgd", "fkd", "pkd", "shared", "tffd", "ld", "crosskd", "lgd"]) {
      for (const level of ["P2: 16 × 16", "P3: 8 × 8", "P4: 4 × 4"]) expect(shown(scenes, id), id).toContain(level);
    }
    expect(shown(scenes, "cwd").match(/channel \d+: 8 × 8 cells/g)).toHaveLength(6);
    expect(shown(scenes, "mgd")).toContain("0.65");
    expect(shown(scenes, "labelenc")).toContain("64 × 64 cells, from 0 to 1");
  });

  it("divides SemCKD's attention among the teacher's levels", () => {
    const bars = [...shown(scenes, "semckd").matchAll(/P2 (\d+) %, P3 (\d+) %, P4 (\d+) %/g)].map((found) => found.slice(1).map(Number));
    expect(bars).toHaveLength(3);
    for (const bar of bars) expect(Math.abs(bar.reduce((sum, share) => sum + share, 0) - 100)).toBeLessThanOrEqual(1);
  });

  it("calls Shared-KD reconstructed wherever it is shown", () => {
    expect(shown(scenes, "shared")).toContain("reconstructed");
    expect(shown(scenes, "beside")).toContain(sharedKdLabel);
  });

  it("stays light and needs no network", () => {
    const html = report("scenes");
    expect(html.length).toBeLessThan(3e6);
    expect(html).not.toMatch(/<(script|link|img)[^>]+(src|href)="https?:/);
  });

  it.skipIf(sharedFolder("data", "coco-mini") === undefined)("does the same on photographs", async () => {
    const photographs = await run("photographs", { data: "../shared/data/coco-mini" });
    expect(shown(photographs, "beside")).toMatch(/FRS: S \/ N, P3/);
  });
});

describe("the committed notebook on methods", () => {
  const notebook = JSON.parse(source()) as Notebook;
  const code = notebook.cells.filter(({ cell_type }) => cell_type === "code");

  it("carries no outputs, no counts and no absolute paths", () => {
    for (const cell of code) expect(cell).toMatchObject({ outputs: [], execution_count: null });
    expect(source()).not.toMatch(/"\/(home|root|work|tmp|Users)\//);
  });

  it("has cells of about six lines", () => {
    const lines = code.map((cell) => text(cell.source).split("\n").length).sort((a, b) => a - b);
    expect(lines[Math.floor(lines.length / 2)]).toBeLessThanOrEqual(6);
  });
});
