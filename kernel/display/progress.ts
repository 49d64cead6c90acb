import { randomUUID } from "node:crypto";
import { currentChannel } from "./cell-channel.ts";
import { escapeHtml } from "./escape.ts";
import type { MimeBundle } from "./mime.ts";
import { checkOptions, progressOptions } from "./options.ts";
import { ProgressWidget } from "./progress-widget.ts";

export type ProgressOptions<T = unknown> = {
  /** Show a button that ends the loop, in frontends that show widgets. */
  cancel?: boolean;
  /** Words before the bar. */
  label?: string;
  /** How many items there will be, when the iterable does not say (arrays, sets, maps and numbers do). */
  total?: number;
  /**
   * What an item tells of the work that it reports on: the words before the bar from now on, how much of `total` is done, and the
   * seconds that are left. Whatever it leaves out stays as it would be without: each item counts 1.
   */
  state?: (item: T) => ProgressReport;
};

/** What an item tells of the work that it reports on. */
export type ProgressReport = { label?: string; value?: number; left?: number };

/** What `application/vnd.potstill.progress+json` holds. */
export type ProgressState = { label?: string; value: number; total?: number; text: string; done: boolean };

/** What a loop with progress says about itself. */
export type Cancellable = {
  /** Whether the loop was ended by its button. */
  readonly cancelled: boolean;
};

/** Updates closer together than this are left out (ms); the last one is always shown. */
const interval = 100;

/** How long the output itself stays as it is, in a frontend that may still draw the widget that is in it (ms). */
const grace = 1000;

export function progress(count: number, options?: ProgressOptions<number>): Generator<number, void, undefined> & Cancellable;
export function progress<T>(items: Iterable<T>, options?: ProgressOptions<T>): Generator<T, void, undefined> & Cancellable;
export function progress<T>(items: AsyncIterable<T>, options?: ProgressOptions<T>): AsyncGenerator<T, void, undefined> & Cancellable;
export function progress(items: number | Iterable<unknown> | AsyncIterable<unknown>, options: ProgressOptions<never> = {}): (Generator<unknown> | AsyncGenerator<unknown>) & Cancellable {
  checkOptions("progress", options, progressOptions);
  if (typeof items === "number") {
    if (!Number.isSafeInteger(items) || items < 0) throw new RangeError(`progress counts to a whole number ≥ 0, received ${items}.`);
    return loop(overSync, count(items), new Meter({ total: items, ...options }));
  }
  if (Symbol.asyncIterator in Object(items)) return loop(overAsync, items as AsyncIterable<unknown>, new Meter(options));
  if (!(Symbol.iterator in Object(items))) throw new TypeError(`progress needs an iterable, an async iterable or a number, received ${items === null ? "null" : typeof items}.`);
  const total = sizeOf(items);
  return loop(overSync, items as Iterable<unknown>, new Meter({ ...(total === undefined ? {} : { total }), ...options }));
}

function loop<I, G extends object>(over: (items: I, meter: Meter) => G, items: I, meter: Meter): G & Cancellable {
  return Object.defineProperty(over(items, meter), "cancelled", { get: () => meter.cancelled }) as G & Cancellable;
}

function* count(total: number): Generator<number> {
  for (let i = 0; i < total; i++) yield i;
}

function sizeOf(items: unknown): number | undefined {
  const { length, size } = Object(items) as { length?: unknown; size?: unknown };
  return typeof length === "number" ? length : typeof size === "number" ? size : undefined;
}

function* overSync(items: Iterable<unknown>, meter: Meter): Generator<unknown, void, undefined> {
  try {
    meter.start();
    for (const item of items) {
      yield item;
      meter.step(item);
      if (meter.cancelled) return;
    }
    meter.finish();
  } finally {
    meter.close();
  }
}

async function* overAsync(items: AsyncIterable<unknown>, meter: Meter): AsyncGenerator<unknown, void, undefined> {
  try {
    meter.start();
    for await (const item of meter.clicked ? until(meter.clicked, items) : items) {
      yield item;
      meter.step(item);
      if (meter.cancelled) return;
    }
    if (!meter.cancelled) meter.finish();
  } finally {
    meter.close();
  }
}

/** The items until an event: what is waited for then is not waited for any more. */
async function* until(event: Promise<void>, items: AsyncIterable<unknown>): AsyncGenerator<unknown, void, undefined> {
  const source = items[Symbol.asyncIterator]();
  let stop = (): void => undefined;
  let happened = false;
  void event.then(() => { happened = true; stop(); });
  const next = () => new Promise<IteratorResult<unknown> | undefined>((resolve, reject) => {
    stop = () => resolve(undefined);
    source.next().then(resolve, reject);
  });
  let open = true;
  try {
    for (let result = await next(); result; result = await next()) {
      open = result.done !== true;
      if (!open) return;
      yield result.value;
    }
  } catch (error) {
    open = false; // a source that failed is over
    throw error;
  } finally {
    const closed = open ? source.return?.() : undefined;
    // A source that still waits for its next item closes only when it has that.
    if (happened) closed?.catch(() => undefined);
    else await closed;
  }
}

/** Counts, and shows the count; however the loop ends (break, error, interrupt), the display is closed once. */
class Meter {
  readonly #id = randomUUID();
  readonly #total: number | undefined;
  readonly #report: ProgressOptions<never>["state"];
  readonly #name: string | undefined;
  #label: string | undefined;
  #value = 0;
  #left: number | undefined;
  #started = 0;
  #shown = 0;
  #state: "idle" | "running" | "finished" | "closed" = "idle";
  readonly #withButton: boolean;
  #widget: ProgressWidget | undefined;

  constructor({ label, total, cancel = false, state }: ProgressOptions<never>) {
    this.#name = label;
    this.#label = label;
    this.#total = total;
    this.#report = state;
    this.#withButton = cancel;
  }

  /** Whether the button was clicked while the loop ran. */
  get cancelled(): boolean {
    return this.#widget?.cancelled ?? false;
  }

  /** Resolves when the button is clicked; undefined without one. */
  get clicked(): Promise<void> | undefined {
    return this.#widget?.clicked;
  }

  start(): void {
    this.#started = performance.now();
    this.#state = "running";
    this.#show({ update: false });
  }

  step(item: unknown): void {
    const { label = this.#label, value = this.#value + 1, left } = this.#report?.(item as never) ?? {};
    this.#label = label;
    this.#value = value;
    this.#left = left;
    if (performance.now() - this.#shown >= interval) this.#show({ update: true });
  }

  finish(): void {
    this.#label = this.#name;
    this.#state = "finished";
  }

  close(): void {
    if (this.#state === "idle" || this.#state === "closed") return;
    const stopped = this.#state !== "finished";
    this.#state = "closed";
    this.#show({ update: true, done: true, stopped });
  }

  #show({ update, done = false, stopped = false }: { update: boolean; done?: boolean; stopped?: boolean }): void {
    this.#shown = performance.now();
    const elapsed = (this.#shown - this.#started) / 1000;
    const state: ProgressState = {
      ...(this.#label === undefined ? {} : { label: this.#label }),
      value: this.#value,
      ...(this.#total === undefined ? {} : { total: this.#total }),
      text: progressText({ value: this.#value, total: this.#total, elapsed, left: this.#left, done, stopped, cancelled: this.cancelled }),
      done,
    };
    if (this.#withButton) this.#showWithButton(state, { update, elapsed });
    else this.#send(state, update);
  }

  #send(state: ProgressState, update: boolean, more: MimeBundle = {}): void {
    currentChannel().display({ ...more, ...progressBundle(state) }, { id: this.#id, update, metadata: {} });
  }

  /** Until a frontend has drawn the widget, the other forms in the output are kept up to date too; in the end they are what stays. */
  #showWithButton(state: ProgressState, { update, elapsed }: { update: boolean; elapsed: number }): void {
    this.#widget ??= new ProgressWidget(state);
    if (state.done) {
      this.#send(state, update);
      this.#widget.close();
      return;
    }
    this.#widget.update(state);
    if (!update || (!this.#widget.seen && elapsed * 1000 >= grace)) this.#send(state, update, this.#widget.bundle);
  }
}

type Count = { value: number; total: number | undefined; elapsed: number; left?: number | undefined; done: boolean; stopped: boolean; cancelled?: boolean };

/**
 * The words beside the bar. While it runs, times are m:ss: `40/100 (40 %), 0:12 elapsed, 0:18 left`, or `7 items, 0:12 elapsed`
 * without a total; at the end how much was done in what time: `100/100, 30 s`, `7 items, 1 min 19 s`, `4/10, 0.3 s, stopped`.
 */
export function progressText({ value, total, elapsed, left: told, done, stopped, cancelled = false }: Count): string {
  const whole = Math.floor(value);
  const count = total === undefined ? `${whole} ${whole === 1 ? "item" : "items"}` : `${whole}/${total}`;
  if (done) return `${count}, ${duration(elapsed)}${cancelled ? ", cancelled" : stopped ? ", stopped" : ""}`;
  const share = total === undefined || total === 0 ? "" : ` (${Math.floor((100 * value) / total)} %)`;
  const seconds = told ?? (total !== undefined && value > 0 && value < total ? (elapsed / value) * (total - value) : undefined);
  return `${count}${share}, ${clock(elapsed)} elapsed${seconds === undefined ? "" : `, ${clock(seconds)} left`}`;
}

function clock(seconds: number): string {
  const whole = Math.round(seconds);
  const [hours, minutes, rest] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, String(whole % 60).padStart(2, "0")];
  return hours > 0 ? `${hours}:${String(minutes).padStart(2, "0")}:${rest}` : `${minutes}:${rest}`;
}

/** `0.01` → `< 0.1 s`, `0.31` → `0.3 s`, `20` → `20 s`, `79` → `1 min 19 s`, `3725` → `1 h 2 min`. */
function duration(seconds: number): string {
  if (seconds < 0.05) return "< 0.1 s";
  if (seconds < 9.95) return `${seconds.toFixed(1)} s`;
  const whole = Math.round(seconds);
  if (whole < 60) return `${whole} s`;
  return whole < 3600 ? `${Math.floor(whole / 60)} min ${whole % 60} s` : `${Math.floor(whole / 3600)} h ${Math.floor(whole / 60) % 60} min`;
}

const barWidth = 20;

/** A progress state as MIME bundle: machine-readable, as HTML bar, and as text. */
export function progressBundle(state: ProgressState): MimeBundle {
  const { label, value, total, text } = state;
  const share = total === undefined ? undefined : total === 0 ? 1 : Math.min(1, value / total);
  const filled = Math.round((share ?? 0) * barWidth);
  const bar = share === undefined ? "" : `${"█".repeat(filled)}${"░".repeat(barWidth - filled)} `;
  return {
    "application/vnd.potstill.progress+json": state,
    "text/html": progressHtml(state, share),
    "text/plain": `${label === undefined ? "" : `${label}: `}${bar}${text}`,
  };
}

/** A bar only where a share is known: half a bar for an unknown total would mislead. The label stands beside the words it names. */
function progressHtml({ label, value, total, text }: ProgressState, share: number | undefined): string {
  const colour = "var(--jp-brand-color1, var(--vscode-progressBar-background, #2b6cb0))";
  const named = label === undefined ? "" : ` aria-label="${escapeHtml(label)}"`;
  const bar = share === undefined || total === undefined ? "" : `<div role="progressbar"${named} aria-valuemin="0" aria-valuemax="${total}" aria-valuenow="${value}" style="flex: none; width: 16em; max-width: 40%; height: 0.6em; border-radius: 0.3em; overflow: hidden; background: rgba(128, 128, 128, 0.3)">`
    + `<div style="width: ${Math.round(share * 1000) / 10}%; height: 100%; background: ${colour}"></div></div>`;
  return `<div style="display: flex; gap: 0.75em; align-items: center; font-variant-numeric: tabular-nums">${bar}<span>${label === undefined ? "" : `${escapeHtml(label)}: `}${escapeHtml(text)}</span></div>`;
}
