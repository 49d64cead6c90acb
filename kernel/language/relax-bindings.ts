import type ts from "typescript";
import type { TypeScript } from "./typescript.ts";

/**
 * Makes every top-level declaration of a compiled cell re-declarable by later cells, whatever its kind.
 *
 * V8's REPL mode lets `let` replace `let`, but not `let` replace `const`, `var` or a function. So every top-level name
 * becomes a `let`: functions (hoisted, anonymous so that recursion sees a later redefinition), classes, constants,
 * enums, and each `var` wherever it stands in a block.
 */
export function relaxBindings(ts: TypeScript): ts.TransformerFactory<ts.SourceFile> {
  return (context) => (file) => new Relaxer(ts, context).file(file);
}

class Relaxer {
  readonly #ts: TypeScript;
  readonly #f: ts.NodeFactory;
  readonly #context: ts.TransformationContext;
  /** Names of `var` declarations; those that TypeScript made up have their text only when they are printed. */
  readonly #vars = new Map<string | ts.Identifier, ts.Identifier>();
  readonly #functions = new Map<string, ts.Statement>();

  constructor(ts: TypeScript, context: ts.TransformationContext) {
    this.#ts = ts;
    this.#f = context.factory;
    this.#context = context;
  }

  file(file: ts.SourceFile): ts.SourceFile {
    const body = file.statements.flatMap((statement) => this.#statement(statement));
    for (const name of this.#functions.keys()) this.#vars.delete(name);
    const strict = this.#f.createExpressionStatement(this.#f.createStringLiteral("use strict"));
    const vars = [...this.#vars.values()].map((name) => this.#let(name, undefined));
    // The script's own completion value is always undefined: the result travels through the runtime object.
    const end = this.#f.createExpressionStatement(this.#f.createVoidZero());
    return this.#f.updateSourceFile(file, [strict, ...vars, ...this.#functions.values(), ...body, end]);
  }

  #statement(node: ts.Statement): readonly ts.Statement[] {
    const ts = this.#ts;
    if (ts.isExportDeclaration(node) || ts.isExportAssignment(node)) return [];
    if (ts.isFunctionDeclaration(node)) return this.#functionDeclaration(node);
    if (ts.isClassDeclaration(node)) return [this.#classDeclaration(node)];
    if (ts.isVariableStatement(node)) {
      if (node.declarationList.flags & ts.NodeFlags.BlockScoped) return [this.#lexical(node)];
      return [this.#visit(this.#f.updateVariableStatement(node, [], node.declarationList)) as ts.Statement];
    }
    return [this.#visit(node) as ts.Statement];
  }

  #lexical(node: ts.VariableStatement): ts.Statement {
    const list = this.#f.createVariableDeclarationList(node.declarationList.declarations, this.#ts.NodeFlags.Let);
    return this.#at(node, this.#f.createVariableStatement(undefined, list));
  }

  #functionDeclaration(node: ts.FunctionDeclaration): readonly ts.Statement[] {
    if (node.name === undefined || node.body === undefined) return [];
    const modifiers = node.modifiers?.filter((modifier) => modifier.kind === this.#ts.SyntaxKind.AsyncKeyword) as ts.Modifier[] | undefined;
    const value = this.#f.createFunctionExpression(modifiers, node.asteriskToken, undefined, undefined, node.parameters, undefined, node.body);
    this.#functions.set(node.name.text, this.#at(node, this.#let(node.name, this.#at(node, value))));
    return [];
  }

  #classDeclaration(node: ts.ClassDeclaration): ts.Statement {
    const value = this.#at(node, this.#f.createClassExpression(undefined, node.name, undefined, node.heritageClauses, node.members));
    return this.#at(node, node.name ? this.#let(node.name, value) : this.#f.createExpressionStatement(this.#f.createParenthesizedExpression(value)));
  }

  /** Turns `var` declarations outside functions into assignments to names declared at the top. */
  readonly #visit = (node: ts.Node): ts.Node => {
    const ts = this.#ts;
    if (ts.isFunctionLike(node) || ts.isClassLike(node)) return node;
    if (ts.isVariableStatement(node) && this.#isVar(node.declarationList)) {
      const value = this.#assignments(node.declarationList);
      return this.#at(node, value ? this.#f.createExpressionStatement(value) : this.#f.createEmptyStatement());
    }
    if ((ts.isForInStatement(node) || ts.isForOfStatement(node)) && ts.isVariableDeclarationList(node.initializer) && this.#isVar(node.initializer)) {
      return ts.visitEachChild(this.#loopOver(node, this.#target(node.initializer.declarations[0].name)), this.#visit, this.#context);
    }
    if (ts.isForStatement(node) && node.initializer && ts.isVariableDeclarationList(node.initializer) && this.#isVar(node.initializer)) {
      const loop = this.#f.updateForStatement(node, this.#assignments(node.initializer), node.condition, node.incrementor, node.statement);
      return ts.visitEachChild(loop, this.#visit, this.#context);
    }
    return ts.visitEachChild(node, this.#visit, this.#context);
  };

  #loopOver(node: ts.ForInStatement | ts.ForOfStatement, target: ts.Expression): ts.Node {
    if (this.#ts.isForInStatement(node)) return this.#f.updateForInStatement(node, target, node.expression, node.statement);
    return this.#f.updateForOfStatement(node, node.awaitModifier, target, node.expression, node.statement);
  }

  #isVar(list: ts.VariableDeclarationList): boolean {
    return (list.flags & this.#ts.NodeFlags.BlockScoped) === 0;
  }

  #assignments(list: ts.VariableDeclarationList): ts.Expression | undefined {
    const values: ts.Expression[] = [];
    for (const declaration of list.declarations) {
      const target = this.#target(declaration.name);
      if (declaration.initializer) values.push(this.#at(declaration, this.#f.createAssignment(target, declaration.initializer)));
    }
    return values.length > 0 ? values.reduce((left, right) => this.#f.createComma(left, right)) : undefined;
  }

  /** A declared name or pattern as the target of an assignment; its names are declared at the top of the cell. */
  #target(name: ts.BindingName): ts.Expression {
    const ts = this.#ts;
    if (ts.isIdentifier(name)) {
      const isMadeUp = (name as { emitNode?: { autoGenerate?: unknown } }).emitNode?.autoGenerate !== undefined;
      this.#vars.set(isMadeUp ? name : name.text, isMadeUp ? name : this.#f.createIdentifier(name.text));
      return name;
    }
    if (ts.isArrayBindingPattern(name)) {
      return this.#f.createArrayLiteralExpression(name.elements.map((element) => (ts.isOmittedExpression(element) ? element : this.#element(element))));
    }
    return this.#f.createObjectLiteralExpression(name.elements.map((element) => this.#property(element)));
  }

  #element(element: ts.BindingElement): ts.Expression {
    const target = this.#target(element.name);
    if (element.dotDotDotToken) return this.#f.createSpreadElement(target);
    return element.initializer ? this.#f.createAssignment(target, element.initializer) : target;
  }

  #property(element: ts.BindingElement): ts.ObjectLiteralElementLike {
    const target = this.#target(element.name);
    if (element.dotDotDotToken) return this.#f.createSpreadAssignment(target);
    const value = element.initializer ? this.#f.createAssignment(target, element.initializer) : target;
    return this.#f.createPropertyAssignment(element.propertyName ?? (element.name as ts.Identifier).text, value);
  }

  #let(name: ts.Identifier, value: ts.Expression | undefined): ts.Statement {
    const declaration = this.#f.createVariableDeclaration(name, undefined, undefined, value);
    return this.#f.createVariableStatement(undefined, this.#f.createVariableDeclarationList([declaration], this.#ts.NodeFlags.Let));
  }

  #at<T extends ts.Node>(node: ts.Node, made: T): T {
    return this.#ts.setSourceMapRange(this.#ts.setTextRange(made, node), node);
  }
}
