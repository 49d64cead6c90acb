import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type ts from "typescript";
import { loadTypeScript } from "./typescript.ts";
import type { TypeScript } from "./typescript.ts";
import { locateTypeScript } from "./typescript-files.ts";

const none: ReadonlySet<string> = new Set();

/** How far re-exports are followed. */
const deepest = 8;

/**
 * The exports of a module that may change after it was loaded: those declared with `let` or `var`.
 * @param url the module's file; modules that cannot be read have none
 */
export function liveExports(url: string, depth = 0): ReadonlySet<string> {
  if (depth > deepest || !/^file:.*\.m?[jt]sx?$/.test(url)) return none;
  const text = read(url);
  if (text === undefined || !/\bexport\b/.test(text) || !/\b(?:let|var)\b|\bexport\s*[*{]/.test(text)) return none;
  const ts = loadTypeScript();
  const file = ts.createSourceFile(url, text, ts.ScriptTarget.Latest);
  const variables = new Set(file.statements.flatMap((statement) => variablesOf(ts, statement)));
  return new Set(file.statements.flatMap((statement) => exportsOf(ts, statement, variables, (specifier) => liveExports(locate(specifier, url), depth + 1))));
}

type Follow = (specifier: string) => ReadonlySet<string>;

function exportsOf(ts: TypeScript, node: ts.Statement, variables: ReadonlySet<string>, follow: Follow): string[] {
  if (ts.isVariableStatement(node)) return node.modifiers?.some(({ kind }) => kind === ts.SyntaxKind.ExportKeyword) ? variablesOf(ts, node) : [];
  if (!ts.isExportDeclaration(node) || node.isTypeOnly) return [];
  const source = node.moduleSpecifier && ts.isStringLiteral(node.moduleSpecifier) ? follow(node.moduleSpecifier.text) : variables;
  const clause = node.exportClause;
  if (clause === undefined) return [...source].filter((name) => name !== "default");
  if (!ts.isNamedExports(clause)) return [];
  return clause.elements.filter(({ propertyName, name }) => source.has((propertyName ?? name).text)).map(({ name }) => name.text);
}

function variablesOf(ts: TypeScript, node: ts.Statement): string[] {
  if (!ts.isVariableStatement(node) || node.declarationList.flags & ts.NodeFlags.Const) return [];
  return node.declarationList.declarations.flatMap(({ name }) => (ts.isIdentifier(name) ? [name.text] : []));
}

function locate(specifier: string, base: string): string {
  if (!/^\.{1,2}\//.test(specifier)) return "";
  const url = new URL(specifier, base).href;
  return locateTypeScript(url) ?? url;
}

function read(url: string): string | undefined {
  try {
    return readFileSync(fileURLToPath(url), "utf8");
  } catch {
    return undefined;
  }
}
