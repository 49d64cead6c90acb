import { randomUUID } from "node:crypto";
import { Comm, comms } from "./comm/index.ts";
import type { CommData, CommEvent, CommExtras, CommHandler, CommOptions, CommTarget } from "./comm/index.ts";
import { currentChannel, send } from "./display/cell-channel.ts";
import type { MimeBundle } from "./display/mime.ts";
import { jsonOf, shownSymbol, validBundle } from "./display/mime.ts";
import { checkOptions, clearOptions, displayOptions, inputOptions, questionText } from "./display/options.ts";
import { progress as track } from "./display/progress.ts";
import type { Cancellable, ProgressOptions, ProgressReport } from "./display/progress.ts";
import { tableOf } from "./display/table-of.ts";
import type { TableOptions } from "./display/table-of.ts";
import { vegaLiteOf } from "./display/vega.ts";
import * as wrappers from "./display/wrappers.ts";
import type { Html, ImageOptions, Rich } from "./display/wrappers.ts";

export { Comm, comms };
export type { CommData, CommEvent, CommExtras, CommHandler, CommOptions, CommTarget };
export type { Cancellable, Html, ImageOptions, MimeBundle, ProgressOptions, ProgressReport, Rich, TableOptions };

/** A display that can be changed after it was shown. */
export type DisplayHandle = {
  /** The display's id; `display(value, { id, update: true })` changes it from any cell. */
  readonly id: string;
  /** Replaces what is shown. */
  update(value: unknown): void;
};

export type DisplayOptions = {
  /** A name for this output, by which it can be updated later. */
  id?: string;
  /** Change the outputs with this `id` in place instead of adding one. */
  update?: boolean;
  /** The value is a MIME bundle already: `{ "text/html": "<b>x</b>", "text/plain": "x" }`. */
  raw?: boolean;
  /** The output's metadata, as Jupyter's `display_data` has it: `{ "image/png": { width: 300 } }`. */
  metadata?: Record<string, unknown>;
};

/**
 * Shows any value below the cell: figures, charts, images, data frames, tables, HTML, tensors, or text.
 *
 * A value with a method `Symbol.for("Jupyter.display")` decides for itself by returning a MIME bundle.
 * @param value what to show
 * @param options `id` names the output; `update` replaces the output of that id; `raw` takes the value as a MIME bundle; `metadata` goes with it
 * @returns a handle whose `update(value)` replaces the output in place
 * @throws {TypeError} for options that do not exist or do not fit; a value that cannot be shown is shown as text that says why
 * @example
 * const shown = display("working …");
 * shown.update(html`<b>done</b>`);
 */
export function display(value: unknown, options: DisplayOptions = {}): DisplayHandle {
  checkOptions("display", options, displayOptions);
  const { id = randomUUID(), update = false, raw = false, metadata } = options;
  if (id === "") throw new TypeError('display\'s id must be a non-empty string, received "".');
  if (update && options.id === undefined) throw new TypeError("display can only update an output that it can name: give the option id.");
  const shown = raw ? new wrappers.Rich({ data: validBundle(value, "display's raw value"), metadata: {} }, "") : value;
  send(shown, { id, update, metadata: jsonOf("display's metadata", metadata ?? {}) as Record<string, unknown> });
  const handle = { id, update: (next: unknown) => send(next, { id, update: true }) };
  return Object.defineProperty(handle, shownSymbol, { value: true });
}

/**
 * Removes the cell's output so far.
 * @param options `wait`: keep it until something new is shown, which avoids flicker in animations
 * @example
 * for (const frame of frames) { clearOutput({ wait: true }); display(frame); }
 */
export function clearOutput(options: { wait?: boolean } = {}): void {
  checkOptions("clearOutput", options, clearOptions);
  currentChannel().clearOutput(options.wait ?? false);
}

/**
 * HTML, from a template or a string. Values in a template are escaped, unless they are `html` themselves; arrays are joined.
 * @example
 * html`<ul>${names.map((name) => html`<li>${name}</li>`)}</ul>`
 */
export function html(source: TemplateStringsArray | string, ...values: readonly unknown[]): Html {
  return wrappers.html(source, ...values);
}

/**
 * Markdown, from a template (its common indentation is removed) or a string.
 * @example
 * md`**${best.toFixed(1)}** after ${steps} steps`
 */
export function md(source: TemplateStringsArray | string, ...values: readonly unknown[]): Rich {
  return wrappers.md(source, ...values);
}

/**
 * An SVG picture, from a template, a string or a file's bytes.
 * @throws {TypeError} when there is no `<svg>` element
 */
export function svg(source: TemplateStringsArray | string | Uint8Array, ...values: readonly unknown[]): Rich {
  return wrappers.svg(source, ...values);
}

/**
 * A picture: the bytes of a PNG, JPEG, GIF, WebP or SVG file, or its path, `data:` URL or web address.
 * @param source bytes, path or address
 * @param options `width`, `height` in CSS pixels; `alt` text
 * @throws {TypeError} when the bytes are none of these formats
 */
export function image(source: string | Uint8Array, options?: ImageOptions): Rich;
export function image(source: TemplateStringsArray, ...values: readonly unknown[]): Rich;
export function image(source: TemplateStringsArray | string | Uint8Array, ...rest: readonly unknown[]): Rich {
  return wrappers.image(source, ...rest);
}

/**
 * A formula, from a template (backslashes are kept as typed) or a string; `$$` is put around it when it has no delimiters.
 * @example
 * latex`\lambda^* \approx ${value}`
 */
export function latex(source: TemplateStringsArray | string, ...values: readonly unknown[]): Rich {
  return wrappers.latex(source, ...values);
}

/**
 * A value as an expandable JSON tree.
 * @throws {TypeError} for values that JSON cannot hold (functions, undefined, cycles, bigint)
 */
export function json(value: unknown, ...values: readonly unknown[]): Rich {
  return wrappers.json(value, ...values);
}

/**
 * A table of an array of objects or of arrays, an object of columns, a Map, or any package's data frame.
 * Shows the first and last rows and says how many there are.
 * @param options `columns` chooses and orders; `units` stand behind the columns' names; `caption`; `maxRows` (60) and `maxColumns` (30)
 * @throws {TypeError} when the value has no rows and columns, or an option names a column that is not there
 * @example
 * table(runs, { columns: ["name", "time"], units: { time: "ms" }, caption: "Five runs" })
 */
export function table(value: unknown, options?: TableOptions): Rich {
  return tableOf(value, options);
}

/**
 * A Vega-Lite chart of a specification (which need not have `$schema`) or of a chart made with vega-lite-api.
 * Charts that do name their `$schema` are shown without this.
 * @throws {TypeError} when there is no specification
 * @example
 * vegaLite({ data: { values: rows }, mark: "line", encoding: { x: { field: "step", type: "quantitative" }, y: { field: "loss", type: "quantitative" } } })
 */
export function vegaLite(spec: object): Rich {
  return vegaLiteOf(spec);
}

/**
 * Loops over items with a progress bar: count, share, elapsed and remaining time, updated at most ten times a second.
 * The bar closes however the loop ends.
 * @param count loop over 0 … count − 1
 * @example
 * for (const step of progress(1000, { label: "training" })) train(step);
 * @example
 * const steps = progress(1000, { cancel: true }); // with a button that ends the loop after the item it works on
 * for (const step of steps) train(step);
 * if (steps.cancelled) console.log("ended early");
 */
export function progress(count: number, options?: ProgressOptions<number>): Generator<number, void, undefined> & Cancellable;
/**
 * Loops over items with a progress bar: count, share, elapsed and remaining time, updated at most ten times a second.
 * The bar closes however the loop ends.
 * @param items an iterable; arrays, sets and maps tell their length, for others give `total`
 */
export function progress<T>(items: Iterable<T>, options?: ProgressOptions<T>): Generator<T, void, undefined> & Cancellable;
/**
 * Loops over asynchronous items (`for await`) with a progress bar.
 * @param items an async iterable; give `total` to see a share and the remaining time, and `state` where items report on work that
 * is not done item by item: `state: ({ name, done, secondsLeft }) => ({ label: name, value: done, left: secondsLeft })`
 */
export function progress<T>(items: AsyncIterable<T>, options?: ProgressOptions<T>): AsyncGenerator<T, void, undefined> & Cancellable;
export function progress(items: number | Iterable<unknown> | AsyncIterable<unknown>, options?: ProgressOptions<never>): (Generator<unknown> | AsyncGenerator<unknown>) & Cancellable {
  return track(items as Iterable<never>, options);
}

/**
 * Asks for a line of text and waits for it, as in a browser.
 * @param message the question
 * @param initial the answer that pressing Enter alone gives
 * @returns the answer, or `initial` when it is empty
 * @throws {Error} where nobody can answer, as in a run without a frontend
 */
export function prompt(message = "", initial = ""): string {
  const question = questionText("prompt", message);
  const proposed = String(initial);
  const answer = currentChannel().inputSync(proposed === "" ? question : `${question} [${proposed}]`, { password: false });
  return answer === "" ? proposed : answer;
}

/**
 * Asks a yes-or-no question and waits; anything but an answer that begins with y counts as no.
 * @throws {Error} where nobody can answer, as in a run without a frontend
 */
export function confirm(message = ""): boolean {
  return /^\s*y/i.test(currentChannel().inputSync(`${questionText("confirm", message)} [y/N]`, { password: false }));
}

/**
 * Shows a message and waits until Enter is pressed.
 * @throws {Error} where nobody can answer, as in a run without a frontend
 */
export function alert(message = ""): void {
  currentChannel().inputSync(`${questionText("alert", message)} [Enter]`, { password: false });
}

/**
 * Asks for a line of text without holding up the event loop.
 * @param text the question
 * @param options `password`: do not show what is typed
 * @throws {Error} where nobody can answer, as in a run without a frontend
 * @example
 * const token = await input("API token", { password: true });
 */
export async function input(text = "", options: { password?: boolean } = {}): Promise<string> {
  checkOptions("input", options, inputOptions);
  return currentChannel().input(questionText("input", text), { password: options.password ?? false });
}
