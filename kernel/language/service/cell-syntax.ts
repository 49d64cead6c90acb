import type TS from "typescript";
import { ts } from "./typescript.ts";

/** How a name can be used from a later cell: assignable (`let`), read-only value, type only, or a copied `import` clause. */
export type DeclarationKind = "let" | "const" | "entity" | "type" | "import";

/** One name that a cell declares at its top level. */
export type Declaration = {
  readonly name: string;
  readonly kind: DeclarationKind;
  /** For `import`: the text of an import statement that makes this one name, unless its own module exports it by this name. */
  readonly statement?: string;
  /** Whether the name also is a type (classes, enums, interfaces, aliases). */
  readonly type: boolean;
  /** Whether the name also is a value. */
  readonly value: boolean;
  /** Whether the type stands by itself (interfaces, aliases) and outlives a value of the same name. */
  readonly ownType?: boolean;
};

export type SyntaxError = { readonly code: number; readonly message: string; readonly start: number; readonly length: number };

/** What the parser alone knows about a cell. */
export type CellSyntax = {
  readonly file: TS.SourceFile;
  readonly errors: readonly SyntaxError[];
  readonly declarations: ReadonlyMap<string, Declaration>;
  /** Every identifier that occurs in the cell, whatever it means. */
  readonly identifiers: ReadonlySet<string>;
  /** Names that the cell exports by its own words. */
  readonly exported: ReadonlySet<string>;
};

type ParsedFile = TS.SourceFile & { readonly parseDiagnostics: readonly TS.DiagnosticWithLocation[] };

/** Parses code as a module, so that `await` is an operator at the top level even when nothing is imported. */
export function parseModule(code: string, tsx = false): TS.SourceFile {
  return ts.createSourceFile(tsx ? "cell.tsx" : "cell.ts", code, {
    languageVersion: ts.ScriptTarget.ESNext,
    setExternalModuleIndicator: (file) => { Object.assign(file, { externalModuleIndicator: file }); },
  }, true);
}

/** The parser's errors, in order of position. */
export function syntaxErrors(file: TS.SourceFile): readonly SyntaxError[] {
  return (file as ParsedFile).parseDiagnostics.map((diagnostic) => ({
    code: diagnostic.code,
    message: ts.flattenDiagnosticMessageText(diagnostic.messageText, "\n"),
    start: diagnostic.start,
    length: diagnostic.length,
  }));
}

/** Parses one cell and collects what it declares and mentions. Never throws: faulty code gives `errors`. */
export function parseCell(code: string, tsx = false): CellSyntax {
  const file = parseModule(code, tsx);
  const declarations = new Map<string, Declaration>();
  const exported = new Set<string>();
  for (const statement of file.statements) {
    for (const declaration of declared(statement, file)) declarations.set(declaration.name, merge(declarations.get(declaration.name), declaration));
    for (const name of exportedNames(statement)) exported.add(name);
  }
  for (const name of hoistedVars(file)) if (!declarations.has(name)) declarations.set(name, { name, kind: "let", type: false, value: true });
  return { file, errors: syntaxErrors(file), declarations, identifiers: mentioned(file), exported };
}

function merge(earlier: Declaration | undefined, later: Declaration): Declaration {
  if (earlier === undefined) return later;
  const kind = later.kind === "type" ? earlier.kind : later.kind;
  return { ...earlier, ...later, kind, type: earlier.type || later.type, value: earlier.value || later.value, ownType: earlier.ownType || later.ownType };
}

function* declared(statement: TS.Statement, file: TS.SourceFile): Generator<Declaration> {
  if (ts.isVariableStatement(statement)) yield* variables(statement.declarationList);
  else if (ts.isImportDeclaration(statement)) yield* imported(statement, file);
  else if (ts.isFunctionDeclaration(statement) && statement.name) yield { name: statement.name.text, kind: "entity", type: false, value: true };
  else if ((ts.isClassDeclaration(statement) || ts.isEnumDeclaration(statement)) && statement.name) yield { name: statement.name.text, kind: "entity", type: true, value: true };
  else if (ts.isInterfaceDeclaration(statement) || ts.isTypeAliasDeclaration(statement)) yield { name: statement.name.text, kind: "type", type: true, value: false, ownType: true };
  else if (ts.isModuleDeclaration(statement) && ts.isIdentifier(statement.name) && statement.name.text !== "global") yield { name: statement.name.text, kind: "entity", type: true, value: true };
  else if (ts.isImportEqualsDeclaration(statement)) yield { name: statement.name.text, kind: "import", statement: statement.getText(file).replace(/^export\s+/, ""), type: true, value: true };
}

function* variables(list: TS.VariableDeclarationList): Generator<Declaration> {
  const constant = (list.flags & (ts.NodeFlags.Const | ts.NodeFlags.Using)) !== 0;
  for (const declaration of list.declarations) {
    for (const name of bindingNames(declaration.name)) yield { name, kind: constant ? "const" : "let", type: false, value: true };
  }
}

function* bindingNames(name: TS.BindingName): Generator<string> {
  if (ts.isIdentifier(name)) { if (name.text !== "") yield name.text; return; }
  for (const element of name.elements) if (ts.isBindingElement(element)) yield* bindingNames(element.name);
}

function* imported(statement: TS.ImportDeclaration, file: TS.SourceFile): Generator<Declaration> {
  const clause = statement.importClause;
  if (clause === undefined) return;
  const from = statement.moduleSpecifier.getText(file) + (statement.attributes ? ` ${statement.attributes.getText(file)}` : "");
  const word = clause.phaseModifier === ts.SyntaxKind.TypeKeyword ? "import type" : "import";
  const make = (name: string, what: string): Declaration => ({ name, kind: "import", statement: `${word} ${what} from ${from};`, type: true, value: true });
  if (clause.name) yield make(clause.name.text, clause.name.text);
  const bindings = clause.namedBindings;
  if (bindings === undefined) return;
  if (ts.isNamespaceImport(bindings)) yield make(bindings.name.text, `* as ${bindings.name.text}`);
  else for (const element of bindings.elements) yield make(element.name.text, `{ ${element.getText(file)} }`);
}

function* exportedNames(statement: TS.Statement): Generator<string> {
  if (ts.isExportDeclaration(statement) && statement.exportClause && ts.isNamedExports(statement.exportClause)) {
    for (const element of statement.exportClause.elements) yield element.name.text;
    return;
  }
  if (!ts.canHaveModifiers(statement)) return;
  const modifiers = ts.getModifiers(statement) ?? [];
  if (!modifiers.some(({ kind }) => kind === ts.SyntaxKind.ExportKeyword) || modifiers.some(({ kind }) => kind === ts.SyntaxKind.DefaultKeyword)) return;
  for (const { name } of declared(statement, statement.getSourceFile())) yield name;
}

/** Names of `var` declarations in nested blocks (not in functions): they belong to the whole cell. */
function hoistedVars(file: TS.SourceFile): Set<string> {
  const names = new Set<string>();
  for (const node of descendants(file, (parent) => !ts.isFunctionLike(parent) && !ts.isClassLike(parent) && !ts.isModuleDeclaration(parent))) {
    if (!ts.isVariableDeclarationList(node) || (node.flags & ts.NodeFlags.BlockScoped) !== 0) continue;
    for (const declaration of node.declarations) for (const name of bindingNames(declaration.name)) names.add(name);
  }
  return names;
}

function mentioned(file: TS.SourceFile): Set<string> {
  const names = new Set<string>();
  for (const node of descendants(file)) if (ts.isIdentifier(node)) names.add(node.text);
  return names;
}

/** The names that elements need in scope: as the options say, or a cell's own `@jsx` comment. */
export function elementFactories(code: string, { jsxFactory = "React", jsxFragmentFactory = "React" }: TS.CompilerOptions): string[] {
  const own = Array.from(code.matchAll(/@jsx(?:Frag)?\s+([\p{ID_Continue}$]+)/gu), ([, name]) => name);
  return [...own, jsxFactory, jsxFragmentFactory].map((name) => name.split(".", 1)[0]);
}

/** A node and everything below it, by a stack of its own: long sums nest thousands deep. `enter` says whether to go into a node. */
export function* descendants(root: TS.Node, enter: (node: TS.Node) => boolean = () => true): Generator<TS.Node> {
  const stack: TS.Node[] = [root];
  for (let node = stack.pop(); node !== undefined; node = stack.pop()) {
    yield node;
    if (enter(node)) ts.forEachChild(node, (child) => { stack.push(child); });
  }
}
