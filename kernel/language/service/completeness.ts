import type TS from "typescript";
import { ts } from "./typescript.ts";
import { parseModule, syntaxErrors } from "./cell-syntax.ts";

export type Completeness = { status: "complete" | "incomplete" | "invalid" | "unknown"; indent?: string };

const unit = "  ";
const openers = new Set("([{");
const openings = new Set([ts.SyntaxKind.OpenBraceToken, ts.SyntaxKind.OpenParenToken, ts.SyntaxKind.OpenBracketToken, ts.SyntaxKind.TemplateHead]);
const closings = new Set([ts.SyntaxKind.CloseBraceToken, ts.SyntaxKind.CloseParenToken, ts.SyntaxKind.CloseBracketToken]);

/**
 * Whether code could run as it stands (`is_complete_request`), judged by the parser alone.
 *
 * The first error decides: one at the very end of the text means that more lines could mend it (incomplete, with the
 * indentation of the next line), one before it means that nothing appended can (invalid).
 */
export function completeness(code: string, tsx = false): Completeness {
  const file = parseModule(code, tsx);
  const errors = syntaxErrors(file);
  const first = errors.find(({ code }) => !unclosedElement.has(code)) ?? errors[0];
  if (first === undefined) return awaitsMore(file) ? { status: "incomplete", indent: nextIndent(code) } : { status: "complete" };
  const mendable = first.code === unterminatedString ? code.endsWith("\\") : first.start >= code.trimEnd().length || isOpenEnded(code, first.code);
  return mendable ? { status: "incomplete", indent: isText(first.code) ? "" : nextIndent(code) } : { status: "invalid" };
}

/** "Element (or fragment) has no closing tag" is said of the opening tag; another error tells where the parser missed it. */
const unclosedElement: ReadonlySet<number> = new Set([17008, 17014]);

/** A string ends with its line, unless a backslash continues it. */
const unterminatedString = 1002;

/** Unterminated template literals and comments: their next line is text, not code. */
const isText = (error: number): boolean => error === 1160 || error === 1010;

/** A trailing `export`, `else`-less modifiers and spreads: the parser blames the word itself, though it only stands alone. */
const isOpenEnded = (code: string, error: number): boolean =>
  error === 1128 && /^(export|export\s+default|import|declare|abstract|\.\.\.)$/.test(code.trim().split("\n").at(-1)!.trim());

/** Statements that the parser accepts and only the checker would refuse: `const` without names, a function without body. */
function awaitsMore(file: TS.SourceFile): boolean {
  const last = file.statements.at(-1);
  if (last === undefined) return false;
  if (ts.isVariableStatement(last)) return last.declarationList.declarations.length === 0;
  const ambient = ts.canHaveModifiers(last) && ts.getModifiers(last)?.some(({ kind }) => kind === ts.SyntaxKind.DeclareKeyword);
  return ts.isFunctionDeclaration(last) && last.body === undefined && !ambient && !last.getText(file).endsWith(";");
}

/** The indentation that the next line should have: the last line's, one step deeper when it opens a bracket. */
function nextIndent(code: string): string {
  const line = code.trimEnd().split("\n").at(-1) ?? "";
  const indent = /^\s*/.exec(line)![0];
  return netOpenings(line) > 0 || openers.has(line.trimEnd().at(-1) ?? "") ? indent + unit : indent;
}

function netOpenings(line: string): number {
  const scanner = ts.createScanner(ts.ScriptTarget.ESNext, true, ts.LanguageVariant.Standard, line);
  let net = 0;
  for (let token = scanner.scan(); token !== ts.SyntaxKind.EndOfFileToken; token = scanner.scan()) {
    if (openings.has(token)) net++;
    else if (closings.has(token)) net = Math.max(0, net - 1);
  }
  return net;
}
