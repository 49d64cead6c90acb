import { dirname } from "node:path";
import type TS from "typescript";
import { describe, expect, it } from "vitest";
import { slashed } from "../../../../kernel/language/service/locations.ts";
import { StandardLibrary } from "../../../../kernel/language/service/standard-library.ts";
import { ts } from "../../../../kernel/language/service/typescript.ts";

const folder = slashed(dirname(ts.getDefaultLibFilePath({})));
const probe = "/probe.ts";

/** A program of one file and the standard library, each file as `read` gives it. */
function program(read: (path: string) => string | undefined): TS.Program {
  const options: TS.CompilerOptions = { target: ts.ScriptTarget.ESNext, lib: ["lib.esnext.d.ts"], types: [], strict: true };
  const host = ts.createCompilerHost(options);
  const readFile = (path: string): string | undefined => (path === probe ? "const list: string = [1].at(0);" : (read(slashed(path)) ?? ts.sys.readFile(path)));
  host.readFile = readFile;
  host.getSourceFile = (path, target) => ts.createSourceFile(path, readFile(path) ?? "", target);
  return ts.createProgram([probe], options, host);
}

/** Every global name, with the names of its members where it is a type, and of its exports where it is a namespace. */
function globals(made: TS.Program): Record<string, string[]> {
  const checker = made.getTypeChecker();
  const symbols = checker.getSymbolsInScope(made.getSourceFile(probe)!, ts.SymbolFlags.Value | ts.SymbolFlags.Type | ts.SymbolFlags.Namespace);
  const parts = (symbol: TS.Symbol): string[] => [...(symbol.members?.keys() ?? []), ...(symbol.exports?.keys() ?? [])].map((name) => String(name).replace(/@\d+$/, "")).sort();
  return Object.fromEntries(symbols.map((symbol): [string, string[]] => [symbol.name, parts(symbol)]));
}

describe("the standard library in one file", () => {
  const library = new StandardLibrary("lib.esnext.d.ts");
  const [whole, parts] = [program((path) => library.text(path)), program(() => undefined)];

  it("declares what its files declare", () => {
    const expected = globals(parts);
    expect(Object.keys(expected).length).toBeGreaterThan(200);
    expect(globals(whole)).toEqual(expected);
  });

  it("says the same about code", () => {
    const messages = (made: TS.Program): string[] => ts.getPreEmitDiagnostics(made).map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, "\n"));
    expect(messages(parts)).toEqual(["Type 'number | undefined' is not assignable to type 'string'.\n  Type 'undefined' is not assignable to type 'string'."]);
    expect(messages(whole)).toEqual(messages(parts));
  });

  it("empties the files that it holds, and those alone", () => {
    expect(library.text(`${folder}/lib.es5.d.ts`)).toBe("");
    expect(library.text(`${folder}/lib.dom.d.ts`)).toBeUndefined();
    expect(library.text("/elsewhere/lib.es5.d.ts")).toBeUndefined();
    const filled = whole.getSourceFiles().filter(({ fileName, text }) => fileName !== probe && text.trim() !== "");
    expect(filled.length).toBeLessThan(5);
  });
});
