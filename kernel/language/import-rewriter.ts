import type ts from "typescript";
import { importedNames } from "./cell-names.ts";
import type { ImportedName } from "./cell-names.ts";
import type { CellRuntime } from "./cell-runtime.ts";
import type { TypeScript } from "./typescript.ts";

/** What {@link ImportRewriter} needs to know of the cell around. */
export interface ImportParts {
  readonly call: (method: keyof CellRuntime, args: readonly ts.Expression[]) => ts.Expression;
  /** An `await` at the top level that an interrupt can reach. */
  readonly waitFor: (expression: ts.Expression) => ts.Expression;
  /** Names that the cell uses as values: imports of others may be types. */
  readonly values: ReadonlySet<string>;
  /** Imported names that follow a module's variable. */
  readonly live: ReadonlySet<string>;
}

/** Rewrites a cell's static imports, and its exports from elsewhere, to awaited calls of the cell's runtime. */
export class ImportRewriter {
  readonly #ts: TypeScript;
  readonly #f: ts.NodeFactory;
  readonly #parts: ImportParts;

  constructor(ts: TypeScript, factory: ts.NodeFactory, parts: ImportParts) {
    this.#ts = ts;
    this.#f = factory;
    this.#parts = parts;
  }

  importDeclaration(node: ts.ImportDeclaration): readonly ts.Statement[] {
    const ts = this.#ts;
    const clause = node.importClause;
    if (clause?.isTypeOnly) return [];
    const source = [node.moduleSpecifier, ...this.#attributes(node)];
    if (clause === undefined) return [this.#at(node, this.#f.createExpressionStatement(this.#parts.waitFor(this.#parts.call("import", source))))];
    const bindings = clause.namedBindings;
    if (bindings && ts.isNamespaceImport(bindings)) {
      const namespace = [this.#declare(bindings.name, this.#parts.waitFor(this.#parts.call("import", source)))];
      const property = (name: ts.Identifier) => this.#declare(name, this.#f.createPropertyAccessExpression(bindings.name, "default"));
      return [this.#constants(node, clause.name ? [...namespace, property(clause.name)] : namespace)];
    }
    const names = importedNames(ts, node);
    const live = names.filter(({ local }) => this.#parts.live.has(local));
    const fixed = names.filter((name) => !live.includes(name));
    const elements = fixed.map(({ exported, local }) => this.#f.createBindingElement(undefined, this.#f.createStringLiteral(exported), local));
    const declared = this.#constants(node, [this.#declare(this.#f.createObjectBindingPattern(elements), this.#named(fixed, source))]);
    return live.length === 0 ? [declared] : [declared, this.#live(node, live, source)];
  }

  #named(names: readonly ImportedName[], source: readonly ts.Expression[]): ts.Expression {
    const list = (isNeeded: boolean) => this.#f.createArrayLiteralExpression(
      names.filter(({ local }) => this.#parts.values.has(local) === isNeeded).map(({ exported }) => this.#f.createStringLiteral(exported)));
    return this.#parts.waitFor(this.#parts.call("named", [list(true), list(false), ...source]));
  }

  #live(node: ts.Node, names: readonly ImportedName[], source: readonly ts.Expression[]): ts.Statement {
    const entries = names.map(({ local, exported }) => this.#f.createPropertyAssignment(local, this.#f.createStringLiteral(exported)));
    return this.#at(node, this.#f.createExpressionStatement(this.#parts.call("live", [this.#f.createObjectLiteralExpression(entries), this.#named(names, source)])));
  }

  #attributes(node: ts.ImportDeclaration | ts.ExportDeclaration): readonly ts.Expression[] {
    const attributes = node.attributes?.elements ?? [];
    if (attributes.length === 0) return [];
    const entries = attributes.map((each) => this.#f.createPropertyAssignment(each.name, each.value));
    return [this.#f.createObjectLiteralExpression([this.#f.createPropertyAssignment("with", this.#f.createObjectLiteralExpression(entries))])];
  }

  exportDeclaration(node: ts.ExportDeclaration): readonly ts.Statement[] {
    if (node.isTypeOnly || node.moduleSpecifier === undefined) return [];
    const source = [node.moduleSpecifier, ...this.#attributes(node)];
    return [this.#at(node, this.#f.createExpressionStatement(this.#parts.waitFor(this.#parts.call("import", source))))];
  }

  importEquals(node: ts.ImportEqualsDeclaration, reference: ts.ExternalModuleReference): readonly ts.Statement[] {
    if (node.isTypeOnly) return [];
    const call = this.#f.createCallExpression(this.#f.createIdentifier("require"), undefined, [reference.expression]);
    return [this.#constants(node, [this.#declare(node.name, call)])];
  }

  #declare(name: ts.BindingName, value: ts.Expression): ts.VariableDeclaration {
    return this.#f.createVariableDeclaration(name, undefined, undefined, value);
  }

  #constants(node: ts.Node, declarations: readonly ts.VariableDeclaration[]): ts.Statement {
    const list = this.#f.createVariableDeclarationList(declarations, this.#ts.NodeFlags.Const);
    return this.#at(node, this.#f.createVariableStatement(undefined, list));
  }

  #at<T extends ts.Node>(node: ts.Node, made: T): T {
    return this.#ts.setSourceMapRange(this.#ts.setTextRange(made, node), node);
  }
}
