import { beforeAll, describe, expect, it } from "vitest";
import { sharedFolder } from "../shared.ts";
import { kitNotebook, text, type Notebook } from "./kit-notebook.ts";

const { run, report, source } = kitNotebook("detectors.ipynb", { iterations: "2", images: "3", side: "96" });

/** What a cell shows, as one MIME type. */
function shown({ cells }: Notebook, id: string, type = "text/plain"): string {
  return text(cells.find((cell) => cell.id === id)!.outputs!.find(({ data }) => data?.[type] !== undefined)!.data![type]);
}

describe("the notebook on detectors", { timeout: 300_000 }, () => {
  let scenes: Notebook;
  beforeAll(async () => { scenes = await run("scenes", {}); }, 300_000);

  it("runs to the end with pictures and tables alone", () => {
    expect(scenes.metadata.papermill.exception).toBeNull();
    expect(scenes.cells.flatMap(({ outputs = [] }) => outputs).filter(({ output_type }) => output_type === "error" || output_type === "stream")).toEqual([]);
  });

  it("puts every detector's detections beside the ground truth", () => {
    const html = shown(scenes, "detect", "text/html");
    expect(html.match(/<figure/g)).toHaveLength(3 * (1 + detectors.length));
    expect(html).toContain('type="range"');
    for (const name of detectors) expect(shown(scenes, "losses")).toContain(name);
  });

  it("shows how differently objects are assigned", () => {
    const counts = (heading: RegExp) => shown(scenes, "assignment").split("\n").filter((line) => heading.test(line)).map((line) => line.trim().split(/\s{2,}/).slice(3).map(Number));
    const [retina, points] = [counts(/^RetinaNet/), counts(/^FCOS/)];
    const sum = (rows: number[][], column: number) => rows.reduce((total, row) => total + row[column], 0);
    expect(sum(retina, 1)).toBeGreaterThan(0);
    expect(sum(points, 1)).toBe(0); // FCOS ignores nothing
    expect(sum(points, 2)).toBeGreaterThan(0);
    expect(retina.map((row) => row[2])).not.toEqual(points.map((row) => row[2]));
  });

  it("stays light and needs no network", () => {
    const html = report("scenes");
    expect(html.length).toBeLessThan(3e6);
    expect(html).not.toMatch(/<(script|link|img)[^>]+(src|href)="https?:/);
  });

  it.skipIf(sharedFolder("data", "coco-mini") === undefined)("does the same on photographs", async () => {
    const photographs = await run("photographs", { data: "../shared/data/coco-mini", images: "2" });
    expect(shown(photographs, "detect")).toMatch(/\.jpg\): \d+ annotated/);
  });
});

/** As the notebook calls them. */
const detectors = ["RetinaNet", "FCOS", "GFL", "Mask R-CNN"];

describe("the committed notebook on detectors", () => {
  const notebook = JSON.parse(source()) as Notebook;
  const code = notebook.cells.filter(({ cell_type }) => cell_type === "code");

  it("carries no outputs, no counts and no absolute paths", () => {
    for (const cell of code) expect(cell).toMatchObject({ outputs: [], execution_count: null });
    expect(source()).not.toMatch(/"\/(home|root|work|tmp|Users)\//);
  });

  it("has cells of about four lines", () => {
    const lines = code.map((cell) => text(cell.source).split("\n").length).sort((a, b) => a - b);
    expect(lines[Math.floor(lines.length / 2)]).toBeLessThanOrEqual(5);
  });
});
