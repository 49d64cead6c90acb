import { escapeHtml } from "../html.ts";
import { withoutPaths } from "./scrub.ts";

/** HTML that is safe to put into a page. */
export class Markup {
  readonly html: string;

  constructor(html: string) {
    this.html = html;
  }
}

/** What a template takes: text is escaped, nothing stands for nothing. */
export type Content = Markup | string | number | false | undefined | readonly Content[];

/** A template of HTML: what is put into it is escaped, and loses absolute paths, unless it is `Markup` itself. */
export function markup(strings: TemplateStringsArray, ...contents: readonly Content[]): Markup {
  return new Markup(strings.map((text, i) => text + (i < contents.length ? htmlOf(contents[i]) : "")).join(""));
}

/** HTML that another part of the library has made and escaped. */
export function trusted(html: string): Markup {
  return new Markup(html);
}

function htmlOf(content: Content): string {
  if (content === undefined || content === false) return "";
  if (content instanceof Markup) return content.html;
  if (typeof content === "string") return escapeHtml(withoutPaths(content));
  if (typeof content === "number") return String(content);
  return content.map(htmlOf).join("");
}

/** JSON inside a script element: no "<", so that nothing in it can end the element. */
export function scriptJson(value: unknown): Markup {
  const json = JSON.stringify(value, (_key, item: unknown) => (ArrayBuffer.isView(item) && !(item instanceof DataView) ? Array.from(item as unknown as ArrayLike<number>) : item));
  return new Markup(json.replaceAll("<", "\\u003c").replaceAll("\u2028", "\\u2028").replaceAll("\u2029", "\\u2029"));
}

/** Something measured, such as a time: two runs of the same program may differ in it. */
export function measured(content: Content): Markup {
  return markup`<span data-measured>${content}</span>`;
}
