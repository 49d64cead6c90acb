import { hasMethods } from "./lookup.ts";
import type { MimeBundle } from "./mime.ts";
import { validBundle } from "./mime.ts";
import { plainText } from "./plain-text.ts";

/** The methods by which objects show themselves in IJavascript; `_toMime` gives a whole bundle, the pictures are base64. */
const methods = [["_toHtml", "text/html"], ["_toSvg", "image/svg+xml"], ["_toPng", "image/png"], ["_toJpeg", "image/jpeg"]] as const;

export const isIjavascript = (value: unknown): value is object => ["_toMime", ...methods.map(([name]) => name)].some((name) => hasMethods(value, name));

export function ijavascriptBundle(value: object): MimeBundle {
  const own = value as Record<string, () => unknown>;
  const found = methods.filter(([name]) => hasMethods(value, name)).map(([name, type]) => [type, own[name]()]);
  const whole = hasMethods(value, "_toMime") ? (own._toMime() as object) : {};
  return validBundle({ "text/plain": plainText(value), ...Object.fromEntries(found), ...whole });
}
