import type ts from "typescript";
import { withoutMagics } from "./magics.ts";
import { loadTypeScript } from "./typescript.ts";
import type { TypeScript } from "./typescript.ts";

/** The lines (1-based, ascending) at which V8 can stop: those where a statement, a call, an initial value or a function's end stands. */
export function breakableLines(source: string): readonly number[] {
  const ts = loadTypeScript();
  const file = ts.createSourceFile("cell.ts", withoutMagics(source), ts.ScriptTarget.Latest, true);
  const lines = new Set<number>();
  const visit = (node: ts.Node): void => {
    if (isDeclarationOnly(ts, node)) return;
    for (const position of positionsOf(ts, node)) lines.add(file.getLineAndCharacterOfPosition(position).line + 1);
    ts.forEachChild(node, visit);
  };
  ts.forEachChild(file, visit);
  return [...lines].sort((a, b) => a - b);
}

/** Types and ambient declarations leave nothing to run. */
function isDeclarationOnly(ts: TypeScript, node: ts.Node): boolean {
  if (ts.isInterfaceDeclaration(node) || ts.isTypeAliasDeclaration(node) || ts.isTypeNode(node)) return true;
  if (ts.isImportDeclaration(node)) return node.importClause?.isTypeOnly === true;
  return ts.canHaveModifiers(node) && ts.getModifiers(node)?.some(({ kind }) => kind === ts.SyntaxKind.DeclareKeyword) === true;
}

function positionsOf(ts: TypeScript, node: ts.Node): number[] {
  if (ts.isFunctionLike(node)) return functionPositions(ts, node);
  if (ts.isCallExpression(node) && ts.isPropertyAccessExpression(node.expression)) return [node.expression.name.getStart()];
  if (ts.isCallExpression(node) || ts.isNewExpression(node)) return [node.getStart()];
  if ((ts.isVariableDeclaration(node) || ts.isPropertyDeclaration(node)) && node.initializer) return [node.getStart()];
  const empty = ts.isBlock(node) || ts.isEmptyStatement(node) || ts.isExportDeclaration(node) || ts.isLabeledStatement(node) || ts.isVariableStatement(node);
  return ts.isStatement(node) && !empty ? [node.getStart()] : [];
}

/** A function stops at its closing brace, or at the expression that is its body. */
function functionPositions(ts: TypeScript, node: ts.SignatureDeclaration): number[] {
  const body = (node as ts.FunctionLikeDeclaration).body as ts.Node | undefined;
  if (body === undefined) return [];
  return ts.isBlock(body) ? [body.getEnd() - 1] : [body.getStart()];
}
