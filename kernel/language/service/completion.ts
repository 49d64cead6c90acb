import type TS from "typescript";
import { ts } from "./typescript.ts";
import type { Framed } from "./core.ts";

export type Completions = { matches: readonly string[]; start: number; end: number; metadata: Record<string, unknown> };

/** Signatures cost a checker's answer each: given for this many of the best matches, within this many milliseconds. */
const detailed = 30;
const detailTime = 40;
const most = 1000;

const preferences: TS.GetCompletionsAtPositionOptions = {
  includeCompletionsForModuleExports: false,
  includeCompletionsWithInsertText: false,
  includeCompletionsForImportStatements: false,
  importModuleSpecifierEnding: "js",
};

/**
 * Completions at a cursor (UTF-16 offset in the cell), those that continue the typed word, best first.
 * `_jupyter_types_experimental` tells JupyterLab each match's kind and signature.
 */
export function completions(service: TS.LanguageService, file: string, frame: Framed, cursor: number): Completions {
  const position = frame.start + cursor;
  const found = service.getCompletionsAtPosition(file, position, preferences);
  const word = /[\p{ID_Continue}$#]*$/u.exec(frame.code.slice(0, cursor))![0];
  const start = startOf(found, frame, cursor - word.length);
  const typed = frame.code.slice(start, cursor);
  const entries = continuing(found?.entries ?? [], typed)
    .sort((a, b) => rank(a, typed) - rank(b, typed) || compare(a.sortText, b.sortText) || compare(a.name, b.name))
    .slice(0, most);
  const signatures = describe(entries, (entry) => service.getCompletionEntryDetails(file, position, entry.name, {}, entry.source, {}, entry.data));
  const types = entries.map((entry, i) => ({ text: entry.name, type: kinds[entry.kind] ?? entry.kind, start, end: cursor, signature: signatures[i] ?? "" }));
  return { matches: entries.map(({ name }) => name), start, end: cursor, metadata: { _jupyter_types_experimental: types } };
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
function startOf(found: TS.WithMetadata<TS.CompletionInfo> | undefined, frame: Framed, word: number): number {
  const span = found?.entries.find(({ replacementSpan }) => replacementSpan !== undefined)?.replacementSpan ?? (found?.isMemberCompletion ? undefined : found?.optionalReplacementSpan);
  const start = span === undefined ? word : span.start - frame.start;
  return start >= 0 && start <= frame.code.length ? start : word;
}

function describe(entries: readonly TS.CompletionEntry[], details: (entry: TS.CompletionEntry) => TS.CompletionEntryDetails | undefined): string[] {
  const until = performance.now() + detailTime;
  const signatures: string[] = [];
  for (const entry of entries.slice(0, detailed)) {
    if (performance.now() > until) break;
    signatures.push(entry.kind === ts.ScriptElementKind.keyword ? "" : ts.displayPartsToString(details(entry)?.displayParts));
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
