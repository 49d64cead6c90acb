import type TS from "typescript";
import { ts } from "./typescript.ts";
import type { Opened } from "./live-view.ts";

export type Found = TS.WithMetadata<TS.CompletionInfo> | undefined;

/** Where completions come from: a module in a program, and TypeScript's answers about it. */
export type CompletionSource = Opened & {
  completions(position: number): Found;
  details(position: number, entry: TS.CompletionEntry): readonly TS.SymbolDisplayPart[] | undefined;
};

const preferences: TS.GetCompletionsAtPositionOptions = {
  includeCompletionsForModuleExports: false,
  includeCompletionsWithInsertText: false,
  includeCompletionsForImportStatements: false,
  importModuleSpecifierEnding: "js",
  includeSymbol: true,
};

/** What the language service itself calls: exported, but not declared. */
type Internals = {
  readonly Completions?: {
    getCompletionsAtPosition(
      host: TS.LanguageServiceHost, program: TS.Program, log: (text: string) => void, file: TS.SourceFile, position: number, wanted: typeof preferences,
      triggerCharacter: undefined, triggerKind: undefined, cancellation: TS.CancellationToken, format: undefined, includeSymbol: boolean,
    ): Found;
    getCompletionEntryDetails(
      program: TS.Program, log: (text: string) => void, file: TS.SourceFile, position: number, entry: Pick<TS.CompletionEntry, "name" | "source" | "data">,
      host: TS.LanguageServiceHost, format: unknown, wanted: object, cancellation: TS.CancellationToken,
    ): TS.CompletionEntryDetails | undefined;
  };
};

const { Completions } = ts as unknown as Internals;
const silent = (): void => undefined;
const patient: TS.CancellationToken = { isCancellationRequested: () => false, throwIfCancellationRequested: silent };

/** Completions in a module that a program lives with; undefined where TypeScript offers them only through its service. */
export function liveSource({ program, file }: Opened, host: TS.LanguageServiceHost): CompletionSource | undefined {
  return Completions && {
    program, file,
    completions: (position) => Completions.getCompletionsAtPosition(host, program, silent, file, position, preferences, undefined, undefined, patient, undefined, true),
    details: (position, { name, source, data }) => Completions.getCompletionEntryDetails(program, silent, file, position, { name, source, data }, host, undefined, {}, patient)?.displayParts,
  };
}

/** Completions in a file of a service's own program. */
export function serviceSource(service: TS.LanguageService, path: string): CompletionSource {
  const program = service.getProgram()!;
  return {
    program, file: program.getSourceFile(path)!,
    completions: (position) => service.getCompletionsAtPosition(path, position, preferences),
    details: (position, { name, source, data }) => service.getCompletionEntryDetails(path, position, name, {}, source, {}, data)?.displayParts,
  };
}
