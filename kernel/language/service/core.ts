import type TS from "typescript";
import { ts } from "./typescript.ts";
import { withoutMagics } from "../magics.ts";
import { descendants, parseCell } from "./cell-syntax.ts";
import type { CellSyntax } from "./cell-syntax.ts";
import { completeness } from "./completeness.ts";
import type { Completeness } from "./completeness.ts";
import { completions } from "./completion.ts";
import type { Completions } from "./completion.ts";
import { Documents } from "./documents.ts";
import { NotebookHost } from "./host.ts";
import { declaringFiles, inspection } from "./inspection.ts";
import type { Inspection } from "./inspection.ts";
import { ignoredErrors, implicitVariable, overlapErrors } from "./options.ts";
import { NotebookScope } from "./scope.ts";

export type Cell = { code: string; name: string };

/** One finding about a cell; line and columns count from 1, in UTF-16 units, in the cell's own text. */
export type CellDiagnostic = {
  code: number;
  message: string;
  line: number;
  column: number;
  endColumn: number;
  severity: "error" | "warning";
};

/** The names of the cell API; their types come from `potstill/notebook`. */
export const cellApiNames = [
  "display", "clearOutput", "html", "md", "svg", "image", "latex", "json", "progress", "prompt", "confirm", "alert", "input",
] as const;

/** A cell's text between the declarations brought in before it and the exports after it. */
export type Framed = { readonly text: string; readonly start: number; readonly code: string };

/**
 * TypeScript's view of a notebook: cells are modules in the notebook's folder that see what earlier cells declared.
 *
 * A cell is checked as `<earlier names> <cell> export { <its names> }`, so that values keep their inferred types, `let`
 * stays assignable, and any name may be declared again.
 */
export class LanguageCore {
  readonly #documents: Documents;
  readonly #host: NotebookHost;
  readonly #service: TS.LanguageService;
  readonly #scope = new NotebookScope();

  /** Notebooks that are given the same documents share the libraries' parsed files. */
  constructor(folder: string, documents = new Documents()) {
    this.#documents = documents;
    this.#host = new NotebookHost(folder, documents);
    this.#service = ts.createLanguageService(this.#host, documents);
    this.#scope.addGlobals("potstill/notebook", cellApiNames);
  }

  /** Reads the libraries and makes a first check, so that the next one takes milliseconds. */
  warmUp(): void {
    this.check({ code: "display(await Promise.resolve([1]))", name: "warm-up" });
  }

  /** Syntax errors, or else type errors, of a cell; nothing is remembered. */
  check({ code }: Cell): readonly CellDiagnostic[] {
    const syntax = parseCell(withoutMagics(code));
    if (syntax.errors.length > 0) return syntax.errors.map((error) => locate(syntax.file, { ...error, severity: "error" }));
    if (/^\s*\/\/\s*@ts-nocheck\b/.test(code)) return [];
    const frame = this.#frame(syntax, "used");
    this.#host.setCurrent(frame.text);
    return this.#service.getSemanticDiagnostics(this.#host.current)
      .filter((found) => isInside(found, frame) && !ignoredErrors.has(found.code) && !this.#isStaleConstant(found) && !this.#isGrowing(found, frame))
      .map((found) => locate(syntax.file, {
        code: found.code,
        message: readable(found),
        start: found.start! - frame.start,
        length: found.length ?? 0,
        severity: found.category === ts.DiagnosticCategory.Warning ? "warning" : "error",
      }));
  }

  /** Makes a cell's declarations visible to later cells. */
  commit({ code }: Cell): void {
    const syntax = parseCell(withoutMagics(code));
    if (syntax.declarations.size === 0 && !/\b(?:global|module)\b|^\/\/\//.test(code)) return;
    this.#scope.commit(this.#host.addCell(this.#frame(syntax, "used").text), syntax);
  }

  complete(code: string, cursor: number): Completions {
    const frame = this.#frame(parseCell(withoutMagics(code)), "all");
    this.#host.setCurrent(frame.text);
    return completions(this.#service, this.#host.current, frame, cursor);
  }

  inspect(code: string, cursor: number, detail: 0 | 1): Inspection {
    const frame = this.#frame(parseCell(withoutMagics(code)), "used");
    this.#host.setCurrent(frame.text);
    const question = { frame, cursor, detail };
    for (const path of declaringFiles(this.#service, this.#host.current, question)) this.#documents.document(path);
    return inspection(this.#service, this.#host.current, question);
  }

  isComplete(code: string): Completeness {
    return completeness(withoutMagics(code));
  }

  dispose(): void {
    this.#service.dispose();
  }

  #frame(syntax: CellSyntax, names: "used" | "all"): Framed {
    const code = syntax.file.text;
    const directives = /^(?:[ \t]*\/\/\/[^\n]*\n)*/.exec(code)![0]; // `/// <reference …>` counts only at the top
    const before = `${directives}${this.#scope.prelude(syntax, names)}\n`;
    const exports = [...syntax.declarations.values()].filter(({ name, kind }) => kind !== "import" && !syntax.exported.has(name));
    const after = exports.map(({ name, kind }) => `export ${kind === "type" ? "type " : ""}{ ${name} };`).join(" ");
    return { text: `${before}${code.replace(/^#!/, "//")}\n${after}`, start: before.length, code };
  }

  /** An earlier `let` or list without a type: what it holds by now is known only when it runs. */
  #isGrowing(found: TS.Diagnostic, { text }: Framed): boolean {
    return found.code === implicitVariable && this.#scope.has(text.slice(found.start, found.start! + found.length!));
  }

  /** A comparison that is "always false" only for the value that an earlier cell's constant has at present. */
  #isStaleConstant(found: TS.Diagnostic): boolean {
    if (!overlapErrors.has(found.code)) return false;
    const file = found.file!;
    const touches = (node: TS.Node): boolean => node.getEnd() > found.start! && node.getStart(file) < found.start! + found.length!;
    for (const node of descendants(file, touches)) {
      const compared = ts.isSwitchStatement(node) ? node.expression : node;
      const within = ts.isSwitchStatement(node) ? touches(node) : node.getStart(file) >= found.start! && touches(node);
      if (within && ts.isIdentifier(compared) && this.#scope.isConstant(compared.text)) return true;
    }
    return false;
  }
}

const isInside = (found: TS.Diagnostic, { start, code }: Framed): boolean =>
  found.start !== undefined && found.start >= start && found.start <= start + code.length;

/** The message with chains indented, without the virtual files that cells live in. */
function readable(found: TS.Diagnostic): string {
  const text = ts.flattenDiagnosticMessageText(found.messageText, "\n").replace(/import\("[^"]*__potstill_cells?(?:_\d+)?__"\)\./g, "");
  return found.code === 2632 ? text.replace("it is an import", "it is a constant or an import of an earlier cell") : text;
}

type Finding = { code: number; message: string; start: number; length: number; severity: CellDiagnostic["severity"] };

function locate(file: TS.SourceFile, { start, length, ...rest }: Finding): CellDiagnostic {
  const from = ts.getLineAndCharacterOfPosition(file, Math.min(start, file.text.length));
  const to = ts.getLineAndCharacterOfPosition(file, Math.min(start + length, file.text.length));
  const lineEnd = file.text.slice(file.getLineStarts()[from.line]).split("\n", 1)[0].length;
  const endColumn = to.line === from.line ? to.character + 1 : lineEnd + 1;
  return { ...rest, line: from.line + 1, column: from.character + 1, endColumn: Math.max(endColumn, from.character + 1) };
}
