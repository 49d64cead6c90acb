import type ts from "typescript";
import type { TypeScript } from "./typescript.ts";

/** What the session must know of a compiled cell's top-level names. */
export interface CellNames {
  /** Names that the cell declares and that must not be assigned: constants and imports. */
  readonly constants: readonly string[];
  /** The other names that it declares. */
  readonly variables: readonly string[];
  /** Names of earlier cells that it assigns. */
  readonly assigned: readonly string[];
  /** Its static imports of names. */
  readonly imports: readonly ImportedName[];
  /** Those of its imported names that follow a module's variable. */
  readonly live: readonly string[];
}

/** `import { exported as local } from "specifier"`. */
export interface ImportedName {
  readonly specifier: string;
  readonly exported: string;
  readonly local: string;
}

/** The values that a cell declares at its top level. */
export function declaredNames(ts: TypeScript, file: ts.SourceFile): { constants: Set<string>; variables: Set<string> } {
  const found = { constants: new Set<string>(), variables: new Set<string>() };
  for (const statement of file.statements) declare(ts, statement, found);
  return found;
}

function declare(ts: TypeScript, node: ts.Statement, { constants, variables }: { constants: Set<string>; variables: Set<string> }): void {
  if (isAmbient(ts, node)) return;
  if (ts.isVariableStatement(node)) {
    const { flags, declarations } = node.declarationList;
    const names = flags & (ts.NodeFlags.Const | ts.NodeFlags.Using) ? constants : variables;
    for (const { name } of declarations) for (const each of bindingNames(ts, name)) names.add(each);
  } else if ((ts.isFunctionDeclaration(node) || ts.isClassDeclaration(node) || ts.isEnumDeclaration(node) || ts.isModuleDeclaration(node)) && node.name && ts.isIdentifier(node.name)) {
    variables.add(node.name.text);
  } else if (ts.isImportDeclaration(node)) {
    for (const { local } of importedNames(ts, node)) constants.add(local);
    const bindings = node.importClause?.namedBindings;
    if (bindings && ts.isNamespaceImport(bindings)) constants.add(bindings.name.text);
  } else if (ts.isImportEqualsDeclaration(node)) {
    if (!node.isTypeOnly) constants.add(node.name.text);
  } else {
    for (const name of varNames(ts, node)) variables.add(name);
  }
}

/** `declare …` says that something is there already. */
function isAmbient(ts: TypeScript, node: ts.Statement): boolean {
  return ts.canHaveModifiers(node) && ts.getModifiers(node)?.some(({ kind }) => kind === ts.SyntaxKind.DeclareKeyword) === true;
}

/** The names of `var` declarations within a statement. */
function varNames(ts: TypeScript, node: ts.Node): string[] {
  if (ts.isFunctionLike(node) || ts.isClassLike(node)) return [];
  const names: string[] = [];
  if (ts.isVariableDeclarationList(node) && !(node.flags & ts.NodeFlags.BlockScoped)) {
    for (const { name } of node.declarations) names.push(...bindingNames(ts, name));
  }
  ts.forEachChild(node, (child) => { names.push(...varNames(ts, child)); });
  return names;
}

function bindingNames(ts: TypeScript, name: ts.BindingName): string[] {
  if (ts.isIdentifier(name)) return [name.text];
  return name.elements.flatMap((element) => (ts.isOmittedExpression(element) ? [] : bindingNames(ts, element.name)));
}

/** The names that an import declaration brings in as values. */
export function importedNames(ts: TypeScript, node: ts.ImportDeclaration): ImportedName[] {
  const clause = node.importClause;
  if (clause === undefined || clause.isTypeOnly) return [];
  const specifier = (node.moduleSpecifier as ts.StringLiteral).text;
  const names: ImportedName[] = clause.name ? [{ specifier, exported: "default", local: clause.name.text }] : [];
  const bindings = clause.namedBindings;
  if (bindings === undefined || ts.isNamespaceImport(bindings)) return names;
  const named = bindings.elements.filter((element) => !element.isTypeOnly);
  return [...names, ...named.map(({ propertyName, name }) => ({ specifier, exported: (propertyName ?? name).text, local: name.text }))];
}

/** Names that stand somewhere in a cell for a value, not only for a type. */
export function valueNames(ts: TypeScript, file: ts.SourceFile): Set<string> {
  const found = new Set<string>();
  const visit = (node: ts.Node): void => {
    if (ts.isIdentifier(node)) return void found.add(node.text);
    if (ts.isInterfaceDeclaration(node) || ts.isTypeAliasDeclaration(node) || ts.isImportDeclaration(node) || ts.isExportSpecifier(node)) return;
    if (ts.isHeritageClause(node)) return void (node.token === ts.SyntaxKind.ExtendsKeyword && node.types.forEach(({ expression }) => visit(expression)));
    if (ts.isTypeNode(node)) return;
    if (ts.isPropertyAccessExpression(node)) return visit(node.expression);
    if (ts.isPropertyAssignment(node)) return void [node.name, node.initializer].forEach((each) => { if (!ts.isIdentifier(each) || each === node.initializer) visit(each); });
    ts.forEachChild(node, visit);
  };
  visit(file);
  return found;
}
