import type { CellSyntax } from "./cell-syntax.ts";
import type { NotebookScope } from "./scope.ts";

/** A cell's text between the declarations brought in before it and the exports after it. */
export type Framed = { readonly text: string; readonly start: number; readonly code: string };

/**
 * Makes a cell a module: `<earlier names> <cell> export { <its names> }`, so that values keep their inferred types,
 * `let` stays assignable, and any name may be declared again.
 * @param names which earlier names: those that the cell mentions, or all, for completion
 */
export function frameCell(syntax: CellSyntax, scope: NotebookScope, names: "used" | "all"): Framed {
  const code = syntax.file.text;
  const directives = /^(?:[ \t]*(?:\/\/\/[^\n]*)?\n)*/.exec(code)![0]; // `/// <reference …>` counts only at the top
  const before = `${directives}${scope.prelude(syntax, names)}\n`;
  const exports = [...syntax.declarations.values()].filter(({ name, kind }) => kind !== "import" && !syntax.exported.has(name));
  const after = exports.map(({ name, kind }) => `export ${kind === "type" ? "type " : ""}{ ${name} };`).join(" ");
  return { text: `${before}${code.replace(/^#!/, "//")}\n${after}`, start: before.length, code };
}
