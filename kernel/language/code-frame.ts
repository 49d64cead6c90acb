/** A position in source code, 1-based. */
export interface Position {
  readonly line: number;
  readonly column: number;
}

const red = (text: string) => `\u001b[31m${text}\u001b[39m`;

/** How much of a long line is shown. */
const widest = 160;

/** The lines around a position with a mark beneath it. */
export function codeFrame(source: string, label: string, at: Position, length = 1): string[] {
  const lines = source.split(/\r\n|\n|\r/);
  const first = Math.max(1, at.line - 2);
  const last = Math.min(lines.length, at.line + 2);
  const width = String(last).length;
  const from = windowStart(lines[at.line - 1] ?? "", at.column);
  const shown: string[] = [headline(label, at)];
  for (let number = first; number <= last; number++) {
    const mark = number === at.line ? red(">") : " ";
    shown.push(`${mark} ${String(number).padStart(width)} | ${clip(lines[number - 1], from)}`);
    if (number === at.line) shown.push(`  ${" ".repeat(width)} | ${" ".repeat(at.column - 1 - from)}${red("^".repeat(Math.min(length, widest)))}`);
  }
  return [...shown, ""];
}

/** Frontends know a cell's place by the words that IPython uses for it: VS Code makes them, and the lines below, links. */
function headline(label: string, { line, column }: Position): string {
  const number = /^In \[(\d+)\]$/.exec(label)?.[1];
  return number === undefined ? `${label}:${line}:${column}` : `Cell In[${number}], line ${line}, column ${column}`;
}

/** Of a line that is too long, the part around the position is shown. */
function windowStart(line: string, column: number): number {
  return line.length <= widest ? 0 : Math.max(0, Math.min(column - widest / 2, line.length - widest));
}

function clip(line: string, from: number): string {
  return line.length <= widest && from === 0 ? line : line.slice(from, from + widest);
}
