import { randomUUID } from "node:crypto";
import { currentChannel, send } from "./display/cell-channel.ts";
import type { MimeBundle } from "./display/mime.ts";
import { shownSymbol } from "./display/mime.ts";
import { progress as track } from "./display/progress.ts";
import type { ProgressOptions } from "./display/progress.ts";
import * as wrappers from "./display/wrappers.ts";
import type { Html, ImageOptions, Rich } from "./display/wrappers.ts";

export type { Html, ImageOptions, MimeBundle, ProgressOptions, Rich };

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
};

/**
 * Shows any value below the cell: figures, images, tables, HTML, tensors, or text.
 *
 * A value with a method `Symbol.for("Jupyter.display")` decides for itself by returning a MIME bundle.
 * @param value what to show
 * @param options `id` names the output; `update` replaces the output of that id
 * @returns a handle whose `update(value)` replaces the output in place
 * @example
 * const shown = display("working …");
 * shown.update(html`<b>done</b>`);
 */
export function display(value: unknown, options: DisplayOptions = {}): DisplayHandle {
  const { id = randomUUID(), update = false } = options;
  if (typeof id !== "string" || id === "") throw new TypeError(`display's id must be a non-empty string, received ${JSON.stringify(id)}.`);
  if (update && options.id === undefined) throw new TypeError("display can only update an output that it can name: give the option id.");
  send(value, { id, update });
  const handle = { id, update: (next: unknown) => send(next, { id, update: true }) };
  return Object.defineProperty(handle, shownSymbol, { value: true });
}

/**
 * Removes the cell's output so far.
 * @param options `wait`: keep it until something new is shown, which avoids flicker in animations
 */
export function clearOutput(options: { wait?: boolean } = {}): void {
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
 * Loops over items with a progress bar: count, share, elapsed and remaining time, updated at most ten times a second.
 * The bar closes however the loop ends.
 * @param count loop over 0 … count − 1
 * @example
 * for (const step of progress(1000, { label: "training" })) train(step);
 */
export function progress(count: number, options?: ProgressOptions): Generator<number, void, undefined>;
/**
 * Loops over items with a progress bar: count, share, elapsed and remaining time, updated at most ten times a second.
 * The bar closes however the loop ends.
 * @param items an iterable; arrays, sets and maps tell their length, for others give `total`
 */
export function progress<T>(items: Iterable<T>, options?: ProgressOptions): Generator<T, void, undefined>;
/**
 * Loops over asynchronous items (`for await`) with a progress bar.
 * @param items an async iterable; give `total` to see a share and the remaining time
 */
export function progress<T>(items: AsyncIterable<T>, options?: ProgressOptions): AsyncGenerator<T, void, undefined>;
export function progress(items: number | Iterable<unknown> | AsyncIterable<unknown>, options?: ProgressOptions): Generator<unknown> | AsyncGenerator<unknown> {
  return track(items as Iterable<unknown>, options);
}

/**
 * Asks for a line of text and waits for it, as in a browser.
 * @returns the answer, or `initial` when it is empty
 */
export function prompt(message = "", initial = ""): string {
  const answer = currentChannel().inputSync(initial === "" ? message : `${message} [${initial}]`, { password: false });
  return answer === "" ? initial : answer;
}

/** Asks a yes-or-no question and waits; anything but an answer that begins with y counts as no. */
export function confirm(message = ""): boolean {
  return /^\s*y/i.test(currentChannel().inputSync(`${message} [y/N]`, { password: false }));
}

/** Shows a message and waits until Enter is pressed. */
export function alert(message = ""): void {
  currentChannel().inputSync(`${message} [Enter]`, { password: false });
}

/**
 * Asks for a line of text without holding up the event loop.
 * @param text the question
 * @param options `password`: do not show what is typed
 * @example
 * const token = await input("API token", { password: true });
 */
export function input(text = "", options: { password?: boolean } = {}): Promise<string> {
  return currentChannel().input(text, { password: options.password ?? false });
}
