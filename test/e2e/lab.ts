// JupyterLab's server and a browser in front of it, for tests that look at what a person at a notebook sees.
import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { randomUUID } from "node:crypto";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import type { BrowserContext } from "playwright-core";
import { installKernelSpec, kernelFolder, kernelJson } from "../../kernel/kernelspec/index.ts";
import type { KernelJson } from "../../kernel/kernelspec/index.ts";
import { jupyterPython } from "../python.ts";
import { findChromium, openBrowser } from "./browser.ts";
import { NotebookPage } from "./notebook-page.ts";

/** What {@link Lab.start} needs and {@link labParts} finds. */
export interface LabParts {
  readonly python: string;
  readonly chromium: string;
}

/** Python with JupyterLab and a Chromium, or undefined after a loud note: then the tests skip. */
export function labParts(modules: readonly string[] = ["jupyterlab"]): LabParts | undefined {
  const python = jupyterPython(modules);
  const chromium = findChromium();
  return python === undefined || chromium === undefined ? undefined : { python, chromium };
}

export interface LabOptions {
  /** Environment variables for the server, and so for its kernels. */
  readonly env?: Readonly<Record<string, string>>;
  /** More fields of the kernelspec's kernel.json, for example `metadata`. */
  readonly spec?: Partial<KernelJson>;
  /** Draw all cells, also those out of view: then a long notebook's can be counted. */
  readonly drawAll?: boolean;
}

/** One JupyterLab server whose files, settings and kernels are its own, and one browser. */
export class Lab {
  /** The folder that the server shows: notebooks lie here. */
  readonly notebooks: string;
  readonly #folder: string;
  readonly #token = randomUUID();
  #server: ChildProcess | undefined;
  #browser: BrowserContext | undefined;
  #address = "";
  log = "";

  static async start(parts: LabParts, options: LabOptions = {}): Promise<Lab> {
    const lab = new Lab();
    try {
      await lab.#serve(parts.python, options);
      lab.#browser = await openBrowser(parts.chromium, lab.#folder);
    } catch (error) {
      await lab.stop();
      throw error;
    }
    return lab;
  }

  private constructor() {
    this.#folder = mkdtempSync(join(tmpdir(), "potstill-lab-"));
    this.notebooks = join(this.#folder, "notebooks");
    mkdirSync(this.notebooks);
  }

  /** Writes a notebook of these code cells and opens it in a page of its own. */
  async open(name: string, cells: readonly string[]): Promise<NotebookPage> {
    this.write(name, cells);
    return this.show(name);
  }

  /** Writes a notebook of these code cells. */
  write(name: string, cells: readonly string[]): void {
    const code = cells.map((source, index) => ({ cell_type: "code", id: `cell-${index}`, metadata: {}, source, outputs: [], execution_count: null }));
    const metadata = { kernelspec: { name: "potstill", display_name: "TypeScript (Potstill)", language: "typescript" } };
    writeFileSync(join(this.notebooks, name), JSON.stringify({ cells: code, metadata, nbformat: 4, nbformat_minor: 5 }));
  }

  /** Writes a notebook as it is. */
  put(name: string, notebook: object): void {
    writeFileSync(join(this.notebooks, name), JSON.stringify(notebook));
  }

  /** Opens a notebook that exists, in a new page and workspace, and waits for its kernel. */
  async show(name: string): Promise<NotebookPage> {
    const page = await this.#browser!.newPage();
    const notebook = new NotebookPage(page);
    await page.goto(`${this.#address}/lab/workspaces/${randomUUID()}/tree/${name}?token=${this.#token}&reset`);
    await notebook.ready();
    return notebook;
  }

  async stop(): Promise<void> {
    await this.#browser?.close();
    await this.#end();
    rmSync(this.#folder, { recursive: true, force: true, maxRetries: 5 });
  }

  async #serve(python: string, { env = {}, spec = {}, drawAll = false }: LabOptions): Promise<void> {
    this.#writeSettings(spec);
    if (drawAll) this.#writeJson(["settings", "@jupyterlab", "notebook-extension", "tracker.jupyterlab-settings"], { windowingMode: "none" });
    const port = await freePort();
    this.#address = `http://127.0.0.1:${port}`;
    const options = ["--no-browser", "--allow-root", "--expose-app-in-browser", "--ip=127.0.0.1", `--port=${port}`, "--ServerApp.port_retries=0", `--IdentityProvider.token=${this.#token}`, `--ServerApp.root_dir=${this.notebooks}`];
    const server = spawn(python, ["-m", "jupyterlab", ...options], { env: { ...process.env, ...this.#environment(), ...env }, stdio: ["ignore", "pipe", "pipe"], cwd: this.notebooks });
    for (const stream of [server.stdout, server.stderr]) stream.on("data", (data: Buffer) => { this.log += data.toString(); });
    this.#server = server;
    await this.#answering(server);
  }

  /** Own home, settings, data and runtime: nothing of the person who runs the tests is read or written. */
  #environment(): Record<string, string> {
    const at = (name: string) => join(this.#folder, name);
    return {
      HOME: at("home"), IPYTHONDIR: at("ipython"), JUPYTER_CONFIG_DIR: at("config"), JUPYTER_DATA_DIR: at("data"), JUPYTER_RUNTIME_DIR: at("runtime"),
      JUPYTER_PATH: join(at("prefix"), "share", "jupyter"), JUPYTERLAB_WORKSPACES_DIR: at("workspaces"), JUPYTERLAB_SETTINGS_DIR: at("settings"), POTSTILL_TYPECHECK: "error",
    };
  }

  #writeSettings(spec: Partial<KernelJson>): void {
    mkdirSync(join(this.#folder, "home"));
    installKernelSpec(kernelFolder({ kind: "prefix", path: join(this.#folder, "prefix") }), { ...kernelJson(), ...spec });
    // No question about news from the network in front of the notebook.
    this.#writeJson(["config", "labconfig", "page_config.json"], { disabledExtensions: { "@jupyterlab/apputils-extension:announcements": true } });
  }

  #writeJson(path: readonly string[], value: unknown): void {
    const file = join(this.#folder, ...path);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, JSON.stringify(value));
  }

  async #answering(server: ChildProcess): Promise<void> {
    for (let attempt = 0; attempt < 600; attempt++) {
      if (server.exitCode !== null) throw new Error(`JupyterLab ended: ${this.log}`);
      const response = await fetch(`${this.#address}/api?token=${this.#token}`).catch(() => undefined);
      if (response?.ok) return;
      await new Promise((resolve) => setTimeout(resolve, 200));
    }
    throw new Error(`JupyterLab does not answer: ${this.log}`);
  }

  /** SIGTERM makes the server stop its kernels first. */
  async #end(): Promise<void> {
    const server = this.#server;
    if (server === undefined || server.exitCode !== null || server.signalCode !== null) return;
    const ended = new Promise((resolve) => server.once("exit", resolve));
    server.kill("SIGTERM");
    const killer = setTimeout(() => server.kill("SIGKILL"), 20_000);
    await ended;
    clearTimeout(killer);
  }
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}
