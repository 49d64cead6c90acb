import type ts from "typescript";
import { runtimeName } from "./cell-runtime.ts";
import type { TypeScript } from "./typescript.ts";

/**
 * Turns the import that TypeScript adds for elements (`jsx: "react-jsx"`), after a cell's own imports were rewritten,
 * into the statement of a script.
 */
export function jsxImports(ts: TypeScript, cell: number): ts.TransformerFactory<ts.SourceFile> {
  return ({ factory }) => (file) => {
    const statements = file.statements.map((statement) => (ts.isImportDeclaration(statement) ? asScript(statement, { ts, factory, cell }) : statement));
    return factory.updateSourceFile(file, statements);
  };
}

function asScript(node: ts.ImportDeclaration, { ts, factory: f, cell }: { ts: TypeScript; factory: ts.NodeFactory; cell: number }): ts.Statement {
  const bindings = node.importClause?.namedBindings;
  const specifiers = bindings && ts.isNamedImports(bindings) ? bindings.elements : [];
  const imported = specifiers.map(({ propertyName, name }) => f.createStringLiteral((propertyName ?? name).text));
  const call = (method: string, ...args: ts.Expression[]): ts.Expression => f.createCallExpression(f.createPropertyAccessExpression(f.createIdentifier(runtimeName), method), undefined, args);
  const id = (): ts.Expression => f.createNumericLiteral(cell);
  const loaded = call("top", id(), call("named", f.createArrayLiteralExpression(imported), f.createArrayLiteralExpression(), node.moduleSpecifier));
  const value = call("woke", id(), f.createAwaitExpression(loaded));
  const pattern = f.createObjectBindingPattern(specifiers.map(({ name }, i) => f.createBindingElement(undefined, imported[i], name)));
  const declaration = f.createVariableDeclaration(pattern, undefined, undefined, value);
  return f.createVariableStatement(undefined, f.createVariableDeclarationList([declaration], ts.NodeFlags.Let));
}
