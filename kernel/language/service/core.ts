import type TS from "typescript";
import { importsTslab, overTslab } from "./tslab.ts";
import { ts } from "./typescript.ts";
import { withoutMagics } from "../magics.ts";
import { noProject, projectOf } from "../project.ts";
import type { Project } from "../project.ts";
import { elementFactories, parseCell } from "./cell-syntax.ts";
import type { CellSyntax } from "./cell-syntax.ts";
import { completeness } from "./completeness.ts";
import type { Completeness } from "./completeness.ts";
import { Completer } from "./completion.ts";
import type { Completions } from "./completion.ts";
import { liveSource, serviceSource } from "./completion-source.ts";
import type { CompletionSource } from "./completion-source.ts";
import { Documents } from "./documents.ts";
import { cellDiagnostics, syntaxDiagnostics } from "./findings.ts";
import type { CellDiagnostic, Finding, RelatedFinding } from "./findings.ts";
import { frameCell } from "./frame.ts";
import type { Framed } from "./frame.ts";
import { NotebookHost } from "./host.ts";
import { declaringFiles, inspection } from "./inspection.ts";
import type { Inspection } from "./inspection.ts";
import { LiveView } from "./live-view.ts";
import { NotebookScope } from "./scope.ts";
import { atFirstCharacter } from "./typed-word.ts";

export type { CellDiagnostic } from "./findings.ts";
export type { Framed } from "./frame.ts";

/** Code, and whether it is TSX. */
export type Source = { code: string; tsx?: boolean };

/** A cell and the name by which people know it, such as `In [3]`. */
export type Cell = Source & { name: string };

/** "Cannot find name" */
const unknownName = 2304;

/** The names of the cell API; their types come from `potstill/notebook`. */
export const cellApiNames = [
  "display", "clearOutput", "html", "md", "svg", "image", "latex", "json", "table", "vegaLite", "progress", "prompt", "confirm", "alert", "input", "Comm", "comms",
] as const;

/** Declarations for all, and imports for their effect: such a cell matters even when none of its names is visible any more. */
const changesEverything = /\b(?:global|module|namespace)\b|^\s*\/\/\/|\bimport\s*["']/;

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
  readonly #live: LiveView;
  readonly #completer: Completer;
  readonly #scope = new NotebookScope();
  /** Cells that are seen without one of their names. */
  readonly #lasting = new Set<string>();
  readonly #folder: string;
  #project = noProject;
  /** Whether the notebook was written for tslab: it was started as such, or imports that. */
  #tslab = false;

  /** Notebooks that are given the same documents share the libraries' parsed files. */
  constructor(folder: string, documents = new Documents()) {
    this.#folder = folder;
    this.#documents = documents;
    this.#host = new NotebookHost(folder, documents);
    this.#service = ts.createLanguageService(this.#host, documents);
    this.#live = new LiveView(this.#host, this.#service);
    this.#completer = new Completer();
    this.#scope.addGlobals("potstill/notebook", cellApiNames);
    this.configure();
    this.#noticeTslab(process.env.POTSTILL_TSLAB === "on");
  }

  /** Reads the folder's tsconfig.json, if it has changed. */
  configure(): Project {
    const project = projectOf(this.#folder);
    if (project !== this.#project) this.#apply(project);
    return (this.#project = project);
  }

  #apply({ options }: Project): void {
    this.#host.configure(this.#tslab ? overTslab(options) : options);
    this.#live.renew();
  }

  #noticeTslab(seen: boolean): void {
    if (this.#tslab || !seen) return;
    this.#tslab = true;
    this.#apply(this.#project);
  }

  /** Packages were installed in the folder. */
  packagesChanged(): void {
    this.#host.packagesChanged();
    this.#live.renew();
  }

  /** What the folder's tsconfig.json says. */
  get project(): Project {
    return this.#project;
  }

  /** Reads the libraries and makes a first check, so that the next one takes milliseconds. */
  warmUp(): void {
    this.check({ code: "display(await Promise.resolve([1]))" });
  }

  /** Asks for completions of all kinds, a few times: the first ones load what they need, and V8 compiles what is used again. */
  warmUpCompletion(): void {
    for (const code of [1, 2, 3, 4].flatMap(() => ["c", "Math.", '"".', "process."])) this.complete({ code }, code.length);
  }

  /** Syntax errors, or else type errors, of a cell; nothing is remembered. */
  check({ code, tsx }: Source & { name?: string }): readonly CellDiagnostic[] {
    const syntax = this.#parse({ code, tsx });
    if (syntax.errors.length > 0) return syntaxDiagnostics(syntax);
    if (/^\s*\/\/\s*@ts-nocheck\b/.test(syntax.file.text)) return [];
    this.#noticeTslab(importsTslab(syntax.file.text));
    if (!tsx && this.#passes(syntax)) return [];
    const found = this.#findings(syntax, { tsx, names: "used" });
    // Only a frame with all names can tell which one was meant.
    return found.some(({ code }) => code === unknownName) ? this.#findings(syntax, { tsx, names: "all" }) : found;
  }

  /** Whether the living program finds nothing wrong: most cells are right, and it needs a fraction of the time. */
  #passes(syntax: CellSyntax): boolean {
    const frame = frameCell(syntax, this.#scope, "used");
    const found = this.#live.diagnostics(frame.text)?.map((each) => asFinding(each, ""));
    return found !== undefined && cellDiagnostics(found, { syntax, frame, scope: this.#scope, nameOf: this.#host.cellName }).length === 0;
  }

  #findings(syntax: CellSyntax, { tsx, names }: { tsx: boolean | undefined; names: "used" | "all" }): readonly CellDiagnostic[] {
    const frame = frameCell(syntax, this.#scope, names);
    this.#host.setCurrent(frame.text, { tsx });
    const findings = this.#service.getSemanticDiagnostics(this.#host.current).map((found) => asFinding(found, this.#host.current));
    return cellDiagnostics(findings, { syntax, frame, scope: this.#scope, nameOf: this.#host.cellName });
  }

  /** Makes a cell's declarations visible to later cells. */
  commit({ code, name, tsx }: Cell): void {
    const syntax = this.#parse({ code, tsx });
    if (syntax.declarations.size === 0 && !/\b(?:global|module)\b|^\s*\/\/\//.test(syntax.file.text)) return;
    const { text } = frameCell(syntax, this.#scope, "used");
    const { path, module } = this.#host.addCell(text, { name, tsx });
    if (tsx) this.#live.renew();
    else this.#live.commit(path, text);
    this.#scope.commit(module, syntax);
    if (changesEverything.test(syntax.file.text)) this.#lasting.add(module);
    // A session of thousands of cells must not become slower with those whose names others have taken over.
    const visible = this.#scope.modules();
    this.#host.keepCells((each) => visible.has(each) || this.#lasting.has(each));
  }

  complete({ code, tsx }: Source, cursor: number): Completions {
    const asked = atFirstCharacter({ code: withoutMagics(code), cursor });
    const frame = frameCell(this.#parse({ code: asked.code, tsx }), this.#scope, "all");
    return this.#completer.complete({ source: this.#completionSource(frame, tsx), frame, asked, real: { code, cursor } });
  }

  #completionSource({ text }: Framed, tsx: boolean | undefined): CompletionSource {
    const opened = tsx ? undefined : this.#live.open(text);
    const live = opened && liveSource(opened, this.#host);
    if (live) return live;
    this.#host.setCurrent(text, { tsx, files: "as before" });
    return serviceSource(this.#service, this.#host.current);
  }

  inspect({ code, tsx }: Source, cursor: number, detail: 0 | 1): Inspection {
    const frame = frameCell(this.#parse({ code, tsx }), this.#scope, "used");
    this.#host.setCurrent(frame.text, { tsx });
    const question = { frame, cursor, detail };
    for (const path of declaringFiles(this.#service, this.#host.current, question)) this.#documents.document(path);
    return inspection(this.#service, this.#host.current, question);
  }

  isComplete({ code, tsx }: Source): Completeness {
    return completeness(withoutMagics(code), tsx);
  }

  /** Elements mention, without naming it, the function that makes them. */
  #parse({ code, tsx }: Source): CellSyntax {
    const syntax = parseCell(withoutMagics(code), tsx);
    return tsx ? { ...syntax, identifiers: new Set([...syntax.identifiers, ...elementFactories(code, this.#project.options)]) } : syntax;
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
