import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { kernelJson } from "../../../kernel/kernelspec/index.ts";
import { runNotebook } from "../../../kernel/run/index.ts";
import type { RunEvent, RunOptions, RunResult } from "../../../kernel/run/index.ts";
import { environment, outputsOf, statuses, streamText, temporaryFolder, writeNotebookFile } from "./helpers.ts";
import type { CellSketch } from "./helpers.ts";

const folder = temporaryFolder();
afterAll(folder.remove);
const built = kernelJson().argv.filter((word) => word.endsWith(".js")).every((word) => existsSync(word));
if (!built) console.warn("SKIPPED: the kernel is not built (npm run build)");
let counter = 0;

async function run(cells: readonly CellSketch[], options: Partial<RunOptions> = {}): Promise<RunResult> {
  const input = writeNotebookFile(folder.path, `t${counter++}.ipynb`, cells, "potstill", "typescript");
  return runNotebook({ input, output: join(folder.path, "out.ipynb"), env: environment(folder.path), ...options });
}

describe.skipIf(!built)("the bundled kernel, not installed", () => {
  it("runs with parameters typed as the notebook types them, modules beside the notebook, all lines, live progress", async () => {
    writeFileSync(join(folder.path, "helper.ts"), "export const twice = (n: number): number => 2 * n;\n");
    const events: RunEvent[] = [];
    const { status, notebook } = await run([
      { code: 'const n: number = 1;\nconst mode: "fast" | "slow" = "fast";', tags: ["parameters"] },
      { code: 'import { twice } from "./helper.ts";\n[twice(n), mode === "fast"]' },
      { code: "for (let i = 0; i < 10000; i++) console.log(i)" },
      { code: 'for (const i of progress(3, { label: "train" })) await new Promise((done) => setTimeout(done, 150));' },
    ], { parameters: { n: 21, mode: "slow" }, onEvent: (event) => events.push(event) });
    expect(outputsOf(notebook.cells.find((cell) => outputsOf(cell)[0]?.output_type === "error"))).toEqual([]);
    expect([status, notebook.cells[1]?.source]).toEqual(["completed", '// Parameters\nconst n: number = 21;\nconst mode: "fast" | "slow" = "slow";\n']);
    expect(outputsOf(notebook.cells[2])).toMatchObject([{ data: { "text/plain": "[ 42, false ]" } }]);
    expect(streamText(notebook.cells[3]).split("\n")).toHaveLength(10_001);
    expect(events.filter(({ type }) => type === "cell-progress")).toContainEqual(expect.objectContaining({ text: expect.stringContaining("train") as string }));
    expect(notebook.metadata.language_info?.name).toBe("typescript");
  });

  it("keeps the state of widgets, whose views would be broken without it; a progress bar leaves HTML and no widget", async () => {
    const { status, notebook } = await run([
      { code: 'import { IntSlider } from "potstill/widgets";\nconst slider = new IntSlider({ value: 3, max: 10 });\nslider' },
      { code: "slider.value = 7;" },
      { code: "for (const _ of progress(3, { cancel: true, label: 'train' }));" },
    ]);
    expect(status).toBe("completed");
    const { state } = (notebook.metadata.widgets as Record<string, { state: Record<string, { model_name: string; state: Record<string, unknown> }> }>)["application/vnd.jupyter.widget-state+json"];
    const [{ data }] = outputsOf(notebook.cells[0]) as { data: Record<string, { model_id: string }> }[];
    expect(state[data["application/vnd.jupyter.widget-view+json"].model_id]).toMatchObject({ model_name: "IntSliderModel", state: { value: 7, max: 10 } });
    expect(Object.values(state).map(({ model_name }) => model_name).sort()).toEqual(["IntSliderModel", "LayoutModel", "SliderStyleModel"]);
    const bars = outputsOf(notebook.cells[2]) as { data: Record<string, unknown> }[];
    expect(bars.map((bar) => Object.keys(bar.data).sort())).toEqual([["application/vnd.potstill.progress+json", "text/html", "text/plain"]]);
    expect(bars[0].data["text/plain"]).toMatch(/^train: █{20} 3\/3, /);
  });

  it("records a thrown error with its line, and process.exit() as what it does", async () => {
    const thrown = await run([{ code: "const a = 1;\nthrow new RangeError('boom');" }, { code: "a" }]);
    expect(thrown.error).toMatchObject({ name: "RangeError", value: "boom" });
    expect(thrown.error?.traceback.join("\n")).toMatch(/2/);
    const left = await run([{ code: "process.exit(5)" }, { code: "1" }]);
    expect([left.status, statuses(left.notebook).slice(-2)]).toEqual(["failed", ["failed", "pending"]]);
  });

  it("checks types as the notebook and its cells say", async () => {
    const input = writeNotebookFile(folder.path, "settings.ipynb", [{ code: "const n: number = 'text'; n" }, { code: "const m: number = 'text'; m" }], "potstill", "typescript");
    const file = JSON.parse(readFileSync(input, "utf8")) as { metadata: object; cells: { metadata: object }[] };
    Object.assign(file.metadata, { potstill: { typecheck: "warn" } });
    Object.assign(file.cells[1].metadata, { potstill: { typecheck: "error" } });
    writeFileSync(input, JSON.stringify(file));
    const { error, notebook } = await runNotebook({ input, env: environment(folder.path) });
    expect(outputsOf(notebook.cells.find(({ cell_type }) => cell_type === "code"))).toMatchObject([{ name: "stderr", text: expect.stringContaining("TS2322") as string }, { data: { "text/plain": "'text'" } }]);
    expect(error).toMatchObject({ name: "TypeScriptError", value: expect.stringContaining("TS2322") as string });
  });

  it("interrupts an endless loop at a timeout", async () => {
    const { error } = await run([{ code: "while (true) {}" }], { executionTimeout: 3 });
    expect(error?.name).toBe("CellTimeoutError");
  });
});
