import type TS from "typescript";
import { ts } from "./typescript.ts";
import { withoutMagics } from "../magics.ts";
import { parseCell } from "./cell-syntax.ts";
import { completeness } from "./completeness.ts";
import type { Completeness } from "./completeness.ts";
import { Completer } from "./completion.ts";
import type { Completions } from "./completion.ts";
import { Documents } from "./documents.ts";
import { cellDiagnostics, syntaxDiagnostics } from "./findings.ts";
import type { CellDiagnostic, Finding, RelatedFinding } from "./findings.ts";
import { frameCell } from "./frame.ts";
import { NotebookHost } from "./host.ts";
import { declaringFiles, inspection } from "./inspection.ts";
import type { Inspection } from "./inspection.ts";
import { NotebookScope } from "./scope.ts";
import { atFirstCharacter } from "./typed-word.ts";

export type { CellDiagnostic } from "./findings.ts";
export type { Framed } from "./frame.ts";

/** A cell and the name by which people know it, such as `In [3]`. */
export type Cell = { code: string; name: string };

/** The names of the cell API; their types come from `potstill/notebook`. */
export const cellApiNames = [
  "display", "clearOutput", "html", "md", "svg", "image", "latex", "json", "table", "vegaLite", "progress", "prompt", "confirm", "alert", "input", "Comm", "comms",
] as const;

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
  readonly #completer: Completer;
  readonly #scope = new NotebookScope();

  /** Notebooks that are given the same documents share the libraries' parsed files. */
  constructor(folder: string, documents = new Documents()) {
    this.#documents = documents;
    this.#host = new NotebookHost(folder, documents);
    this.#service = ts.createLanguageService(this.#host, documents);
    this.#completer = new Completer(this.#service);
    this.#scope.addGlobals("potstill/notebook", cellApiNames);
  }

  /** Reads the libraries and makes a first check, so that the next one takes milliseconds. */
  warmUp(): void {
    this.check({ code: "display(await Promise.resolve([1]))", name: "warm-up" });
  }

  /** Syntax errors, or else type errors, of a cell; nothing is remembered. */
  check({ code }: Cell): readonly CellDiagnostic[] {
    const syntax = parseCell(withoutMagics(code));
    if (syntax.errors.length > 0) return syntaxDiagnostics(syntax);
    if (/^\s*\/\/\s*@ts-nocheck\b/.test(syntax.file.text)) return [];
    const frame = frameCell(syntax, this.#scope, "used");
    this.#host.setCurrent(frame.text);
    const findings = this.#service.getSemanticDiagnostics(this.#host.current).map((found) => asFinding(found, this.#host.current));
    return cellDiagnostics(findings, { syntax, frame, scope: this.#scope, nameOf: this.#host.cellName });
  }

  /** Makes a cell's declarations visible to later cells. */
  commit({ code, name }: Cell): void {
    const syntax = parseCell(withoutMagics(code));
    if (syntax.declarations.size === 0 && !/\b(?:global|module)\b|^\s*\/\/\//.test(syntax.file.text)) return;
    this.#scope.commit(this.#host.addCell(frameCell(syntax, this.#scope, "used").text, name), syntax);
  }

  complete(code: string, cursor: number): Completions {
    const asked = atFirstCharacter({ code: withoutMagics(code), cursor });
    const frame = frameCell(parseCell(asked.code), this.#scope, "all");
    this.#host.setCurrent(frame.text, "as before");
    return this.#completer.complete({ file: this.#host.current, frame, asked, real: { code, cursor } });
  }

  inspect(code: string, cursor: number, detail: 0 | 1): Inspection {
    const frame = frameCell(parseCell(withoutMagics(code)), this.#scope, "used");
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
}

/** The JavaScript checker's diagnostic as every checker's. */
function asFinding({ code, messageText, start, length, category, relatedInformation }: TS.Diagnostic, current: string): Finding {
  return {
    code,
    message: ts.flattenDiagnosticMessageText(messageText, "\n"),
    start: start ?? -1,
    length: length ?? 0,
    severity: category === ts.DiagnosticCategory.Warning ? "warning" : "error",
    related: (relatedInformation ?? []).flatMap((related) => asRelated(related, current)),
  };
}

function asRelated({ messageText, file, start }: TS.DiagnosticRelatedInformation, current: string): RelatedFinding[] {
  if (file === undefined || start === undefined) return [];
  const message = ts.flattenDiagnosticMessageText(messageText, "\n");
  return [file.fileName === current ? { message, start } : { message, start, file: file.fileName, text: file.text }];
}
