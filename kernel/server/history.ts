import { randomUUID } from "node:crypto";
import type { JsonObject } from "../protocol/messages.ts";
import type { HistoryStore } from "./history/store.ts";
import type { StoredCell } from "./history/record.ts";

/** Cells are written together that come within this time, in milliseconds. */
const gatherMs = 250;

/** Longer cells are data rather than something to come back to, in characters. */
const longestCell = 1024 * 1024;

/** Of results: how many, and how much of each, can be asked for with `output`. */
const rememberedOutputs = { count: 1000, chars: 16_384 } as const;

/** The history of this session and those before it (`history_request`). Its code is loaded some time after the first cell. */
export class History {
  readonly #session = randomUUID();
  readonly #outputs = new Map<number, string>();
  readonly #env: NodeJS.ProcessEnv;
  readonly #folder: string;
  readonly #complain: (text: string) => void;
  #waiting: StoredCell[] = [];
  #timer: NodeJS.Timeout | undefined;
  #store: Promise<HistoryStore> | undefined;
  #written: Promise<void> = Promise.resolve();

  /**
   * @param folder what a relative path in `POTSTILL_HISTORY` starts from
   * @param complain is told when the history cannot be kept
   */
  constructor(env: NodeJS.ProcessEnv, folder: string, complain: (text: string) => void) {
    this.#env = env;
    this.#folder = folder;
    this.#complain = complain;
  }

  /** Keeps a cell's code under its execution count. */
  add(line: number, code: string): void {
    if (code.length > longestCell) return;
    this.#waiting.push({ session: this.#session, line, code });
    this.#timer ??= setTimeout(() => void this.flush(), gatherMs);
  }

  /** Keeps what a cell of this session resulted in. */
  addOutput(line: number, text: unknown): void {
    if (typeof text !== "string") return;
    this.#outputs.set(line, text.slice(0, rememberedOutputs.chars));
    this.#outputs.delete(line - rememberedOutputs.count);
  }

  /** The content of `history_reply`. Rejects when the request is wrong. */
  async answer(content: JsonObject): Promise<JsonObject> {
    await this.flush();
    return (await this.#load()).answer(content, (line) => this.#outputs.get(line));
  }

  /** Resolves when everything added so far is in the file, or cannot be. Never rejects. */
  flush(): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (this.#waiting.length === 0) return this.#written;
    const cells = this.#waiting;
    this.#waiting = [];
    const write = async (): Promise<void> => (await this.#load()).add(cells);
    return (this.#written = this.#written.then(write).catch((error: unknown) => this.#complain(`the history is not kept: ${String(error)}`)));
  }

  #load(): Promise<HistoryStore> {
    return (this.#store ??= this.#open());
  }

  async #open(): Promise<HistoryStore> {
    const [{ HistoryStore }, { historyFile }] = await Promise.all([import("./history/store.ts"), import("./history/location.ts")]);
    return new HistoryStore(this.#session, historyFile(this.#env, this.#folder), this.#complain);
  }
}
