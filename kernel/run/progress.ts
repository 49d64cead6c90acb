import type { RunEvent } from "./types.ts";

/** Where progress goes: standard error, or a collector in tests. */
export interface ProgressStream {
  write(text: string): unknown;
  isTTY?: boolean | undefined;
  columns?: number | undefined;
}

/** Seconds between two lines about the same cell where lines cannot be rewritten. */
const lineEvery = 30;
/** Seconds between two lines about different cells there. */
const cellEvery = 2;

/** `75` → `1:15`, `4000` → `1:06:40`. */
export function clock(seconds: number): string {
  const whole = Math.floor(seconds);
  const [hours, minutes, rest] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, String(whole % 60).padStart(2, "0")];
  return hours > 0 ? `${hours}:${String(minutes).padStart(2, "0")}:${rest}` : `${minutes}:${rest}`;
}

/** Shows a run as it goes: one line that is rewritten on a terminal, a line every so often elsewhere. */
export class Progress {
  readonly #stream: ProgressStream;
  readonly #now: () => number;
  readonly #rewrites: boolean;
  readonly #started: number;
  #cell = { index: 0, cells: 0, description: "", text: "", started: 0 };
  #lastLine = -Infinity;
  #timer: NodeJS.Timeout | undefined;
  #drawn = false;

  constructor(stream: ProgressStream, now: () => number = () => performance.now()) {
    this.#stream = stream;
    this.#now = now;
    this.#rewrites = stream.isTTY === true;
    this.#started = now();
  }

  readonly onEvent = (event: RunEvent): void => {
    if (event.type === "start") this.#begin(event.cells, event.kernel);
    else if (event.type === "cell-start") this.#enter(event);
    else if (event.type === "cell-progress") this.#update(event.text);
    else if (event.type === "cell-end" && event.status === "failed") this.#draw(true);
    else if (event.type === "end") this.stop();
  };

  /** Takes the live line away and stops drawing. */
  stop(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
    this.erase();
  }

  /** Takes the live line away, so that other text can be written. */
  erase(): void {
    if (this.#drawn) this.#stream.write("\r\u001b[K");
    this.#drawn = false;
  }

  #begin(cells: number, kernel: string): void {
    this.#cell = { index: 0, cells, description: `kernel ${kernel} is ready`, text: "", started: this.#now() };
    this.#timer = setInterval(() => this.#draw(false), this.#rewrites ? 250 : 1000);
    this.#timer.unref();
    this.#draw(true);
  }

  #enter(event: { index: number; cells: number; description: string }): void {
    this.#cell = { index: event.index + 1, cells: event.cells, description: event.description, text: "", started: this.#now() };
    if (this.#rewrites || this.#now() - this.#lastLine >= cellEvery * 1000) this.#draw(true);
  }

  #update(text: string): void {
    this.#cell.text = text;
    if (this.#rewrites && this.#now() - this.#lastLine >= 100) this.#draw(true);
  }

  /** The line about the current cell. */
  line(): string {
    const { index, cells, description, text, started } = this.#cell;
    const now = this.#now();
    const cellSeconds = (now - started) / 1000;
    const parts = [`cell ${index}/${cells}`, clock((now - this.#started) / 1000), description, text, cellSeconds >= 2 ? `(${clock(cellSeconds)} in this cell)` : ""];
    return parts.filter((part) => part !== "").join(" · ");
  }

  #draw(force: boolean): void {
    if (!force && !this.#rewrites && this.#now() - this.#lastLine < lineEvery * 1000) return;
    this.#lastLine = this.#now();
    if (!this.#rewrites) {
      this.#stream.write(`${this.line()}\n`);
      return;
    }
    const width = (this.#stream.columns ?? 80) - 1;
    this.#stream.write(`\r\u001b[K${Array.from(this.line().replace(/\s+/g, " ")).slice(0, width).join("")}`);
    this.#drawn = true;
  }
}
