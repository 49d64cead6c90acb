import { readFile, stat } from "node:fs/promises";
import { resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { asObject } from "../protocol/messages.ts";
import type { JsonObject } from "../protocol/messages.ts";
import type { Settings } from "./settings.ts";

/**
 * Keeps the settings in a notebook's metadata (`"potstill": { "typecheck": "warn", "tsx": true }`) up to date.
 *
 * Kernels are not sent these. `potstill run` passes them on in `POTSTILL_NOTEBOOK_SETTINGS`; Jupyter's servers tell the
 * notebook's path in `JPY_SESSION_NAME`, VS Code in the id of each cell. The file is read before the first cell and again
 * after it was saved.
 */
export class NotebookSettings {
  readonly #settings: Settings;
  readonly #isGiven: boolean;
  #path: string | undefined;
  #modified: number | undefined;
  #reading: Promise<void> | undefined;

  constructor(settings: Settings, env: NodeJS.ProcessEnv, folder: string) {
    this.#settings = settings;
    const given = parse(env.POTSTILL_NOTEBOOK_SETTINGS);
    this.#isGiven = given !== undefined;
    if (given) settings.set("notebook", settings.fromMetadata(given, "the notebook's metadata"));
    else if (env.JPY_SESSION_NAME?.endsWith(".ipynb")) this.#path = resolve(folder, env.JPY_SESSION_NAME);
  }

  /**
   * Reads the notebook's file if it has changed. Never rejects: a path may mean something else, and a file be half saved.
   * @param metadata of the cell that is about to run
   */
  refresh(metadata: JsonObject = {}): Promise<void> | undefined {
    if (!this.#isGiven) this.#path ??= pathIn(metadata.cellId);
    if (this.#path === undefined) return undefined;
    this.#reading ??= this.#read(this.#path).catch(() => undefined).finally(() => { this.#reading = undefined; });
    return this.#reading;
  }

  async #read(path: string): Promise<void> {
    const { mtimeMs } = await stat(path);
    if (mtimeMs === this.#modified) return;
    const text = await readFile(path, "utf8");
    // Most notebooks say nothing, and some are very long.
    const metadata = /"potstill"\s*:/.test(text) ? asObject(parse(text)?.metadata) : {};
    if (metadata === undefined) return;
    this.#modified = mtimeMs;
    this.#settings.set("notebook", this.#settings.fromMetadata(metadata, "the notebook's metadata"));
  }
}

/** The notebook's path in VS Code's name of a cell: `vscode-notebook-cell:/folder/name.ipynb#…`. */
function pathIn(cellId: unknown): string | undefined {
  const path = typeof cellId === "string" ? /^vscode-notebook-cell:(?:\/\/[^/]*)?(\/[^?#]*\.ipynb)(?:[?#]|$)/.exec(cellId)?.[1] : undefined;
  return path === undefined ? undefined : fileURLToPath(`file://${path}`);
}

function parse(text: string | undefined): JsonObject | undefined {
  try {
    return text ? asObject(JSON.parse(text)) : undefined;
  } catch {
    return undefined; // half saved
  }
}
