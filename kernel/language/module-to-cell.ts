import type ts from "typescript";
import { declaredNames, importedNames, valueNames } from "./cell-names.ts";
import type { CellNames } from "./cell-names.ts";
import { runtimeName } from "./cell-runtime.ts";
import type { CellRuntime } from "./cell-runtime.ts";
import { ConstantGuard } from "./constant-guard.ts";
import { ImportRewriter } from "./import-rewriter.ts";
import type { TypeScript } from "./typescript.ts";

/** How a cell is rewritten. */
export interface RewriteOptions {
  readonly cell: number;
  /** Whether functions must say after each wait for which cell they run; see {@link CellContext.needsHelp}. */
  readonly carriesContext: boolean;
  /** Constants of earlier cells. */
  readonly constants: ReadonlySet<string>;
  /** Imported names that follow a module's variable. */
  readonly live: ReadonlySet<string>;
  /** Is told what the cell declares and assigns. */
  readonly report: (names: CellNames) => void;
}

/**
 * Rewrites a cell, which is a module to TypeScript, into statements of a script: imports and exports, `import.meta`,
 * `await` (so that an interrupt can reach it) and the last expression, whose value is the cell's result.
 */
export function moduleToCell(ts: TypeScript, options: RewriteOptions): ts.TransformerFactory<ts.SourceFile> {
  return (context) => (file) => new Rewriter(ts, context, options).file(file);
}

/** The variable in which an asynchronous function keeps the cell for which it runs. */
const cellVariable = `${runtimeName}Cell`;

/** Methods whose callbacks run later; functions written in their calls keep the cell. */
const callbackTakers: ReadonlySet<string> = new Set([
  "then", "catch", "finally", "on", "once", "addListener", "prependListener", "addEventListener", "subscribe",
]);

/** A function around the code that is being rewritten, or the top level. */
interface Scope {
  readonly kind: "top" | "block" | "expression";
  waits: number;
}

class Rewriter {
  readonly #ts: TypeScript;
  readonly #f: ts.NodeFactory;
  readonly #context: ts.TransformationContext;
  readonly #cell: number;
  readonly #options: RewriteOptions;
  readonly #carries: boolean;
  #imports!: ImportRewriter;
  #guard!: ConstantGuard;
  #scope: Scope = { kind: "top", waits: 0 };

  constructor(ts: TypeScript, context: ts.TransformationContext, options: RewriteOptions) {
    this.#ts = ts;
    this.#f = context.factory;
    this.#context = context;
    this.#options = options;
    this.#cell = options.cell;
    this.#carries = options.carriesContext;
  }

  file(file: ts.SourceFile): ts.SourceFile {
    const ts = this.#ts;
    const { constants, variables } = declaredNames(ts, file);
    const imports = file.statements.filter((statement) => ts.isImportDeclaration(statement));
    const imported = imports.flatMap((each) => importedNames(ts, each));
    const values = imported.length > 0 ? valueNames(ts, file) : new Set<string>();
    this.#imports = new ImportRewriter(ts, this.#f, { call: this.#call, waitFor: this.#await, values, live: this.#options.live });
    const earlier = [...this.#options.constants].filter((name) => !variables.has(name));
    this.#guard = new ConstantGuard(ts, this.#f, { call: this.#call, constants: new Set([...constants, ...earlier]), variables });
    // Imports are evaluated before everything else, as in a module.
    const body = imports.flatMap((each) => this.#imports.importDeclaration(each));
    const last = file.statements.at(-1);
    for (const statement of file.statements) {
      if (!ts.isImportDeclaration(statement)) body.push(...this.#statement(statement, statement === last));
    }
    this.#options.report({ constants: [...constants], variables: [...variables], assigned: [...this.#guard.assigned], imports: imported, live: [...this.#options.live] });
    return this.#f.updateSourceFile(file, body);
  }

  #statement(node: ts.Statement, isLast: boolean): readonly ts.Statement[] {
    const ts = this.#ts;
    if (ts.isExpressionStatement(node) && isLast) return [this.#result(node, node.expression)];
    if (ts.isExportAssignment(node)) return [this.#result(node, node.expression)];
    if (ts.isExportDeclaration(node)) return this.#imports.exportDeclaration(node);
    if (ts.isImportEqualsDeclaration(node) && ts.isExternalModuleReference(node.moduleReference)) return this.#imports.importEquals(node, node.moduleReference);
    return this.#many(this.#visit(node));
  }

  #many(visited: ts.VisitResult<ts.Node | undefined>): readonly ts.Statement[] {
    return (Array.isArray(visited) ? visited : [visited]) as ts.Statement[];
  }

  #isComma(node: ts.Expression): boolean {
    return this.#ts.isBinaryExpression(node) && node.operatorToken.kind === this.#ts.SyntaxKind.CommaToken;
  }

  #id(): ts.Expression {
    return this.#f.createNumericLiteral(this.#cell);
  }

  #result(node: ts.Statement, expression: ts.Expression): ts.Statement {
    const value = this.#ts.visitNode(expression, this.#visit) as ts.Expression;
    const parts = this.#ts.isCommaListExpression(value) || this.#isComma(value) ? this.#f.createParenthesizedExpression(value) : value;
    return this.#at(node, this.#f.createExpressionStatement(this.#call("result", [this.#id(), parts])));
  }

  readonly #visit = (node: ts.Node): ts.VisitResult<ts.Node> => {
    const ts = this.#ts;
    if (ts.isFunctionLike(node) || ts.isClassStaticBlockDeclaration(node)) return this.#inFunction(node);
    if (ts.isTryStatement(node)) return this.#tryStatement(node);
    if (ts.isLabeledStatement(node)) return this.#labelled(node);
    const guarded = this.#guard.rewrite(node, this.#visit);
    if (guarded !== undefined) return ts.isForOfStatement(guarded) || ts.isForInStatement(guarded) ? this.#visit(guarded) : guarded;
    if (ts.isForOfStatement(node) && node.awaitModifier) return [this.#forAwait(node), ...this.#goOn()];
    const visited = ts.visitEachChild(node, this.#visit, this.#context);
    if (ts.isAwaitExpression(visited)) return this.#at(node, this.#waited(this.#f.updateAwaitExpression(visited, this.#guarded(visited.expression))));
    if (ts.isCallExpression(visited)) return this.#callExpression(visited);
    if (ts.isMetaProperty(visited) && visited.keywordToken === ts.SyntaxKind.ImportKeyword) return this.#at(node, this.#runtime("meta"));
    return visited;
  };

  #callExpression(node: ts.CallExpression): ts.Node {
    const ts = this.#ts;
    const { expression } = node;
    if (expression.kind === ts.SyntaxKind.ImportKeyword) return this.#at(node, this.#call("import", node.arguments));
    if (!this.#carries || !ts.isPropertyAccessExpression(expression) || !callbackTakers.has(expression.name.text)) return node;
    const bind = (argument: ts.Expression) => (ts.isArrowFunction(argument) || ts.isFunctionExpression(argument) ? this.#at(argument, this.#call("bind", [argument])) : argument);
    const args = node.arguments.map(bind);
    return ts.isCallChain(node)
      ? this.#f.updateCallChain(node, expression, node.questionDotToken, node.typeArguments, args)
      : this.#f.updateCallExpression(node, expression, node.typeArguments, args);
  }

  #inFunction(node: ts.Node): ts.Node {
    const outer = this.#scope;
    const body = (node as ts.FunctionLikeDeclaration).body;
    this.#scope = { kind: body !== undefined && !this.#ts.isBlock(body) ? "expression" : "block", waits: 0 };
    const visited = this.#ts.visitEachChild(node, this.#visit, this.#context);
    const { kind, waits } = this.#scope;
    this.#scope = outer;
    return this.#carries && kind === "block" && waits > 0 ? this.#remembering(visited as ts.FunctionLikeDeclaration) : visited;
  }

  /** The function with its cell in a variable, which holds after every wait. */
  #remembering(node: ts.FunctionLikeDeclaration): ts.Node {
    const declaration = this.#f.createVariableDeclaration(cellVariable, undefined, undefined, this.#call("cell", []));
    const list = this.#f.createVariableDeclarationList([declaration], this.#ts.NodeFlags.Const);
    const remember = this.#at(node, this.#f.createVariableStatement(undefined, list));
    const insert = (child: ts.Node): ts.Node => {
      if (child !== node.body) return child;
      const block = child as ts.Block;
      const directives = block.statements.findIndex((statement) => !this.#isDirective(statement));
      const at = directives < 0 ? block.statements.length : directives;
      return this.#f.updateBlock(block, [...block.statements.slice(0, at), remember, ...block.statements.slice(at)]);
    };
    return this.#ts.visitEachChild(node, insert, undefined);
  }

  #isDirective(node: ts.Statement): boolean {
    return this.#ts.isExpressionStatement(node) && this.#ts.isStringLiteral(node.expression);
  }

  #forAwait(node: ts.ForOfStatement): ts.ForOfStatement {
    const ts = this.#ts;
    const cell = this.#scope.kind === "top" ? this.#id() : this.#f.createVoidZero();
    this.#scope.waits++;
    const expression = ts.visitNode(node.expression, this.#visit) as ts.Expression;
    const iterable = this.#at(node.expression, this.#call("each", [cell, expression]));
    const body = this.#block(ts.visitNode(node.statement, this.#visit, ts.isStatement, (nodes) => this.#f.createBlock(nodes as readonly ts.Statement[])));
    const initializer = ts.visitNode(node.initializer, this.#visit) as ts.ForInitializer;
    return this.#f.updateForOfStatement(node, node.awaitModifier, initializer, iterable, this.#startingAgain(body));
  }

  /** Labels stay on their loop, whose `continue` needs them. */
  #labelled(node: ts.LabeledStatement): ts.VisitResult<ts.Node> {
    const ts = this.#ts;
    const inner = node.statement;
    if (ts.isForOfStatement(inner) && inner.awaitModifier) return [this.#f.updateLabeledStatement(node, node.label, this.#forAwait(inner)), ...this.#goOn()];
    if (!ts.isLabeledStatement(inner)) return ts.visitEachChild(node, this.#visit, this.#context);
    const [labelled, ...after] = this.#many(this.#labelled(inner));
    return [this.#f.updateLabeledStatement(node, node.label, labelled), ...after];
  }

  /** A rejected `await` goes on in `catch` or `finally`. */
  #tryStatement(node: ts.TryStatement): ts.Node {
    const ts = this.#ts;
    const before = this.#scope.waits;
    const tried = ts.visitNode(node.tryBlock, this.#visit, ts.isBlock);
    const caught = ts.visitNode(node.catchClause, this.#visit, ts.isCatchClause);
    const last = ts.visitNode(node.finallyBlock, this.#visit, ts.isBlock);
    if (this.#scope.waits === before) return this.#f.updateTryStatement(node, tried, caught, last);
    const clause = caught && this.#f.updateCatchClause(caught, caught.variableDeclaration, this.#startingAgain(caught.block));
    return this.#f.updateTryStatement(node, tried, clause, last && this.#startingAgain(last));
  }

  #block(statement: ts.Statement): ts.Block {
    return this.#ts.isBlock(statement) ? statement : this.#f.createBlock([statement]);
  }

  #startingAgain(block: ts.Block): ts.Block {
    return this.#f.updateBlock(block, [...this.#goOn(), ...block.statements]);
  }

  /** The statement that says for whom the code goes on. */
  #goOn(): readonly ts.Statement[] {
    const call = this.#resumed([]);
    return call === undefined ? [] : [this.#f.createExpressionStatement(call)];
  }

  #waited(wait: ts.Expression): ts.Expression {
    this.#scope.waits++;
    return this.#resumed([wait]) ?? wait;
  }

  #resumed(value: readonly ts.Expression[]): ts.Expression | undefined {
    if (this.#scope.kind === "top") return this.#call("woke", [this.#id(), ...value]);
    if (!this.#carries) return undefined;
    const cell = this.#scope.kind === "block" ? this.#f.createIdentifier(cellVariable) : this.#call("cell", []);
    return this.#call("back", [cell, ...value]);
  }

  readonly #await = (expression: ts.Expression): ts.Expression => this.#waited(this.#f.createAwaitExpression(this.#guarded(expression)));

  #guarded(expression: ts.Expression): ts.Expression {
    if (this.#scope.kind !== "top") return this.#at(expression, this.#call("inner", [expression]));
    return this.#at(expression, this.#call("top", [this.#id(), expression]));
  }

  #runtime(member: keyof CellRuntime): ts.Expression {
    return this.#f.createPropertyAccessExpression(this.#f.createIdentifier(runtimeName), member);
  }

  readonly #call = (method: keyof CellRuntime, args: readonly ts.Expression[]): ts.Expression =>
    this.#f.createCallExpression(this.#runtime(method), undefined, args);

  /** Gives a made node the source position of the one it stands for. */
  #at<T extends ts.Node>(node: ts.Node, made: T): T {
    return this.#ts.setSourceMapRange(this.#ts.setTextRange(made, node), node);
  }
}
