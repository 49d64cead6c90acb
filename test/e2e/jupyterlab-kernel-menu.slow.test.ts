// Kernel → Interrupt and Kernel → Restart in JupyterLab, whatever the cell is at.
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { alive } from "../alive.ts";
import { eventually } from "../conformance/kernel-driver.ts";
import { DebuggerPanel } from "./debugger-panel.ts";
import { Lab, labParts } from "./lab.ts";
import type { NotebookPage } from "./notebook-page.ts";

const parts = labParts();

/** Shows the kernel's process and that of a child that would live on. */
const processes = `const child = (await import("node:child_process")).spawn("sleep", ["600"], { stdio: "ignore" });\n[process.pid, child.pid]`;

describe.skipIf(parts === undefined)("JupyterLab's kernel menu", { timeout: 300_000 }, () => {
  let lab: Lab;
  beforeAll(async () => { lab = await Lab.start(parts!); }, 180_000);
  afterAll(() => lab.stop(), 60_000);

  /** Opens a notebook: its cell 0 shows processes, cell 2 is quick. */
  async function within(name: string, code: string, act: (notebook: NotebookPage) => Promise<void>): Promise<void> {
    const notebook = await lab.open(`${name}.ipynb`, [processes, code, "typeof child"]);
    try {
      await act(notebook);
    } finally {
      await notebook.screenshot(`menu-${name}`);
      await notebook.close();
    }
  }

  async function pids(notebook: NotebookPage): Promise<readonly number[]> {
    return (JSON.parse((await notebook.run(0)).replaceAll("'", "")) as number[]);
  }

  /** Restarts, and expects a new kernel of which the old one has left nothing. */
  async function restartsAfter(notebook: NotebookPage, old: readonly number[]): Promise<void> {
    await notebook.restart();
    expect(await eventually(() => !old.some(alive), 20_000)).toBe(true);
    expect(await notebook.run(2)).toContain("Cannot find name 'child'");
    expect(await pids(notebook)).not.toContain(old[0]);
    expect(await notebook.run(2)).toBe("'object'");
  }

  const questions = [["a question", "(await input('Name: ')).length"], ["a question that blocks", "prompt('Name: ')"]] as const;

  it.each(questions)("interrupts %s; what is typed into the field that JupyterLab leaves answers nothing else", (name, code) => within(`interrupt ${name}`, code, async (notebook) => {
    await pids(notebook);
    const asked = await notebook.start(1);
    const field = notebook.cell(1).locator("input.jp-Stdin-input");
    await field.waitFor();
    await notebook.interrupt();
    expect(await asked()).toContain("InterruptedError");
    await notebook.answer(1, "late");
    expect(await notebook.run(2)).toBe("'object'");
    await notebook.start(1);
    await notebook.answer(1, "four");
    await notebook.shows(1, /four'|^4/);
  }));

  it("interrupts a cell that awaits and one that a timer keeps", () => within("interrupt a wait", "console.log('begun'); await new Promise(() => setInterval(() => {}, 10));", async (notebook) => {
    await pids(notebook);
    const waiting = await notebook.start(1);
    await notebook.shows(1, /begun/);
    await notebook.interrupt();
    expect(await waiting()).toContain("InterruptedError");
    expect(await notebook.run(2)).toBe("'object'");
  }));

  it("restarts while a cell computes", () => within("restart a loop", "console.log('begun'); while (true) {}", async (notebook) => {
    const old = await pids(notebook);
    await notebook.start(1);
    await notebook.shows(1, /begun/);
    await restartsAfter(notebook, old);
  }));

  it.each(questions)("restarts while a cell waits for the answer to %s", (name, code) => within(`restart ${name}`, code, async (notebook) => {
    const old = await pids(notebook);
    await notebook.start(1);
    await notebook.cell(1).locator("input.jp-Stdin-input").waitFor();
    await restartsAfter(notebook, old);
  }));

  it("restarts while a cell is stopped at a breakpoint", () => within("restart a breakpoint", "let n = 1;\nn += 1;\nn", async (notebook) => {
    const old = await pids(notebook);
    const debug = new DebuggerPanel(notebook);
    await debug.switchOn();
    await debug.breakAt(1, 2);
    await notebook.start(1);
    await debug.stoppedIn("<cell>");
    await notebook.screenshot("menu-stopped");
    await restartsAfter(notebook, old);
    await debug.stoppedIn();
  }));

  it("ends a kernel that computes when the notebook's kernel is shut down", () => within("shut down", "console.log('begun'); while (true) {}", async (notebook) => {
    const old = await pids(notebook);
    await notebook.start(1);
    await notebook.shows(1, /begun/);
    await notebook.menu("Kernel", "kernelmenu:shutdown");
    expect(await eventually(() => !old.some(alive), 20_000)).toBe(true);
  }));
});
