import { describe, expect, it } from "vitest";
import { describeCell } from "../../../kernel/run/description.ts";
import { Progress } from "../../../kernel/run/index.ts";
import type { RunEvent } from "../../../kernel/run/index.ts";
import { clock } from "../../../kernel/run/progress.ts";

function show(isTTY: boolean, events: readonly (RunEvent | number)[]): string {
  let [text, time] = ["", 0];
  const progress = new Progress({ write: (piece) => { text += piece; }, isTTY, columns: 60 }, () => time * 1000);
  for (const event of events) {
    if (typeof event === "number") time += event;
    else progress.onEvent(event);
  }
  progress.stop();
  return text;
}

const start: RunEvent = { type: "start", cells: 3, kernel: "K" };
const enter = (index: number, description = ""): RunEvent => ({ type: "cell-start", index, cells: 3, description });

describe("Progress", () => {
  it("writes a line every so often where lines cannot be rewritten", () => {
    expect(show(false, [start, enter(0), 1, enter(1, "train"), 3, enter(2, "evaluate")])).toBe("cell 0/3 · 0:00 · kernel K is ready\ncell 3/3 · 0:04 · evaluate\n");
  });

  it("rewrites one line on a terminal, with the cell's own progress, and takes it away", () => {
    const text = show(true, [start, enter(1, "train"), 5, { type: "cell-progress", index: 1, text: "30/100" }]);
    expect(text).toContain("\r\u001b[Kcell 2/3 · 0:05 · train · 30/100 · (0:05 in this cell)");
    expect(text).not.toContain("\n");
    expect(text.endsWith("\r\u001b[K")).toBe(true);
  });

  it("never writes more than the terminal is wide", () => {
    const lines = show(true, [start, enter(0, "x".repeat(500))]).split("\r\u001b[K");
    expect(Math.max(...lines.map((line) => line.length))).toBe(59);
  });

  it.each([[5, "0:05"], [75, "1:15"], [4000, "1:06:40"]])("clock(%d) is %s", (seconds, text) => expect(clock(seconds)).toBe(text));
});

describe("describeCell", () => {
  it.each([
    ["code", "# papermill_description=training x\n1", "training"], ["code", "// Load data\nload()", "Load data"], ["markdown", "## Results\ntext", "Results"], ["code", "x = 1", ""], ["markdown", "plain", ""],
  ] as const)("%s %j → %s", (cell_type, source, text) => {
    const base = { id: "a", metadata: {}, source };
    expect(describeCell(cell_type === "code" ? { ...base, cell_type, outputs: [], execution_count: null } : { ...base, cell_type })).toBe(text);
  });
});
