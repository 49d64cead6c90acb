import type TS from "typescript";
import type { CompletionSource } from "./completion-source.ts";
import { ts } from "./typescript.ts";

/** What TypeScript's own completion details are made of: exported, but not declared. */
type Internals = {
  readonly SymbolDisplay?: {
    getSymbolDisplayPartsDocumentationAndSymbolKind(
      checker: TS.TypeChecker, symbol: TS.Symbol, file: TS.SourceFile, enclosing: TS.Node | undefined, location: TS.Node, meaning: number,
    ): { readonly displayParts: readonly TS.SymbolDisplayPart[] };
  };
  readonly getTouchingPropertyName?: (file: TS.SourceFile, position: number) => TS.Node;
};

const { SymbolDisplay, getTouchingPropertyName } = ts as unknown as Internals;
const allMeanings = 7;

/**
 * Tells the signatures of completions at a position. TypeScript's public way finds all completions anew for each one;
 * here the symbol that came with the completion is asked, and the public way where there is none. Names stand without
 * the modules and namespaces they are in: to find out how the cell could write them takes as long as all the rest.
 */
export function signatureTeller(source: CompletionSource, position: number): (entry: TS.CompletionEntry) => string {
  const { program, file } = source;
  const location = getTouchingPropertyName?.(file, position);
  const text = (parts: readonly TS.SymbolDisplayPart[] | undefined): string => ts.displayPartsToString(parts && [...parts]);
  return (entry) => {
    if (entry.kind === ts.ScriptElementKind.keyword) return "";
    if (!entry.symbol || !SymbolDisplay || !location) return text(source.details(position, entry));
    return text(SymbolDisplay.getSymbolDisplayPartsDocumentationAndSymbolKind(program.getTypeChecker(), entry.symbol, file, undefined, location, allMeanings).displayParts);
  };
}
