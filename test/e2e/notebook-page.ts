import { EventEmitter } from "node:events";
import { join } from "node:path";
import type { Locator, Page } from "playwright-core";

/** Loaded machines are slow; nothing here measures time. */
const patience = 120_000;

/** What `jupyter lab --expose-app-in-browser` shows of itself. */
interface LabWindow {
  readonly jupyterapp?: { readonly shell: { readonly currentWidget?: { readonly sessionContext?: { readonly session?: { readonly kernel?: { readonly status: string; readonly connectionStatus: string } } } } } };
}

/** A notebook in JupyterLab, driven as a person would: keys, menus, buttons, and what can be read on the page. */
export class NotebookPage {
  readonly page: Page;

  readonly #frames = new EventEmitter<{ heard: [string]; said: [string] }>();

  /** Takes a page before anything is loaded into it. */
  constructor(page: Page) {
    this.page = page;
    page.setDefaultTimeout(patience);
    page.on("websocket", (socket) => {
      socket.on("framereceived", ({ payload }) => this.#frames.emit("heard", payload.toString()));
      socket.on("framesent", ({ payload }) => this.#frames.emit("said", payload.toString()));
    });
  }

  /** Waits for a message from the kernel, from now on, whose frame holds this. */
  hears(text: string): Promise<void> {
    return this.#framed("heard", (frame) => frame.includes(text));
  }

  /** Waits for a message to the kernel, from now on, whose frame matches. */
  says(pattern: RegExp): Promise<void> {
    return this.#framed("said", (frame) => pattern.test(frame));
  }

  #framed(event: "heard" | "said", wanted: (frame: string) => boolean): Promise<void> {
    return new Promise((resolve) => {
      const listen = (frame: string): void => {
        if (!wanted(frame)) return;
        this.#frames.off(event, listen);
        resolve();
      };
      this.#frames.on(event, listen);
    });
  }

  /** Waits until the notebook is shown and its kernel is idle. */
  async ready(): Promise<void> {
    await this.page.locator(".jp-NotebookPanel .jp-Cell").first().waitFor();
    await this.idle();
  }

  async idle(): Promise<void> {
    await this.#status("idle");
  }

  async busy(): Promise<void> {
    await this.#status("busy");
  }

  /** Asks JupyterLab itself: its indicator shows a circle of idleness also where no kernel has come yet. */
  async #status(status: string): Promise<void> {
    await this.page.waitForFunction((wanted) => {
      const { jupyterapp } = globalThis as unknown as LabWindow;
      const kernel = jupyterapp?.shell.currentWidget?.sessionContext?.session?.kernel;
      return kernel?.connectionStatus === "connected" && kernel.status === wanted;
    }, status);
  }

  cell(index: number): Locator {
    return this.page.locator(".jp-Notebook .jp-CodeCell").nth(index);
  }

  /** The `[3]:` beside a cell. */
  async prompt(index: number): Promise<string> {
    return (await this.cell(index).locator(".jp-InputPrompt").innerText()).trim();
  }

  /** The outputs of a cell; a widget or a figure is found with further locators. */
  outputs(index: number): Locator {
    return this.cell(index).locator(".jp-OutputArea-output");
  }

  /** What a cell shows, as text. */
  async text(index: number): Promise<string> {
    return (await this.outputs(index).allInnerTexts()).join("\n").trim();
  }

  /** Puts the cursor at the end of a cell's code. */
  async focus(index: number): Promise<void> {
    await this.cell(index).locator(".cm-content").click();
    await this.page.keyboard.press("Control+End");
  }

  /** Replaces a cell's code by typing. */
  async type(index: number, code: string): Promise<void> {
    await this.focus(index);
    await this.page.keyboard.press("Control+A");
    await this.page.keyboard.type(code);
  }

  /** Starts a cell with Shift+Enter. The returned function waits for its end and gives its output as text. */
  async start(index: number): Promise<() => Promise<string>> {
    const node = await this.cell(index).elementHandle();
    // Watched from inside the page: a quick cell's star would be gone before it could be asked for.
    const ended = await this.page.evaluateHandle((cell) => {
      const prompt = () => cell.querySelector(".jp-InputPrompt")?.textContent ?? "";
      let starred = false;
      const promise = new Promise<void>((resolve) => {
        new MutationObserver((_, observer) => {
          starred ||= prompt().includes("*");
          if (!starred || prompt().includes("*")) return;
          observer.disconnect();
          resolve();
        }).observe(cell, { subtree: true, childList: true, characterData: true });
      });
      return { promise };
    }, node);
    await this.focus(index);
    await this.page.keyboard.press("Shift+Enter");
    return async () => {
      await ended.evaluate(({ promise }, limit) => Promise.race([promise, new Promise((_, reject) => { setTimeout(() => reject(new Error("the cell did not end")), limit); })]), patience);
      await this.idle();
      return this.text(index);
    };
  }

  /** Runs a cell to its end and gives its output as text. */
  async run(index: number): Promise<string> {
    return (await this.start(index))();
  }

  /** Run → Run All Cells, to the end. */
  async runAll(): Promise<void> {
    await this.menu("Run", "runmenu:run-all");
    const last = await this.page.locator(".jp-Notebook .jp-CodeCell").count() - 1;
    await this.cell(last).locator(".jp-InputPrompt").filter({ hasText: /\d/ }).waitFor();
    await this.idle();
  }

  async menu(title: string, command: string): Promise<void> {
    await this.page.locator(`.lm-MenuBar-itemLabel:text-is("${title}")`).click();
    await this.page.locator(`.lm-Menu-item[data-command="${command}"]`).first().click();
  }

  async interrupt(): Promise<void> {
    await this.menu("Kernel", "kernelmenu:interrupt");
  }

  /** Kernel → Restart Kernel, confirmed, until the new kernel is idle. */
  async restart(): Promise<void> {
    await this.menu("Kernel", "kernelmenu:restart");
    const restarted = this.page.waitForResponse((response) => /\/api\/kernels\/[^/]+\/restart/.test(response.url()));
    await this.page.locator(".jp-Dialog .jp-mod-accept").first().click();
    await restarted;
    await this.page.locator(".jp-Dialog").waitFor({ state: "detached" });
    await this.idle();
  }

  /** Answers the question that a cell asks. */
  async answer(index: number, text: string): Promise<void> {
    const field = this.cell(index).locator(".jp-Stdin-input").first();
    await field.fill(text);
    await field.press("Enter");
  }

  /** Waits until a cell shows something that matches. */
  async shows(index: number, pattern: RegExp): Promise<void> {
    await this.outputs(index).filter({ hasText: pattern }).first().waitFor();
  }

  /** A picture of the page for people, when `POTSTILL_TEST_SCREENSHOTS` names a folder. */
  async screenshot(name: string): Promise<void> {
    const folder = process.env.POTSTILL_TEST_SCREENSHOTS;
    if (folder) await this.page.screenshot({ path: join(folder, `${name}.png`) });
  }

  async close(): Promise<void> {
    await this.page.close();
  }
}
