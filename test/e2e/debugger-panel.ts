import type { Locator, Page } from "playwright-core";
import type { NotebookPage } from "./notebook-page.ts";

/** JupyterLab's debugger, driven as a person would: the bug beside the kernel's name, the gutter of a cell, the panel on the right. */
export class DebuggerPanel {
  readonly #notebook: NotebookPage;
  readonly #page: Page;
  readonly #panel: Locator;

  constructor(notebook: NotebookPage) {
    this.#notebook = notebook;
    this.#page = notebook.page;
    this.#panel = notebook.page.locator("#jp-debugger-sidebar");
  }

  /** Switches the debugger on and shows its panel. */
  async switchOn(): Promise<void> {
    const pressed = this.#page.locator('.jp-DebuggerBugButton[aria-pressed="true"]');
    // JupyterLab ignores a click that comes before it has asked the kernel: a person clicks again.
    for (let click = 0; click < 8 && !(await pressed.isVisible()); click++) {
      await this.#page.locator(".jp-DebuggerBugButton").click();
      await pressed.waitFor({ timeout: 15_000 }).catch(() => undefined);
    }
    await pressed.waitFor();
    if (!(await this.#panel.isVisible())) await this.#page.locator('.jp-SideBar [data-id="jp-debugger-sidebar"]').click();
    await this.#panel.waitFor();
  }

  async switchOff(): Promise<void> {
    await this.#page.locator(".jp-DebuggerBugButton").click();
    await this.#page.locator('.jp-DebuggerBugButton[aria-pressed="false"]').waitFor();
  }

  /** Clicks beside a line (1-based) of a cell, until the panel lists a breakpoint there. */
  async breakAt(cell: number, line: number): Promise<void> {
    // The first element of a gutter is an invisible one that gives it its width.
    await this.#notebook.cell(cell).locator(".cm-breakpoint-gutter .cm-gutterElement").nth(line).click();
    await this.#panel.locator(".jp-DebuggerBreakpoint").filter({ hasText: String(line) }).first().waitFor();
  }

  /** Restarts the kernel and waits until JupyterLab has told the new one its breakpoints, whose path names the process. */
  async restart(): Promise<void> {
    const old = await this.#panel.locator(".jp-DebuggerBreakpoint-source").first().textContent();
    await this.#notebook.restart();
    await this.#page.waitForFunction((before) => {
      const now = document.querySelector(".jp-DebuggerBreakpoint-source")?.textContent ?? before;
      return now !== before;
    }, old);
  }

  /** Waits until the call stack consists of these functions, with the innermost first. */
  async stoppedIn(...names: readonly string[]): Promise<void> {
    await this.#page.waitForFunction((expected) => {
      const frames = [...document.querySelectorAll(".jp-DebuggerCallstackFrame .jp-DebuggerCallstackFrame-name")].map((node) => node.textContent?.trim());
      return frames.join() === expected;
    }, names.join());
  }

  /** The line (its text) that is marked as the next to run, once it matches. */
  async highlighted(cell: number, pattern: RegExp): Promise<string> {
    const line = this.#notebook.cell(cell).locator(".jp-DebuggerEditor-highlight").filter({ hasText: pattern });
    await line.waitFor();
    return line.innerText();
  }

  /** What the panel shows beside a variable's name. */
  async variable(name: string): Promise<string> {
    const item = this.#panel.locator(".jp-DebuggerVariables-body .jp-TreeItem").filter({ has: this.#page.locator(`.jp-DebuggerVariables-name:text-is("${name}")`) }).first();
    return item.locator(".jp-DebuggerVariables-detail").first().innerText();
  }

  /** Waits until the panel shows a variable with this text. */
  async shows(name: string, detail: string): Promise<void> {
    const named = this.#page.locator(`.jp-DebuggerVariables-name:text-is("${name}") + .jp-DebuggerVariables-detail`).filter({ hasText: detail });
    await named.first().waitFor();
  }

  /** Presses one of the panel's buttons: `continue`, `next`, `stepIn`, `stepOut`, `terminate`, `evaluate`. */
  async press(command: string): Promise<void> {
    await this.#panel.locator(`[data-command="debugger:${command}"]`).first().click();
  }
}
