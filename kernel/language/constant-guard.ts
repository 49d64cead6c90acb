import type ts from "typescript";
import { isLocal } from "./enclosing-scopes.ts";
import type { CellRuntime } from "./cell-runtime.ts";
import type { TypeScript } from "./typescript.ts";

/** How a call to the cell's runtime is written. */
type Call = (method: keyof CellRuntime, args: readonly ts.Expression[]) => ts.Expression;

/**
 * Makes assignments to constants throw at run time, as they do in a module: every top-level name of a cell becomes a
 * `let` so that it can be declared again (see relax-bindings.ts), and V8 does not know any more which were constant.
 */
export class ConstantGuard {
  /** Names of earlier cells that this cell assigns. */
  readonly assigned = new Set<string>();
  readonly #ts: TypeScript;
  readonly #f: ts.NodeFactory;
  readonly #call: Call;
  readonly #constants: ReadonlySet<string>;
  readonly #variables: ReadonlySet<string>;

  /**
   * @param constants names that must not be assigned
   * @param variables names that this cell declares and that may be assigned
   */
  constructor(ts: TypeScript, factory: ts.NodeFactory, { call, constants, variables }: { call: Call; constants: ReadonlySet<string>; variables: ReadonlySet<string> }) {
    this.#ts = ts;
    this.#f = factory;
    this.#call = call;
    this.#constants = constants;
    this.#variables = variables;
  }

  /** What stands for an assignment to constants; undefined for every other node. `visit` rewrites what is within. */
  rewrite(node: ts.Node, visit: ts.Visitor): ts.Node | undefined {
    const ts = this.#ts;
    if (ts.isBinaryExpression(node) && isAssignment(ts, node.operatorToken.kind)) return this.#assignment(node, visit);
    if (ts.isPrefixUnaryExpression(node) || ts.isPostfixUnaryExpression(node)) return this.#step(node);
    if ((ts.isForOfStatement(node) || ts.isForInStatement(node)) && !ts.isVariableDeclarationList(node.initializer)) return this.#loop(node);
    return undefined;
  }

  #assignment(node: ts.BinaryExpression, visit: ts.Visitor): ts.Node | undefined {
    const ts = this.#ts;
    const name = this.#name(node.left);
    if (name !== undefined) {
      if (!this.#guards(name)) return undefined;
      const value = ts.visitNode(node.right, visit) as ts.Expression;
      return this.#at(node, this.#f.updateBinaryExpression(node, this.#f.createIdentifier(name.text), node.operatorToken, this.#checked(name, value)));
    }
    if (!ts.isArrayLiteralExpression(node.left) && !ts.isObjectLiteralExpression(node.left)) return undefined;
    const target = this.#target(node.left);
    if (target === node.left) return undefined;
    const visited = ts.visitNode(target, visit) as ts.Expression;
    return this.#at(node, this.#f.updateBinaryExpression(node, visited, node.operatorToken, ts.visitNode(node.right, visit) as ts.Expression));
  }

  /** `name++` and its kin. */
  #step(node: ts.PrefixUnaryExpression | ts.PostfixUnaryExpression): ts.Node | undefined {
    const { PlusPlusToken, MinusMinusToken } = this.#ts.SyntaxKind;
    const name = node.operator === PlusPlusToken || node.operator === MinusMinusToken ? this.#name(node.operand) : undefined;
    if (name === undefined || !this.#guards(name)) return undefined;
    return this.#at(node, this.#f.createParenthesizedExpression(this.#f.createComma(this.#checked(name, name), node)));
  }

  #loop(node: ts.ForOfStatement | ts.ForInStatement): ts.Node | undefined {
    const initializer = this.#target(node.initializer as ts.Expression);
    if (initializer === node.initializer) return undefined;
    return this.#ts.isForOfStatement(node)
      ? this.#f.updateForOfStatement(node, node.awaitModifier, initializer, node.expression, node.statement)
      : this.#f.updateForInStatement(node, initializer, node.expression, node.statement);
  }

  /** A target of destructuring, with setters that throw in place of constants. */
  #target(node: ts.Expression): ts.Expression {
    const ts = this.#ts;
    const name = this.#name(node);
    if (name !== undefined) return this.#guards(name) ? this.#setter(name) : node;
    if (ts.isBinaryExpression(node)) return this.#same(node.left, this.#target(node.left), (left) => this.#f.updateBinaryExpression(node, left, node.operatorToken, node.right)) ?? node;
    if (ts.isSpreadElement(node)) return this.#same(node.expression, this.#target(node.expression), (inner) => this.#f.updateSpreadElement(node, inner)) ?? node;
    if (ts.isArrayLiteralExpression(node)) return this.#f.updateArrayLiteralExpression(node, this.#map(node.elements, (each) => this.#target(each)));
    if (ts.isObjectLiteralExpression(node)) return this.#f.updateObjectLiteralExpression(node, this.#map(node.properties, (each) => this.#property(each)));
    return node;
  }

  #property(node: ts.ObjectLiteralElementLike): ts.ObjectLiteralElementLike {
    const ts = this.#ts;
    if (ts.isPropertyAssignment(node)) return this.#f.updatePropertyAssignment(node, node.name, this.#target(node.initializer));
    if (ts.isSpreadAssignment(node)) return this.#f.updateSpreadAssignment(node, this.#target(node.expression));
    if (!ts.isShorthandPropertyAssignment(node) || !this.#guards(node.name)) return node;
    const setter = this.#setter(node.name);
    const value = node.objectAssignmentInitializer ? this.#f.createAssignment(setter, node.objectAssignmentInitializer) : setter;
    return this.#f.createPropertyAssignment(node.name.text, value);
  }

  #same(before: ts.Expression, after: ts.Expression, make: (changed: ts.Expression) => ts.Expression): ts.Expression | undefined {
    return before === after ? undefined : make(after);
  }

  /** The list itself when nothing in it changed. */
  #map<T extends ts.Node>(list: ts.NodeArray<T>, change: (each: T) => T): ts.NodeArray<T> {
    const changed = list.map(change);
    return changed.every((each, index) => each === list[index]) ? list : this.#f.createNodeArray(changed);
  }

  #setter(name: ts.Identifier): ts.Expression {
    const value = this.#f.createIdentifier("value");
    const parameter = this.#f.createParameterDeclaration(undefined, undefined, value);
    const body = this.#f.createAssignment(this.#f.createIdentifier(name.text), value);
    const assign = this.#f.createArrowFunction(undefined, undefined, [parameter], undefined, undefined, body);
    return this.#f.createPropertyAccessExpression(this.#at(name, this.#call("target", [this.#f.createStringLiteral(name.text), assign])), "value");
  }

  #checked(name: ts.Identifier, value: ts.Expression): ts.Expression {
    return this.#at(name, this.#call("constant", [this.#f.createStringLiteral(name.text), value]));
  }

  /** The name that an assignment's left side is, however it is dressed up. */
  #name(node: ts.Expression): ts.Identifier | undefined {
    const ts = this.#ts;
    const isDress = ts.isParenthesizedExpression(node) || ts.isAsExpression(node) || ts.isNonNullExpression(node) || ts.isTypeAssertionExpression(node) || ts.isSatisfiesExpression(node);
    if (isDress) return this.#name(node.expression);
    return ts.isIdentifier(node) ? node : undefined;
  }

  #guards(name: ts.Identifier): boolean {
    if (isLocal(this.#ts, name)) return false;
    if (!this.#constants.has(name.text) && !this.#variables.has(name.text)) this.assigned.add(name.text);
    return this.#constants.has(name.text);
  }

  #at<T extends ts.Node>(node: ts.Node, made: T): T {
    return this.#ts.setSourceMapRange(this.#ts.setTextRange(made, node), node);
  }
}

function isAssignment(ts: TypeScript, kind: ts.SyntaxKind): boolean {
  return kind >= ts.SyntaxKind.FirstAssignment && kind <= ts.SyntaxKind.LastAssignment;
}
