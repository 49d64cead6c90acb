import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Lab, labParts } from "./lab.ts";

const parts = labParts(["jupyterlab", "ipywidgets", "plotly"]);

describe.skipIf(parts === undefined)("JupyterLab", { timeout: 300_000 }, () => {
  let lab: Lab;
  beforeAll(async () => { lab = await Lab.start(parts!); }, 180_000);
  afterAll(() => lab.stop(), 60_000);

  it("runs all cells of a notebook", async () => {
    const notebook = await lab.open("all.ipynb", ["const name: string = 'Ada';", "console.log(`hello ${name}`); [1, 2, 3].map((n) => n * n)", "display(html`<b>bold ${name}</b>`)"]);
    await notebook.runAll();
    expect(await Promise.all([0, 1, 2].map((index) => notebook.prompt(index)))).toEqual(["[1]:", "[2]:", "[3]:"]);
    expect(await notebook.text(1)).toMatch(/hello Ada\s+\[ 1, 4, 9 \]/);
    expect(await notebook.outputs(2).locator("b").innerText()).toBe("bold Ada");
    await notebook.screenshot("all");
    await notebook.close();
  });

  it("interrupts a loop, keeps the state, and starts anew after a restart", async () => {
    const notebook = await lab.open("interrupt.ipynb", ["let kept = 42;", "while (true) {}", "typeof kept"]);
    await notebook.run(0);
    const loop = await notebook.start(1);
    await notebook.busy();
    await notebook.interrupt();
    expect(await loop()).toContain("InterruptedError");
    expect(await notebook.run(2)).toBe("'number'");
    await notebook.screenshot("interrupted");
    await notebook.restart();
    expect(await notebook.run(2)).toContain("Cannot find name 'kept'");
    await notebook.close();
  });
});
