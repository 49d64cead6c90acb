import { readFileSync, statSync } from "node:fs";
import { extname, resolve, sep } from "node:path";
import katex from "katex";
import MarkdownIt from "markdown-it";
import type { MarkdownIt as Markdown, StateBlock, StateInline, Token } from "markdown-it";
import { escapeHtml } from "../../display/escape.ts";
import type { MimeBundle } from "../../notebook/index.ts";
import { highlight } from "./highlight.ts";
import { mathLetters } from "./math-letters.ts";

/**
 * A formula as HTML with fonts of its own (`mathStyle`), and as MathML for those who listen: browsers draw MathML well only
 * where a mathematical font is installed. One that KaTeX does not know is shown as it is written.
 */
export function renderMath(tex: string, display: boolean): string {
  try {
    const html = mathLetters(katex.renderToString(tex, { output: "htmlAndMathml", displayMode: display, throwOnError: true, strict: "ignore" }));
    return display ? `<span class="scroll formula">${html}</span>` : html;
  } catch {
    return display ? `<pre class="tex">${escapeHtml(tex)}</pre>` : `<code class="tex">${escapeHtml(tex)}</code>`;
  }
}

/** `$…$` and `$$…$$` within a line; a dollar sign before a space or after a digit is money. */
function inlineMath(state: StateInline, silent: boolean): boolean {
  if (state.src[state.pos] !== "$") return false;
  const match = /^\$\$([^$]+)\$\$|^\$(?!\s)((?:\\.|[^$\\])+?)(?<!\s)\$(?!\d)/.exec(state.src.slice(state.pos));
  if (match === null) return false;
  if (!silent) Object.assign(state.push("math", "", 0), { content: match[1] ?? match[2], markup: match[1] === undefined ? "$" : "$$" });
  state.pos += match[0].length;
  return true;
}

/** A paragraph `$$ … $$`, or a LaTeX environment `\begin{…} … \end{…}`, over any number of lines. */
function blockMath(state: StateBlock, startLine: number, endLine: number, silent: boolean): boolean {
  const text = state.getLines(startLine, endLine, state.blkIndent, false);
  const match = /^\s*\$\$([\s\S]+?)\$\$[ \t]*(?:\n|$)/.exec(text) ?? /^\s*(\\begin\{(\w+\*?)\}[\s\S]+?\\end\{\2\})[ \t]*(?:\n|$)/.exec(text);
  if (match === null) return false;
  if (silent) return true;
  Object.assign(state.push("math", "", 0), { content: match[1], markup: "$$", block: true });
  state.line = startLine + match[0].replace(/\n$/, "").split("\n").length;
  return true;
}

const pictures: Record<string, string> = { ".png": "image/png", ".jpg": "image/jpeg", ".jpeg": "image/jpeg", ".gif": "image/gif", ".webp": "image/webp", ".svg": "image/svg+xml" };
const largestPicture = 20_000_000;

/** A picture beside the notebook as a data URI; others keep their address, which the report does not load. */
function embed(source: string, folder: string | undefined): string | undefined {
  const type = pictures[extname(source).toLowerCase()];
  if (folder === undefined || type === undefined || /^[a-z]+:/i.test(source)) return undefined;
  const path = resolve(folder, decodeURIComponent(source));
  if (!path.startsWith(resolve(folder) + sep)) return undefined;
  try {
    return statSync(path).size > largestPicture ? undefined : `data:${type};base64,${readFileSync(path).toString("base64")}`;
  } catch {
    return undefined;
  }
}

function attached(source: string, attachments: Readonly<Record<string, MimeBundle>> | undefined): string | undefined {
  const bundle = attachments?.[decodeURIComponent(source.replace(/^attachment:/, ""))];
  const [type, data] = Object.entries(bundle ?? {})[0] ?? [];
  return type === undefined || typeof data !== "string" ? undefined : `data:${type};base64,${data}`;
}

export interface MarkdownContext {
  /** Position of the cell: headings get ids from it. */
  cell: number;
  folder?: string | undefined;
  attachments?: Readonly<Record<string, MimeBundle>> | undefined;
  /** Leaves out a heading at the very start: the page's header shows it. */
  skipTitle?: boolean;
}

function parser(): Markdown {
  const markdown = new MarkdownIt({ html: true, linkify: true, highlight: (code, language) => highlight(code, language) });
  markdown.inline.ruler.before("escape", "math", inlineMath);
  markdown.block.ruler.before("fence", "math", blockMath, { alt: ["paragraph", "reference", "blockquote"] });
  markdown.renderer.rules.math = (tokens, index) => renderMath(tokens[index].content, tokens[index].markup === "$$");
  markdown.renderer.rules.table_open = () => '<div class="scroll"><table>';
  markdown.renderer.rules.table_close = () => "</table></div>";
  return markdown;
}

const markdown = parser();

/** One line of markdown as HTML, without a paragraph around it. */
export function renderInline(source: string): string {
  return markdown.renderInline(source);
}

/** The id of the `order`-th heading of cell `cell`. */
export const headingId = (cell: number, order: number): string => `h-${cell}-${order}`;

/** The headings of a text as `renderMarkdown` counts them, their words as HTML that may stand within a link. */
export function headingsOf(source: string): { level: number; html: string }[] {
  const tokens = markdown.parse(source, {});
  return tokens.flatMap((token, i) => (token.type === "heading_open" ? [{ level: Number(token.tag.slice(1)), html: markdown.renderer.render(words(tokens[i + 1]), markdown.options, {}) }] : []));
}

/** A line's tokens without links, pictures (their descriptions stay) and HTML. */
function words(line: Token): Token[] {
  const kept = (line.children ?? []).filter(({ type }) => !["link_open", "link_close", "html_inline"].includes(type));
  return kept.flatMap((token) => (token.type === "image" ? (token.children ?? []) : [token]));
}

/** One line of markdown as plain text: marks, links and HTML taken away, escapes resolved, formulas as TeX. */
export function plainInline(source: string): string {
  return words(markdown.parseInline(source, {})[0]).map(({ type, content }) => (type.endsWith("break") ? " " : content)).join("").trim();
}

/** A markdown text as HTML: formulas set, code coloured, pictures taken in, headings with ids, scripts left out. */
export function renderMarkdown(source: string, context: MarkdownContext): string {
  const tokens = markdown.parse(source, {});
  let headings = 0;
  for (const token of tokens) {
    if (token.type === "heading_open") token.attrSet("id", headingId(context.cell, headings++));
    for (const child of token.children ?? []) {
      if (child.type !== "image") continue;
      const address = String(child.attrGet("src") ?? "");
      const data = address.startsWith("attachment:") ? attached(address, context.attachments) : embed(address, context.folder);
      if (data !== undefined) child.attrSet("src", data);
    }
  }
  if (context.skipTitle && tokens[0]?.type === "heading_open") tokens.splice(0, 3);
  return markdown.renderer.render(tokens, markdown.options, {}).replace(/<script\b[\s\S]*?(<\/script\s*>|$)/gi, "");
}
