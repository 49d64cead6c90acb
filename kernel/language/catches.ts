import type ts from "typescript";
import { withoutMagics } from "./magics.ts";
import { loadTypeScript } from "./typescript.ts";
import type { TypeScript } from "./typescript.ts";

/**
 * Whether the function around a position catches what is thrown there: by a `catch` clause, or by `.catch()` on the
 * promise that the call at this position returns. The position is 1-based, as `line:column` and the source behind it: `3:5:…`.
 */
export function catchesAt(question: string): boolean {
  const [, line, column, source] = /^(\d+):(\d+):([^]*)$/.exec(question)!;
  const ts = loadTypeScript();
  const file = ts.createSourceFile("cell.ts", withoutMagics(source), ts.ScriptTarget.Latest, true);
  if (Number(line) > file.getLineStarts().length) return false;
  const position = file.getPositionOfLineAndCharacter(Number(line) - 1, Number(column) - 1);
  for (let node = innermost(ts, file, position); node.parent; node = node.parent) {
    if (isCaught(ts, node)) return true;
    if (ts.isFunctionLike(node)) return false;
  }
  return false;
}

function innermost(ts: TypeScript, node: ts.Node, position: number): ts.Node {
  const inner = ts.forEachChild(node, (child) => (child.getStart() <= position && position < child.getEnd() ? child : undefined));
  return inner ? innermost(ts, inner, position) : node;
}

function isCaught(ts: TypeScript, node: ts.Node): boolean {
  const { parent } = node;
  if (ts.isTryStatement(parent)) return parent.catchClause !== undefined && parent.tryBlock === node;
  if (!ts.isPropertyAccessExpression(parent) || parent.expression !== node || !ts.isCallExpression(parent.parent)) return false;
  return parent.name.text === "catch" || (parent.name.text === "then" && parent.parent.arguments.length > 1);
}
