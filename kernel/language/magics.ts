/**
 * A line that speaks to the kernel and not to TypeScript: `%name words`, from now on, or `%%name words`, for this cell.
 * Lines count from 1; `start` and `end` are UTF-16 offsets in the cell.
 */
export interface MagicCall {
  readonly scope: "line" | "cell";
  /** What follows the percent signs; empty while it is being typed. */
  readonly name: string;
  readonly args: readonly string[];
  readonly line: number;
  readonly start: number;
  readonly end: number;
}

/** A cell without its magics, and the magics. */
export interface SplitCell {
  /** The cell's code: magics are replaced by spaces, so that every position stays what it was. */
  readonly code: string;
  readonly magics: readonly MagicCall[];
}

const magicLine = /^[ \t]*(%%?)([^\s%]*)(.*)$/u;

/**
 * Finds a cell's magics. They stand on lines of their own before the first line of code, among comments and empty lines:
 * no TypeScript begins with a percent sign, whereas further down one may continue an expression.
 */
export function splitMagics(cell: string): SplitCell {
  if (!cell.includes("%")) return { code: cell, magics: [] };
  const magics = [...leadingMagics(cell)];
  let code = cell;
  for (const { start, end } of magics) code = code.slice(0, start) + " ".repeat(end - start) + code.slice(end);
  return { code, magics };
}

/** A cell's code with spaces in place of its magics. */
export const withoutMagics = (cell: string): string => splitMagics(cell).code;

function* leadingMagics(cell: string): Generator<MagicCall> {
  let start = 0;
  let before: LineKind = "blank";
  for (const [index, text] of cell.split("\n").entries()) {
    const end = start + text.replace(/\r$/, "").length;
    const found = before === "comment" ? null : magicLine.exec(cell.slice(start, end));
    if (found) yield { scope: found[1] === "%%" ? "cell" : "line", name: found[2], args: words(found[3]), line: index + 1, start, end };
    else before = kindOf(text, before);
    if (before === "code") return;
    start += text.length + 1;
  }
}

/** A line without code, a line within a block comment that goes on, or a line of code. */
type LineKind = "blank" | "comment" | "code";

function kindOf(line: string, before: LineKind): LineKind {
  const rest = (before === "comment" ? `/*${line}` : line).replace(/\/\*[^]*?\*\//g, " ").trimStart();
  if (rest === "" || rest.startsWith("//") || rest.startsWith("#!")) return "blank";
  return rest.startsWith("/*") ? "comment" : "code";
}

/** Words are parted by white space, unless quotes hold them together; a comment ends them. */
function words(text: string): string[] {
  const found = text.replace(/(^|\s)\/\/.*$/, "").matchAll(/(?:"[^"]*"|'[^']*'|[^\s"']|["'])+/g);
  return Array.from(found, ([word]) => word.replace(/"([^"]*)"|'([^']*)'/g, (_, double?: string, single?: string) => double ?? single ?? ""));
}
