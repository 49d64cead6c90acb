import type ts from "typescript";
import type { TypeScript } from "./typescript.ts";

/** The global object through which compiled cells reach the session; see {@link CellRuntime}. */
export const runtimeName = "__potstill";

/** What compiled cells call. Its methods are named here because the compiler writes calls to them. */
export interface CellRuntime {
  /** The value of the cell's last expression. */
  result: unknown;
  /** What `import.meta` means in a cell. */
  readonly meta: object;
  /** `import(specifier)` relative to the notebook's folder. */
  import(specifier: unknown, options?: ImportCallOptions): Promise<object>;
  /** The same for a static import of the given names (which CommonJS modules may not list). */
  named(names: readonly string[], specifier: string, options?: ImportCallOptions): Promise<object>;
  /** The operand of an `await` at a cell's top level: settled by an interrupt. */
  top(cell: number, value: unknown): unknown;
  /** The operand of an `await` inside a function of a cell. */
  inner(value: unknown): unknown;
  /** The iterable of a `for await`. `cell` is undefined inside functions. */
  each(cell: number | undefined, iterable: unknown): AsyncIterable<unknown>;
}

/**
 * Rewrites a cell, which is a module to TypeScript, into statements of a script: imports and exports, `import.meta`,
 * `await` (so that an interrupt can reach it) and the last expression, whose value is the cell's result.
 */
export function moduleToCell(ts: TypeScript, cell: number): ts.TransformerFactory<ts.SourceFile> {
  return (context) => (file) => new Rewriter(ts, context, cell).file(file);
}

class Rewriter {
  readonly #ts: TypeScript;
  readonly #f: ts.NodeFactory;
  readonly #context: ts.TransformationContext;
  readonly #cell: number;
  #depth = 0;

  constructor(ts: TypeScript, context: ts.TransformationContext, cell: number) {
    this.#ts = ts;
    this.#f = context.factory;
    this.#context = context;
    this.#cell = cell;
  }

  file(file: ts.SourceFile): ts.SourceFile {
    const imports: ts.Statement[] = [];
    const others: ts.Statement[] = [];
    const last = file.statements.at(-1);
    for (const statement of file.statements) {
      // Imports are evaluated before everything else, as in a module.
      if (this.#ts.isImportDeclaration(statement)) imports.push(...this.#importDeclaration(statement));
      else others.push(...this.#statement(statement, statement === last));
    }
    return this.#f.updateSourceFile(file, [...imports, ...others]);
  }

  #statement(node: ts.Statement, isLast: boolean): readonly ts.Statement[] {
    const ts = this.#ts;
    if (ts.isExpressionStatement(node) && isLast) return [this.#result(node, node.expression)];
    if (ts.isExportAssignment(node)) return [this.#result(node, node.expression)];
    if (ts.isExportDeclaration(node)) return this.#exportDeclaration(node);
    if (ts.isImportEqualsDeclaration(node) && ts.isExternalModuleReference(node.moduleReference)) return this.#importEquals(node, node.moduleReference);
    return [this.#visit(node) as ts.Statement];
  }

  #result(node: ts.Statement, expression: ts.Expression): ts.Statement {
    const target = this.#f.createPropertyAccessExpression(this.#f.createIdentifier(runtimeName), "result");
    const value = this.#ts.visitNode(expression, this.#visit) as ts.Expression;
    return this.#at(node, this.#f.createExpressionStatement(this.#f.createAssignment(target, value)));
  }

  #importDeclaration(node: ts.ImportDeclaration): readonly ts.Statement[] {
    const ts = this.#ts;
    const clause = node.importClause;
    if (clause?.isTypeOnly) return [];
    const source = [node.moduleSpecifier, ...this.#attributes(node)];
    if (clause === undefined) return [this.#at(node, this.#f.createExpressionStatement(this.#await(this.#call("import", source))))];
    const bindings = clause.namedBindings;
    if (bindings && ts.isNamespaceImport(bindings)) {
      const namespace = [this.#declare(bindings.name, this.#await(this.#call("import", source)))];
      const property = (name: ts.Identifier) => this.#declare(name, this.#f.createPropertyAccessExpression(bindings.name, "default"));
      return [this.#constants(node, clause.name ? [...namespace, property(clause.name)] : namespace)];
    }
    const specifiers = bindings ? bindings.elements.filter((element) => !element.isTypeOnly) : [];
    const names = specifiers.map((element) => (element.propertyName ?? element.name).text);
    const elements = specifiers.map((element, index) => this.#f.createBindingElement(undefined, this.#f.createStringLiteral(names[index]), element.name));
    if (clause.name) elements.unshift(this.#f.createBindingElement(undefined, "default", clause.name));
    const list = this.#f.createArrayLiteralExpression(names.map((name) => this.#f.createStringLiteral(name)));
    const value = this.#await(this.#call("named", [list, ...source]));
    return [this.#constants(node, [this.#declare(this.#f.createObjectBindingPattern(elements), value)])];
  }

  #attributes(node: ts.ImportDeclaration | ts.ExportDeclaration): readonly ts.Expression[] {
    const attributes = node.attributes?.elements ?? [];
    if (attributes.length === 0) return [];
    const entries = attributes.map((each) => this.#f.createPropertyAssignment(each.name, each.value));
    return [this.#f.createObjectLiteralExpression([this.#f.createPropertyAssignment("with", this.#f.createObjectLiteralExpression(entries))])];
  }

  #exportDeclaration(node: ts.ExportDeclaration): readonly ts.Statement[] {
    if (node.isTypeOnly || node.moduleSpecifier === undefined) return [];
    const source = [node.moduleSpecifier, ...this.#attributes(node)];
    return [this.#at(node, this.#f.createExpressionStatement(this.#await(this.#call("import", source))))];
  }

  #importEquals(node: ts.ImportEqualsDeclaration, reference: ts.ExternalModuleReference): readonly ts.Statement[] {
    if (node.isTypeOnly) return [];
    const call = this.#f.createCallExpression(this.#f.createIdentifier("require"), undefined, [reference.expression]);
    return [this.#constants(node, [this.#declare(node.name, call)])];
  }

  readonly #visit = (node: ts.Node): ts.Node => {
    const ts = this.#ts;
    if (ts.isFunctionLike(node) || ts.isClassStaticBlockDeclaration(node)) return this.#inFunction(node);
    const visited = ts.visitEachChild(node, this.#visit, this.#context);
    if (ts.isAwaitExpression(visited)) return this.#f.updateAwaitExpression(visited, this.#guard(visited.expression));
    if (ts.isForOfStatement(visited) && visited.awaitModifier) return this.#forAwait(visited);
    if (ts.isCallExpression(visited) && visited.expression.kind === ts.SyntaxKind.ImportKeyword) return this.#at(node, this.#call("import", visited.arguments));
    if (ts.isMetaProperty(visited) && visited.keywordToken === ts.SyntaxKind.ImportKeyword) return this.#at(node, this.#runtime("meta"));
    return visited;
  };

  #inFunction(node: ts.Node): ts.Node {
    this.#depth++;
    const visited = this.#ts.visitEachChild(node, this.#visit, this.#context);
    this.#depth--;
    return visited;
  }

  #forAwait(node: ts.ForOfStatement): ts.Node {
    const cell = this.#depth === 0 ? this.#f.createNumericLiteral(this.#cell) : this.#f.createVoidZero();
    const iterable = this.#at(node.expression, this.#call("each", [cell, node.expression]));
    return this.#f.updateForOfStatement(node, node.awaitModifier, node.initializer, iterable, node.statement);
  }

  #await(expression: ts.Expression): ts.Expression {
    return this.#f.createAwaitExpression(this.#guard(expression));
  }

  #guard(expression: ts.Expression): ts.Expression {
    if (this.#depth > 0) return this.#at(expression, this.#call("inner", [expression]));
    return this.#at(expression, this.#call("top", [this.#f.createNumericLiteral(this.#cell), expression]));
  }

  #runtime(member: keyof CellRuntime): ts.Expression {
    return this.#f.createPropertyAccessExpression(this.#f.createIdentifier(runtimeName), member);
  }

  #call(method: keyof CellRuntime, args: readonly ts.Expression[]): ts.Expression {
    return this.#f.createCallExpression(this.#runtime(method), undefined, args);
  }

  #declare(name: ts.BindingName, value: ts.Expression): ts.VariableDeclaration {
    return this.#f.createVariableDeclaration(name, undefined, undefined, value);
  }

  #constants(node: ts.Node, declarations: readonly ts.VariableDeclaration[]): ts.Statement {
    const list = this.#f.createVariableDeclarationList(declarations, this.#ts.NodeFlags.Const);
    return this.#at(node, this.#f.createVariableStatement(undefined, list));
  }

  /** Gives a made node the source position of the one it stands for. */
  #at<T extends ts.Node>(node: ts.Node, made: T): T {
    return this.#ts.setSourceMapRange(this.#ts.setTextRange(made, node), node);
  }
}
