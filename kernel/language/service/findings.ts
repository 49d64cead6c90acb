import type TS from "typescript";
import { descendants } from "./cell-syntax.ts";
import type { CellSyntax } from "./cell-syntax.ts";
import type { Framed } from "./frame.ts";
import { ignoredErrors, implicitVariable, overlapErrors } from "./options.ts";
import type { NotebookScope } from "./scope.ts";
import { ts } from "./typescript.ts";

/** What a type checker, of whatever make, says of a framed cell; positions are UTF-16 offsets in the frame's text. */
export type Finding = {
  readonly code: number;
  /** Chained messages stand on lines of their own, indented. */
  readonly message: string;
  readonly start: number;
  readonly length: number;
  readonly severity: "error" | "warning";
  readonly related?: readonly RelatedFinding[];
};

/** A place that explains a finding: in the framed cell (`file` undefined), or in another file. */
export type RelatedFinding = { readonly message: string; readonly file?: string; readonly text?: string; readonly start: number };

/** One finding about a cell; line and columns count from 1, in UTF-16 units, in the cell's own text. */
export type CellDiagnostic = {
  code: number;
  message: string;
  line: number;
  column: number;
  endColumn: number;
  severity: "error" | "warning";
  /** What else the message is about. */
  related?: readonly CellNote[];
};

/** An explanation beside a diagnostic, and where what it is about stands: in this cell, in an earlier one, or in a file. */
export type CellNote = { message: string; where: "this cell" | "earlier cell" | "file"; name?: string; line: number; column: number };

/** The surroundings in which findings were made. */
export type CheckedCell = {
  readonly syntax: CellSyntax;
  readonly frame: Framed;
  readonly scope: NotebookScope;
  /** The name of the cell that a file holds; undefined for other files. */
  readonly nameOf: (file: string) => string | undefined;
};

/** A checker's findings as a notebook's reader wants them: only the cell's own, without those that are no fault of it, readable. */
export function cellDiagnostics(findings: readonly Finding[], cell: CheckedCell): readonly CellDiagnostic[] {
  const { syntax, frame } = cell;
  return findings
    .filter((found) => isInside(found, frame) && !ignoredErrors.has(found.code) && !isStaleConstant(found, cell) && !isGrowing(found, cell))
    .map((found) => ({ ...located(syntax.file, { ...found, start: found.start - frame.start }), ...notes(found, cell) }));
}

/** The parser's errors as diagnostics. */
export function syntaxDiagnostics({ file, errors }: CellSyntax): readonly CellDiagnostic[] {
  return errors.map((error) => located(file, { ...error, severity: "error" }));
}

const isInside = (found: Finding, { start, code }: Framed): boolean => found.start >= start && found.start <= start + code.length;

/** An earlier `let` or list without a type: what it holds by now is known only when it runs. */
const isGrowing = ({ code, start, length }: Finding, { frame, scope }: CheckedCell): boolean =>
  code === implicitVariable && scope.has(frame.text.slice(start, start + length));

/** A comparison that is "always false" only for the value that an earlier cell's constant has at present. */
function isStaleConstant({ code, start, length }: Finding, { syntax: { file }, frame, scope }: CheckedCell): boolean {
  if (!overlapErrors.has(code)) return false;
  const from = start - frame.start;
  const touches = (node: TS.Node): boolean => node.getEnd() > from && node.getStart(file) < from + length;
  for (const node of descendants(file, touches)) {
    const compared = ts.isSwitchStatement(node) ? node.expression : node;
    const within = ts.isSwitchStatement(node) ? touches(node) : node.getStart(file) >= from && touches(node);
    if (within && ts.isIdentifier(compared) && scope.isConstant(compared.text)) return true;
  }
  return false;
}

/** A message without the virtual files that cells live in. */
function readable({ code, message }: { code: number; message: string }): string {
  const text = message.replace(/import\("[^"]*__potstill_cells?(?:_\d+)?__"\)\./g, "");
  if (code === 2632) return text.replace("it is an import", "it is a constant or an import of an earlier cell");
  const missing = code === 2307 ? /'((?:@[\w.~-]+\/)?[\w~][\w.~-]*)(?:\/[^']*)?'/.exec(text)?.[1] : undefined;
  return missing === undefined ? text : `${text}\nTo add the package to the notebook's folder: %install ${missing}`;
}

function located(file: TS.SourceFile, { start, length, code, message, severity }: Finding): CellDiagnostic {
  const from = ts.getLineAndCharacterOfPosition(file, Math.min(start, file.text.length));
  const to = ts.getLineAndCharacterOfPosition(file, Math.min(start + length, file.text.length));
  const lineEnd = file.text.slice(file.getLineStarts()[from.line]).split("\n", 1)[0].length;
  const endColumn = to.line === from.line ? to.character + 1 : lineEnd + 1;
  return { code, message: readable({ code, message }), severity, line: from.line + 1, column: from.character + 1, endColumn: Math.max(endColumn, from.character + 1) };
}

function notes({ related = [] }: Finding, cell: CheckedCell): { related?: readonly CellNote[] } {
  const found = related.map((each) => note(each, cell)).filter((each) => each !== undefined);
  return found.length === 0 ? {} : { related: found };
}

function note({ message, file, text, start }: RelatedFinding, { syntax, frame, nameOf }: CheckedCell): CellNote | undefined {
  const readableMessage = readable({ code: 0, message });
  if (file === undefined) {
    if (!isInside({ start } as Finding, frame)) return undefined;
    const { line, character } = ts.getLineAndCharacterOfPosition(syntax.file, start - frame.start);
    return { message: readableMessage, where: "this cell", line: line + 1, column: character + 1 };
  }
  const name = nameOf(file);
  const before = (text ?? "").slice(0, start).split("\n");
  const line = before.length - (name === undefined ? 0 : 1); // a committed cell has one line before it
  return { message: readableMessage, where: name === undefined ? "file" : "earlier cell", name: name ?? file, line, column: before.at(-1)!.length + 1 };
}
