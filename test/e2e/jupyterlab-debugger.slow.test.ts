import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { DebuggerPanel } from "./debugger-panel.ts";
import { Lab, labParts } from "./lab.ts";

const parts = labParts();

const cell = `interface Point { x: number; y: number }
function distance(from: Point, to: Point): number {
  const dx: number = to.x - from.x;
  const dy: number = to.y - from.y;
  return Math.hypot(dx, dy);
}
const origin: Point = { x: 0, y: 0 };
const far = distance(origin, { x: 3, y: 4 });
console.log(far);`;

describe.skipIf(parts === undefined)("JupyterLab's debugger panel", { timeout: 300_000 }, () => {
  let lab: Lab;
  beforeAll(async () => { lab = await Lab.start(parts!); }, 180_000);
  afterAll(() => lab.stop(), 60_000);

  it("stops a cell at a breakpoint, shows variables and call stack, steps, and goes on", async () => {
    const notebook = await lab.open("debug.ipynb", ["const greeting = 'hello';", cell]);
    await notebook.run(0);
    const debug = new DebuggerPanel(notebook);
    await debug.switchOn();
    await debug.shows("greeting", "'hello'");
    await debug.breakAt(1, 4);
    await notebook.screenshot("debugger-breakpoint");
    const running = await notebook.start(1);
    await debug.stoppedIn("distance", "<cell>");
    expect(await debug.highlighted(1, /dy/)).toBe("  const dy: number = to.y - from.y;");
    await debug.shows("dx", "3");
    await debug.shows("to", "{x: 3, y: 4}");
    await notebook.screenshot("debugger-stopped");
    await debug.press("next");
    expect(await debug.highlighted(1, /return/)).toBe("  return Math.hypot(dx, dy);");
    await debug.shows("dy", "4");
    await debug.press("stepOut");
    await debug.stoppedIn("<cell>");
    await debug.highlighted(1, /console/);
    await debug.shows("far", "5");
    await notebook.screenshot("debugger-stepped");
    await debug.press("continue");
    expect(await running()).toBe("5");
    await debug.shows("far", "5");
    await debug.switchOff();
    expect(await notebook.run(1)).toBe("5");
    await notebook.screenshot("debugger-off");
    await notebook.close();
  });

  it("keeps its breakpoints when the kernel is restarted, and interrupts a cell that is stopped", async () => {
    const notebook = await lab.open("restart.ipynb", ["let n = 1;\nn += 1;\nn += 1;", "typeof n"]);
    const debug = new DebuggerPanel(notebook);
    await debug.switchOn();
    await debug.breakAt(0, 2);
    await debug.restart();
    const running = await notebook.start(0);
    await debug.stoppedIn("<cell>");
    await debug.shows("n", "1");
    await notebook.interrupt();
    expect(await running()).toContain("InterruptedError");
    await debug.stoppedIn();
    await notebook.screenshot("debugger-interrupted");
    await notebook.close();
  });
});
