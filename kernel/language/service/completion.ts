import type TS from "typescript";
import { ts } from "./typescript.ts";
import type { CompletionSource, Found } from "./completion-source.ts";
import type { Framed } from "./frame.ts";
import { signatureTeller } from "./signatures.ts";
import type { Typing } from "./typed-word.ts";

export type Completions = { matches: readonly string[]; start: number; end: number; metadata: Record<string, unknown> };

/** Signatures cost a checker's answer each: the best matches get one, further ones as many as this time allows (milliseconds). */
const alwaysDetailed = 3;
const detailed = 30;
const detailTime = 2;
const most = 1000;

/** Where completions are asked for: `frame` holds the cell as TypeScript sees it, `real` what the user has typed. */
export type CompletionQuestion = { readonly source: CompletionSource; readonly frame: Framed; readonly asked: Typing; readonly real: Typing };

/** Finds completions in one notebook, and remembers the last list for as long as TypeScript's program stays the same. */
export class Completer {
  #last: { program: TS.Program; file: TS.SourceFile; position: number; found: Found } | undefined;

  /**
   * Completions at a cursor (UTF-16 offset in the cell), those that continue the typed word, best first.
   * `_jupyter_types_experimental` tells JupyterLab each match's kind and signature.
   */
  complete({ source, frame, asked, real }: CompletionQuestion): Completions {
    const position = frame.start + asked.cursor;
    const found = this.#find(source, position);
    const word = /[\p{ID_Continue}$#]*$/u.exec(frame.code.slice(0, asked.cursor))![0];
    const start = startOf(found, frame, asked.cursor - word.length);
    const entries = ranked(found?.entries ?? [], real.code.slice(start, real.cursor));
    const signatures = describe(entries, signatureTeller(source, position));
    const end = real.cursor;
    const types = entries.map((entry, i) => ({ text: entry.name, type: kinds[entry.kind] ?? entry.kind, start, end, signature: signatures[i] ?? "" }));
    return { matches: entries.map(({ name }) => name), start, end, metadata: { _jupyter_types_experimental: types } };
  }

  #find(source: CompletionSource, position: number): Found {
    const { program, file } = source;
    if (this.#last?.program === program && this.#last.file === file && this.#last.position === position) return this.#last.found;
    const found = source.completions(position);
    // Paths in strings are looked for on the disk, which may change.
    const lasting = found === undefined || found.isGlobalCompletion || found.isMemberCompletion;
    this.#last = lasting ? { program, file, position, found } : undefined;
    return found;
  }
}

function ranked(all: readonly TS.CompletionEntry[], typed: string): readonly TS.CompletionEntry[] {
  return continuing(all, typed)
    .sort((a, b) => rank(a, typed) - rank(b, typed) || compare(a.sortText, b.sortText) || compare(a.name, b.name))
    .slice(0, most);
}

/** The entries that begin with what is typed; when there are none, those that do so in another case. */
function continuing(all: readonly TS.CompletionEntry[], typed: string): TS.CompletionEntry[] {
  const entries = all.filter(({ kind, name }) => kind !== ts.ScriptElementKind.warning && !name.startsWith("__potstill"));
  const exact = entries.filter(({ name }) => name.startsWith(typed));
  return exact.length > 0 ? exact : entries.filter(({ name }) => name.toLowerCase().startsWith(typed.toLowerCase()));
}

/** Names of the cell and its scope come before the runtime's globals, globals before keywords. */
function rank(entry: TS.CompletionEntry, typed: string): number {
  const exact = entry.name === typed ? -1 : 0;
  return exact + (entry.kind === ts.ScriptElementKind.keyword ? 1 : 0);
}

const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

/** Where the replaced text begins: import paths and string literals carry their own span, names begin with their word. */
function startOf(found: Found, frame: Framed, word: number): number {
  const span = found?.entries.find(({ replacementSpan }) => replacementSpan !== undefined)?.replacementSpan ?? (found?.isMemberCompletion ? undefined : found?.optionalReplacementSpan);
  const start = span === undefined ? word : span.start - frame.start;
  return start >= 0 && start <= frame.code.length ? start : word;
}

function describe(entries: readonly TS.CompletionEntry[], signatureOf: (entry: TS.CompletionEntry) => string): string[] {
  const until = performance.now() + detailTime;
  const signatures: string[] = [];
  for (const entry of entries.slice(0, detailed)) {
    if (signatures.length >= alwaysDetailed && performance.now() > until) break;
    signatures.push(signatureOf(entry));
  }
  return signatures;
}

const kinds: Partial<Record<string, string>> = {
  [ts.ScriptElementKind.functionElement]: "function",
  [ts.ScriptElementKind.localFunctionElement]: "function",
  [ts.ScriptElementKind.memberFunctionElement]: "method",
  [ts.ScriptElementKind.memberVariableElement]: "property",
  [ts.ScriptElementKind.memberGetAccessorElement]: "property",
  [ts.ScriptElementKind.memberSetAccessorElement]: "property",
  [ts.ScriptElementKind.variableElement]: "variable",
  [ts.ScriptElementKind.localVariableElement]: "variable",
  [ts.ScriptElementKind.letElement]: "variable",
  [ts.ScriptElementKind.constElement]: "constant",
  [ts.ScriptElementKind.parameterElement]: "variable",
  [ts.ScriptElementKind.classElement]: "class",
  [ts.ScriptElementKind.interfaceElement]: "interface",
  [ts.ScriptElementKind.typeElement]: "interface",
  [ts.ScriptElementKind.enumElement]: "enum",
  [ts.ScriptElementKind.enumMemberElement]: "enum-member",
  [ts.ScriptElementKind.moduleElement]: "module",
  [ts.ScriptElementKind.externalModuleName]: "module",
  [ts.ScriptElementKind.alias]: "variable",
  [ts.ScriptElementKind.keyword]: "keyword",
  [ts.ScriptElementKind.string]: "value",
  [ts.ScriptElementKind.scriptElement]: "file",
  [ts.ScriptElementKind.directory]: "folder",
};
