import type ts from "typescript";
import { declaredNames } from "./cell-names.ts";
import { isLocal } from "./enclosing-scopes.ts";
import { shadowMark as mark } from "./shadow-mark.ts";
import type { TypeScript } from "./typescript.ts";

/** The global names of JavaScript and Node, as they are before any cell runs. */
const globals: ReadonlySet<string> = new Set(Object.getOwnPropertyNames(globalThis));

const renamed = (name: string): string => name + mark;

/** The globals that mean something else to cells. */
export class ShadowedGlobals {
  readonly #names = new Set<string>();

  /** @param names what compiled cells declare */
  add(names: readonly string[]): void {
    for (const name of names) if (name.endsWith(mark)) this.#names.add(name.slice(0, -mark.length));
  }

  /** Those that code may mention. */
  mentionedIn(code: string): ReadonlySet<string> {
    return new Set([...this.#names].filter((name) => code.includes(name)));
  }
}

/**
 * Renames what cells declare under the name of a global: `const process = spawn("ls")`, `class Event {}`. What a script
 * declares hides a global from all code of the process, which is the kernel's own and every package's too; in a module
 * it would be the module's affair alone.
 * @param earlier names that earlier cells have declared so
 */
export function shadowGlobals(ts: TypeScript, earlier: ReadonlySet<string>): ts.TransformerFactory<ts.SourceFile> {
  return (context) => (file) => {
    const { constants, variables } = declaredNames(ts, file);
    const own = [...constants, ...variables].filter((name) => globals.has(name));
    const names = new Set([...own, ...earlier]);
    return names.size === 0 ? file : (ts.visitNode(file, new Renamer(ts, context, names).visit) as ts.SourceFile);
  };
}

class Renamer {
  readonly #ts: TypeScript;
  readonly #f: ts.NodeFactory;
  readonly #context: ts.TransformationContext;
  readonly #names: ReadonlySet<string>;

  constructor(ts: TypeScript, context: ts.TransformationContext, names: ReadonlySet<string>) {
    this.#ts = ts;
    this.#f = context.factory;
    this.#context = context;
    this.#names = names;
  }

  readonly visit = (node: ts.Node): ts.Node => {
    const ts = this.#ts;
    if (ts.isIdentifier(node)) return this.#means(node) && !isPropertyName(ts, node) ? this.#rename(node) : node;
    if (ts.isShorthandPropertyAssignment(node) && this.#means(node.name)) return this.#shorthand(node);
    if (ts.isBindingElement(node) && ts.isIdentifier(node.name) && this.#means(node.name)) return this.#bindingElement(node, node.name);
    if (ts.isImportSpecifier(node) && this.#means(node.name)) {
      return this.#f.updateImportSpecifier(node, node.isTypeOnly, node.propertyName ?? node.name, this.#rename(node.name));
    }
    return ts.visitEachChild(node, this.visit, this.#context);
  };

  #means(name: ts.Identifier): boolean {
    return this.#names.has(name.text) && !isLocal(this.#ts, name);
  }

  #rename(name: ts.Identifier): ts.Identifier {
    const made = this.#f.createIdentifier(renamed(name.text));
    this.#ts.setOriginalNode(made, name);
    return this.#ts.setSourceMapRange(this.#ts.setTextRange(made, name), name);
  }

  /** `{ name }`, a value or, with an initializer, a target. */
  #shorthand({ name, objectAssignmentInitializer: initializer }: ts.ShorthandPropertyAssignment): ts.Node {
    const target = this.#rename(name);
    const value = initializer ? this.#f.createAssignment(target, this.visit(initializer) as ts.Expression) : target;
    return this.#f.createPropertyAssignment(name.text, value);
  }

  #bindingElement(node: ts.BindingElement, name: ts.Identifier): ts.Node {
    const isKey = node.propertyName === undefined && node.dotDotDotToken === undefined && this.#ts.isObjectBindingPattern(node.parent);
    const key = isKey ? this.#f.createIdentifier(name.text) : this.#ts.visitNode(node.propertyName, this.visit, this.#ts.isPropertyName);
    const initializer = this.#ts.visitNode(node.initializer, this.visit, this.#ts.isExpression);
    return this.#f.updateBindingElement(node, node.dotDotDotToken, key, this.#rename(name), initializer);
  }
}

/** Whether an identifier stands for a property, a label or an element's name, and for no binding. */
function isPropertyName(ts: TypeScript, node: ts.Identifier): boolean {
  const { parent } = node;
  if (ts.isPropertyAccessExpression(parent) || ts.isJsxAttribute(parent) || ts.isJsxNamespacedName(parent) || ts.isMetaProperty(parent)) return parent.name === node;
  if (ts.isPropertyAssignment(parent) || ts.isClassElement(parent) || ts.isTypeElement(parent) || ts.isObjectLiteralElement(parent) || ts.isEnumMember(parent)) return parent.name === node;
  if (ts.isBindingElement(parent) || ts.isImportSpecifier(parent)) return parent.propertyName === node;
  if (ts.isJsxOpeningLikeElement(parent) || ts.isJsxClosingElement(parent)) return /^[a-z]/.test(node.text);
  return ts.isLabeledStatement(parent) || ts.isBreakOrContinueStatement(parent) || ts.isExportSpecifier(parent) || ts.isImportAttribute(parent);
}
