import type { MimeBundle } from "../display/mime.ts";
import type { JsonObject } from "../protocol/messages.ts";

/** A cell that asks what something is, as IPython's do. */
export interface HelpRequest {
  readonly name: string;
  /** 1 for two question marks. */
  readonly detail: 0 | 1;
}

/** A part of a path: a name, or in brackets a number or a text. */
const part = String.raw`[\p{ID_Start}$_][\p{ID_Continue}$\u200c\u200d]*`;
const path = String.raw`${part}(?:\.#?${part}|\[(?:\d+|"[^"\n]*"|'[^'\n]*')\])*`;
const pattern = new RegExp(String.raw`^\s*(?:(?<before>\?\??)[ \t]*(?<asked>${path})|(?<name>${path})(?<after>\?\??))\s*$`, "u");

/** Longer cells ask for nothing. */
const longest = 500;

/**
 * What a cell asks about, if it is nothing but `name?`, `?name`, `name??` or `??name`. No TypeScript is lost: a program
 * neither begins nor ends with a question mark.
 */
export function helpRequest(code: string): HelpRequest | undefined {
  if (code.length > longest || !code.includes("?")) return undefined;
  const { before, asked, name, after } = pattern.exec(code)?.groups ?? {};
  const wanted = asked ?? name;
  return wanted === undefined ? undefined : { name: wanted, detail: (before ?? after) === "??" ? 1 : 0 };
}

/** The payload with which a reply opens a frontend's pager. */
export const pagePayload = (data: MimeBundle): JsonObject => ({ source: "page", data, start: 0 });
