import { columnarBundle } from "./columnar.ts";
import { arrowColumnText, frameColumns, isArrowColumn, isPolarsFrame, isPolarsLazy, polarsFrameColumns, polarsLazyText } from "./frames.ts";
import { blobBundle, isImageBlob } from "./blob.ts";
import { elementBundle, isElement } from "./element.ts";
import { ijavascriptBundle, isIjavascript } from "./ijavascript.ts";
import { encodedImage, imageType } from "./image-type.ts";
import { isObject } from "./lookup.ts";
import { isDisplayable, displaySymbol, validBundle } from "./mime.ts";
import type { Displayable, MimeBundle, Rendered } from "./mime.ts";
import { kindOf, messageOf, plainText } from "./plain-text.ts";
import { isFigure, figureBundle, figurePreview } from "./plotly.ts";
import { withoutProxy } from "./proxy.ts";
import { isRecords, recordsBundle } from "./records.ts";
import { isTensor, tensorText } from "./tensor.ts";
import { builtVegaBundle, isVegaBuilder, isVegaSpec, vegaBundle } from "./vega.ts";
import { metadataSymbol } from "./wrappers.ts";

type Shown = MimeBundle | Promise<MimeBundle>;
/** A way to show values: undefined for those that it is not for. */
type Form = (value: object) => Shown | undefined;

/** Values that `fits` recognises are shown by `show`. */
const form = <T>(fits: (value: unknown) => value is T, show: (value: T) => Shown): Form => (value) => (fits(value) ? show(value) : undefined);
const asText = <T>(fits: (value: unknown) => value is T, show: (value: T) => string): Form => form(fits, (value) => ({ "text/plain": show(value) }));

const isImageBytes = (value: unknown): value is Uint8Array => value instanceof Uint8Array && imageType(value) !== undefined;

/** The first form that fits shows the value. */
const forms: readonly Form[] = [
  form(isPolarsFrame, (frame) => columnarBundle(polarsFrameColumns(frame))),
  form(isDisplayable, showItself),
  form(isImageBytes, (value) => encodedImage(value)!),
  form(isFigure, figureBundle),
  form(isVegaSpec, vegaBundle),
  form(isVegaBuilder, builtVegaBundle),
  showFrame,
  asText(isArrowColumn, arrowColumnText),
  asText(isPolarsLazy, polarsLazyText),
  asText(isTensor, tensorText),
  form(isElement, elementBundle),
  form(isImageBlob, blobBundle),
  form(isRecords, (value) => recordsBundle(value, plainText(value))),
  form(isIjavascript, ijavascriptBundle),
];

/** A value's bundle, at once where possible. Never throws and never rejects: a failure becomes text that names it. */
export function render(value: unknown): Rendered | Promise<Rendered> {
  try {
    const shown = withoutProxy(value);
    if (!isObject(shown)) return { data: { "text/plain": plainText(value) }, metadata: {} };
    const data = bundle(shown);
    const finish = (made: MimeBundle): Rendered => ({ data: made, metadata: metadataOf(shown) });
    return data instanceof Promise ? data.then(finish, (error: unknown) => failure(shown, error)) : finish(data);
  } catch (error) {
    return failure(value, error);
  }
}

/** What can be shown of a value while {@link render} is still at work. */
export function preview(value: unknown): MimeBundle {
  const waiting = { "text/plain": "…" };
  try {
    const shown = withoutProxy(value);
    return isFigure(shown) ? figurePreview(shown) : waiting;
  } catch {
    return waiting;
  }
}

function bundle(value: object): Shown {
  for (const show of forms) {
    const shown = show(value);
    if (shown !== undefined) return shown;
  }
  return { "text/plain": plainText(value) };
}

function showFrame(value: object): Shown | undefined {
  const columns = frameColumns(value);
  return columns === undefined ? undefined : columnarBundle(columns);
}

function showItself(value: Displayable): Shown {
  const made: unknown = value[displaySymbol]();
  const isPromise = typeof (made as PromiseLike<unknown> | undefined)?.then === "function";
  return isPromise ? Promise.resolve(made).then((bundle) => completed(bundle, value)) : completed(made, value);
}

/** Frontends without any of a bundle's other types show its text, so there must be some. */
function completed(made: unknown, value: Displayable): MimeBundle {
  const whole = validBundle(made);
  return "text/plain" in whole ? whole : { ...whole, "text/plain": plainText(value) };
}

function metadataOf(value: object): Record<string, unknown> {
  return (value as { [metadataSymbol]?: Record<string, unknown> })[metadataSymbol] ?? {};
}

/** What an error inside a value's own display method shows: the error first, then the value as plain text. */
function failure(value: unknown, error: unknown): Rendered {
  return { data: { "text/plain": `${kindOf(value)} could not be displayed: ${messageOf(error)}\n${plainText(value)}` }, metadata: {} };
}
