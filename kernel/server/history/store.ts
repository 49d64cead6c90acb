import type { JsonObject } from "../../protocol/messages.ts";
import { HistoryFile } from "./file.ts";
import { parseQuery, select } from "./query.ts";
import type { HistoryContent, HistoryEntry, StoredCell } from "./record.ts";

/** What is remembered of a session whose cells are in no file. */
const rememberedChars = 4 * 1024 * 1024;

/** The cells of this session and, from a file, of those before it. */
export class HistoryStore {
  readonly #session: string;
  readonly #complain: (text: string) => void;
  readonly #path: string | undefined;
  #file: HistoryFile | undefined;
  #remembered: StoredCell[] = [];
  #chars = 0;

  /**
   * @param path where cells are kept; undefined: for as long as this kernel lives
   * @param complain is told when that file fails, once
   */
  constructor(session: string, path: string | undefined, complain: (text: string) => void) {
    this.#session = session;
    this.#complain = complain;
    this.#path = path;
    this.#file = path === undefined ? undefined : new HistoryFile(path);
  }

  /** Never rejects. */
  async add(cells: readonly StoredCell[]): Promise<void> {
    try {
      if (this.#file) return await this.#file.append(cells);
    } catch (error) {
      this.#giveUp(error);
    }
    for (const cell of cells) this.#remember(cell);
  }

  /** The content of `history_reply`. Throws when the request is wrong. */
  async answer(content: JsonObject, outputOf: (line: number) => string | undefined): Promise<JsonObject> {
    const query = parseQuery(content);
    const { entries, numbers } = await this.#read();
    const current = numbers.get(this.#session) ?? Math.max(0, ...numbers.values()) + 1;
    const value = ({ session, line, code }: HistoryEntry): unknown =>
      query.output ? [code, (session === this.#session ? outputOf(line) : undefined) ?? null] : code;
    return { status: "ok", history: select(query, entries, current).map((entry) => [entry.number, entry.line, value(entry)]) };
  }

  async #read(): Promise<HistoryContent> {
    try {
      if (this.#file) return await this.#file.read();
    } catch (error) {
      this.#giveUp(error);
    }
    return { entries: this.#remembered.map((cell) => ({ ...cell, number: 1 })), numbers: new Map([[this.#session, 1]]) };
  }

  #giveUp(error: unknown): void {
    this.#file = undefined;
    this.#complain(`the history is not kept in ${this.#path}: ${(error as Error).message}; set POTSTILL_HISTORY to a file that can be written, or to off.`);
  }

  #remember(cell: StoredCell): void {
    this.#remembered.push(cell);
    this.#chars += cell.code.length;
    while (this.#chars > rememberedChars || this.#remembered.length > 10_000) this.#chars -= this.#remembered.shift()!.code.length;
  }
}
