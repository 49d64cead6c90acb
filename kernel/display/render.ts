import { inspect } from "node:util";
import { dataFrameBundle, isDataFrame } from "./data-frame.ts";
import { imageType } from "./image-type.ts";
import { isDisplayable, displaySymbol, validBundle } from "./mime.ts";
import type { Displayable, MimeBundle, Rendered } from "./mime.ts";
import { isFigure, figureBundle } from "./plotly.ts";
import { isRecords, recordsBundle } from "./records.ts";
import { isTensor, tensorText } from "./tensor.ts";
import { metadataSymbol } from "./wrappers.ts";

/** A way to show values: those that `fits` accepts are shown by `show`. */
type Form = { readonly fits: (value: unknown) => boolean; readonly show: (value: unknown) => MimeBundle | Promise<MimeBundle> };

const isImageBytes = (value: unknown): value is Uint8Array => value instanceof Uint8Array && imageType(value) !== undefined;

/** The first form that fits shows the value. */
const forms: readonly Form[] = [
  { fits: isDisplayable, show: showItself },
  { fits: isImageBytes, show: (value) => imageBundle(value as Uint8Array) },
  { fits: isFigure, show: (value) => figureBundle(value as Parameters<typeof figureBundle>[0]) },
  { fits: isDataFrame, show: (value) => dataFrameBundle(value as Parameters<typeof dataFrameBundle>[0]) },
  { fits: isTensor, show: (value) => ({ "text/plain": tensorText(value as Parameters<typeof tensorText>[0]) }) },
  { fits: isRecords, show: (value) => recordsBundle(value as Parameters<typeof recordsBundle>[0], plainText(value)) },
];

/** A value's bundle, at once where possible. Never throws and never rejects: a failure becomes text that names it. */
export function render(value: unknown): Rendered | Promise<Rendered> {
  try {
    const data = bundle(value);
    const finish = (made: MimeBundle): Rendered => ({ data: made, metadata: metadataOf(value) });
    return data instanceof Promise ? data.then(finish, (error: unknown) => failure(value, error)) : finish(data);
  } catch (error) {
    return failure(value, error);
  }
}

function bundle(value: unknown): MimeBundle | Promise<MimeBundle> {
  const form = forms.find(({ fits }) => fits(value));
  return form === undefined ? { "text/plain": plainText(value) } : form.show(value);
}

/** A value as text, without colours. Values whose own inspection fails are described by the failure. */
export function plainText(value: unknown): string {
  try {
    return inspect(value, { depth: 4, colors: false, maxArrayLength: 100, maxStringLength: 10_000, breakLength: 100 });
  } catch (error) {
    return `[${typeof value} that cannot be shown: ${messageOf(error)}]`;
  }
}

function showItself(value: unknown): MimeBundle | Promise<MimeBundle> {
  const made: unknown = (value as Displayable)[displaySymbol]();
  const isPromise = typeof (made as PromiseLike<unknown> | undefined)?.then === "function";
  return isPromise ? Promise.resolve(made).then(validBundle) : validBundle(made);
}

function imageBundle(bytes: Uint8Array): MimeBundle {
  const type = imageType(bytes)!;
  if (type === "image/svg+xml") return { [type]: Buffer.from(bytes).toString("utf8"), "text/plain": "[SVG image]" };
  return { [type]: Buffer.from(bytes).toString("base64"), "text/plain": `[${type.slice(6).toUpperCase()} image, ${bytes.length} bytes]` };
}

function metadataOf(value: unknown): Record<string, unknown> {
  return ((value as { [metadataSymbol]?: Record<string, unknown> } | null | undefined)?.[metadataSymbol]) ?? {};
}

const messageOf = (error: unknown): string => (error instanceof Error ? `${error.name}: ${error.message}` : String(error));

/** The name of a value's class, or of its type where even asking fails (proxies). */
function kindOf(value: unknown): string {
  try {
    return (value as { constructor?: { name?: string } } | null | undefined)?.constructor?.name ?? typeof value;
  } catch {
    return typeof value;
  }
}

/** What an error inside a value's own display method shows: the error first, then the value as plain text. */
function failure(value: unknown, error: unknown): Rendered {
  return { data: { "text/plain": `${kindOf(value)} could not be displayed: ${messageOf(error)}\n${plainText(value)}` }, metadata: {} };
}
