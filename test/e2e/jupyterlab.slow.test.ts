import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Lab, labParts } from "./lab.ts";
import type { NotebookPage } from "./notebook-page.ts";

const parts = labParts(["jupyterlab", "ipywidgets", "plotly"]);

describe.skipIf(parts === undefined)("JupyterLab", { timeout: 300_000 }, () => {
  let lab: Lab;
  beforeAll(async () => { lab = await Lab.start(parts!); }, 180_000);
  afterAll(() => lab.stop(), 60_000);

  /** Opens a notebook, does something with it, takes a picture, and closes it, also when that fails. */
  async function within(name: string, cells: readonly string[], act: (notebook: NotebookPage) => Promise<void>): Promise<void> {
    const notebook = await lab.open(`${name}.ipynb`, cells);
    try {
      await act(notebook);
    } finally {
      await notebook.screenshot(name);
      await notebook.close();
    }
  }

  it("runs all cells of a notebook", () => within("all", ["const name: string = 'Ada';", "console.log(`hello ${name}`); [1, 2, 3].map((n) => n * n)", "display(html`<b>bold ${name}</b>`)"], async (notebook) => {
    await notebook.runAll();
    expect(await Promise.all([0, 1, 2].map((index) => notebook.prompt(index)))).toEqual(["[1]:", "[2]:", "[3]:"]);
    expect(await notebook.text(1)).toMatch(/hello Ada\s+\[ 1, 4, 9 \]/);
    expect(await notebook.outputs(2).locator("b").innerText()).toBe("bold Ada");
  }));

  it("completes with Tab, from types and with their kinds", () => within("complete", ["interface Planet { mass: number; moons: string[] }\nconst earth: Planet = { mass: 1, moons: ['Moon'] };", "earth.mo", ""], async (notebook) => {
    await notebook.run(0);
    await notebook.focus(1);
    await notebook.page.keyboard.press("Tab");
    await notebook.page.locator(".jp-Completer:visible .jp-Completer-item").filter({ hasText: "moons" }).waitFor();
    await notebook.page.keyboard.press("Enter");
    await notebook.cell(1).locator(".cm-content").filter({ hasText: /^earth\.moons$/ }).waitFor();
    await notebook.type(2, "earth.");
    await notebook.page.keyboard.press("Tab");
    const offered = notebook.page.locator(".jp-Completer:visible .jp-Completer-item");
    await offered.filter({ hasText: "moons" }).waitFor();
    expect((await offered.locator("code").allInnerTexts()).sort()).toEqual(["mass", "moons", "property", "property"]);
  }));

  it("inspects with Shift-Tab: signature and documentation", () => within("inspect", ["/** Twice a number. */\nfunction doubled(n: number): number { return 2 * n; }", "doubled("], async (notebook) => {
    await notebook.run(0);
    await notebook.focus(1);
    await notebook.page.keyboard.press("Shift+Tab");
    const tooltip = notebook.page.locator(".jp-Tooltip");
    await tooltip.filter({ hasText: "Twice a number." }).waitFor();
    expect(await tooltip.innerText()).toContain("doubled(n: number): number");
  }));

  it("interrupts a loop, keeps the state, and starts anew after a restart", () => within("interrupt", ["let kept = 42;", "while (true) {}", "typeof kept"], async (notebook) => {
    await notebook.run(0);
    const loop = await notebook.start(1);
    await notebook.busy();
    await notebook.interrupt();
    expect(await loop()).toContain("InterruptedError");
    expect(await notebook.run(2)).toBe("'number'");
    await notebook.restart();
    expect(await notebook.run(2)).toContain("Cannot find name 'kept'");
  }));

  it("draws a Plotly figure that can be used", () => within("plotly", ["({ data: [{ type: 'bar', x: ['a', 'b'], y: [1, 3] }], layout: { title: { text: 'Two bars' } } })"], async (notebook) => {
    await notebook.run(0);
    const plot = notebook.cell(0).locator(".js-plotly-plot").first();
    await plot.locator(".barlayer .point").first().waitFor({ state: "attached" });
    expect(await plot.locator(".barlayer .point").count()).toBe(2);
    expect(await plot.locator(".gtitle").textContent()).toBe("Two bars");
    await plot.locator(".barlayer .point").first().hover({ force: true });
    await plot.locator(".hovertext").first().waitFor();
  }));

  it("asks for text and for passwords, whose letters it hides", () => within("input", ["const name = await input('Name: '); name.toUpperCase()", "prompt('Again? ')", "(await input('Secret: ', { password: true })).length"], async (notebook) => {
    for (const [index, answer, shown] of [[0, "Ada", /'ADA'/], [1, "yes", /'yes'/]] as const) {
      await notebook.start(index);
      await notebook.answer(index, answer);
      await notebook.shows(index, shown);
    }
    await notebook.start(2);
    await notebook.page.locator("input.jp-Stdin-input[type=password]").waitFor();
    await notebook.answer(2, "hush");
    await notebook.shows(2, /^4\s*$/);
    expect(await notebook.text(2)).not.toContain("hush");
  }));

  it("clears outputs and changes them in place", () => within("update", ["console.log('old'); clearOutput(); console.log('new')", "const shown = display('first'); display('other')", "shown.update(html`<i>second</i>`)", "for (let i = 0; i < 3; i++) { clearOutput({ wait: true }); console.log('frame', i) }"], async (notebook) => {
    expect(await notebook.run(0)).toBe("new");
    await notebook.run(1);
    await notebook.run(2);
    expect(await notebook.text(1)).toBe("second\n'other'");
    expect(await notebook.run(3)).toBe("frame 2");
  }));

  it("shows errors with the cell's own lines, and type errors before anything runs", () => within("errors", ["function inner(): never {\n  throw new RangeError('too far', { cause: new Error('the reason') });\n}\ninner();", "(globalThis as any).ran = true;\nconst n: number = 'text';", "typeof (globalThis as any).ran"], async (notebook) => {
    const error = await notebook.run(0);
    expect(error).toContain("RangeError: too far");
    expect(error).toContain("Cell In[1], line 2");
    expect(error).toContain("the reason");
    expect(error).not.toMatch(/node:|dist\/kernel/);
    const refused = await notebook.run(1);
    expect(refused).toContain("TS2322");
    expect(refused).toContain("const n: number = 'text';");
    expect(await notebook.run(2)).toBe("'undefined'");
  }));

  it("keeps two notebooks apart that run at the same time", async () => {
    const cells = (name: string) => [`const mine = ${JSON.stringify(name)}; await new Promise((done) => setTimeout(done, 500)); console.log("it is", mine)`, "mine"];
    const pages = [await lab.open("one.ipynb", cells("one")), await lab.open("two.ipynb", cells("two"))];
    for (const page of pages) { await page.page.bringToFront(); await page.start(0); }
    for (const [index, name] of ["one", "two"].entries()) {
      await pages[index].page.bringToFront();
      await pages[index].shows(0, new RegExp(`it is ${name}`));
      expect(await pages[index].run(1)).toBe(`'${name}'`);
      await pages[index].close();
    }
  });

  describe("with widgets", () => {
    it("shows controls whose state both sides change, and what their handlers print", () => within("widgets", [
      `import { Button, IntSlider, Text, VBox } from "potstill/widgets";
const slider = new IntSlider({ value: 3, max: 10, description: "k" });
slider.observe("value", ({ value }) => console.log("k is", value));
const button = new Button({ description: "Nine" });
button.onClick(() => { slider.value = 9; });
const name = new Text({ description: "name" });
new VBox({ children: [slider, button, name] })`,
      "slider.value = 5; 0",
      "[slider.value, name.value]",
    ], async (notebook) => {
      await notebook.run(0);
      const readout = notebook.outputs(0).locator(".widget-readout");
      await readout.filter({ hasText: /^3$/ }).waitFor();
      await notebook.run(1);
      await readout.filter({ hasText: /^5$/ }).waitFor();
      await notebook.outputs(0).locator("button", { hasText: "Nine" }).click();
      await readout.filter({ hasText: /^9$/ }).waitFor();
      await notebook.shows(0, /k is 9/);
      await notebook.outputs(0).locator("input[type=text]").fill("Ada");
      await notebook.page.keyboard.press("Tab");
      await notebook.idle();
      expect(await notebook.run(2)).toBe("[ 9, 'Ada' ]");
    }));

    it("are heard while a cell awaits them, over the subshell that JupyterLab makes for them", () => within("await", [
      `import { IntSlider, Button, VBox } from "potstill/widgets";
const slider = new IntSlider({ value: 1, max: 10 });
const go = new Button({ description: "Go" });
new VBox({ children: [slider, go] })`,
      "let clicks = 0;\nconst clicked = new Promise<void>((done) => go.onClick(() => { clicks++; slider.value = 8; done(); }));\nconsole.log('listening');\nawait clicked;\n[clicks, slider.value]",
    ], async (notebook) => {
      await notebook.run(0);
      await notebook.outputs(0).locator(".widget-readout").filter({ hasText: /^1$/ }).waitFor();
      const waiting = await notebook.start(1);
      await notebook.shows(1, /listening/);
      const told = notebook.says(/comm_msg.*"subshell_id":"/s);
      await notebook.outputs(0).locator("button", { hasText: "Go" }).click();
      await told;
      expect(await waiting()).toMatch(/^listening\s+\[ 1, 8 \]$/);
      await notebook.outputs(0).locator(".widget-readout").filter({ hasText: /^8$/ }).waitFor();
    }));

    it("finds the widgets again after the page was loaded anew", () => within("reload", [`import { IntSlider } from "potstill/widgets";\nconst slider = new IntSlider({ value: 4, max: 10 });\nslider`, "slider.value"], async (notebook) => {
      await notebook.run(0);
      await notebook.outputs(0).locator(".widget-readout").waitFor();
      await notebook.page.keyboard.press("Control+s");
      await notebook.page.locator(".jp-mod-dirty").waitFor({ state: "detached" });
      await notebook.page.reload();
      await notebook.ready();
      const readout = notebook.outputs(0).locator(".widget-readout");
      await readout.filter({ hasText: /^4$/ }).waitFor();
      await readout.click();
      await notebook.page.keyboard.press("Control+A");
      await notebook.page.keyboard.type("7");
      await notebook.page.keyboard.press("Enter");
      await notebook.idle();
      expect(await notebook.run(1)).toBe("7");
    }));

    it("ends a loop by the button beside its bar, though it computes without a pause", () => within("cancel", [
      "const steps = progress(1e9, { cancel: true, label: 'spin' });\nfor (const _ of steps) { const end = performance.now() + 2; while (performance.now() < end); }\nsteps.cancelled",
      "const waits = progress((async function* () { yield 1; await new Promise(() => {}); })(), { cancel: true, total: 4 });\nfor await (const _ of waits);\nwaits.cancelled",
    ], async (notebook) => {
      for (const [index, words] of [[0, /spin: \d+\/1000000000, .*, cancelled/], [1, /1\/4, .*, cancelled/]] as const) {
        const ended = await notebook.start(index);
        const cancel = notebook.outputs(index).locator("button", { hasText: "Cancel" });
        await cancel.waitFor();
        await notebook.outputs(index).locator(".progress-bar").waitFor({ state: "attached" });
        await notebook.screenshot(`cancel-${index}`);
        await cancel.click();
        const text = await ended();
        expect(text).toMatch(words);
        expect(text).toContain("true");
        expect(await cancel.count()).toBe(0);
      }
    }));
  });

  describe("in a console", () => {
    it("runs code of the notebook's kernel and recalls it: cells of the notebook, and what was typed in the console", () => within("console", ["const seen = 1", "'the last one'"], async (notebook) => {
      await notebook.run(0);
      await notebook.run(1);
      const remembered = notebook.hears("history_reply");
      await notebook.page.locator(".jp-Notebook").first().click({ button: "right", position: { x: 400, y: 300 } });
      await notebook.page.locator('.lm-Menu-item[data-command="notebook:create-console"]').click();
      await remembered;
      const entry = notebook.page.locator(".jp-CodeConsole-promptCell .cm-content");
      const holds = (code: string) => entry.filter({ hasText: new RegExp(`^${code.replace(/[+]/g, "\\$&")}$`) }).waitFor();
      await entry.click();
      await notebook.page.keyboard.press("ArrowUp");
      await holds("'the last one'");
      await notebook.page.keyboard.press("ArrowUp");
      await holds("const seen = 1");
      await notebook.page.keyboard.press("Control+A");
      await notebook.page.keyboard.type("seen + 41");
      await notebook.page.keyboard.press("Shift+Enter");
      await notebook.page.locator(".jp-CodeConsole-content .jp-OutputArea-output", { hasText: "42" }).waitFor();
      await holds("");
      await notebook.page.keyboard.press("ArrowUp");
      await holds("seen + 41");
    }));
  });
});
