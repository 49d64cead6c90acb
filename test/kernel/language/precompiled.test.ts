import { describe, expect, it } from "vitest";
import { cellsCarryContext } from "../../../kernel/language/cell-context.ts";
import { precompile, unpack } from "../../../kernel/language/precompiled.ts";
import { CellSyntaxError, compileCell } from "../../../kernel/language/transpile.ts";
import type { Compiled } from "../../../kernel/language/transpile.ts";

const travelled = (source: string, id: number, tsx = false): Compiled | CellSyntaxError => unpack(structuredClone(precompile(source, { tsx })), id);
const here = (source: string, id: number, tsx = false): Compiled => compileCell(source, { id, tsx, carriesContext: cellsCarryContext() });
const unpadded = (script: Compiled | CellSyntaxError): string => (script as Compiled).code.replace(/(\d) +(?=[,)])/g, "$1");

describe("a cell compiled in another thread", () => {
  it.each([
    ["an expression", "1 + 1", false],
    ["awaits", "const a: number = await Promise.resolve(1);\nfor await (const x of [a]) x;\nasync () => { await a; }", false],
    ["TSX", "const e = <b>{1}</b>;\ne", true],
    ["a number that could be taken for the mark", "1000000007 + await 1000000008", false],
  ])("is the script that compiling it here gives: %s", (_, source, tsx) => {
    expect(unpadded(travelled(source, 42, tsx))).toBe(unpadded(here(source, 42, tsx)));
  });

  it("keeps every column where the source map says, whatever the cell's id", () => {
    const source = "await first; second(await third)";
    const [short, long] = [travelled(source, 1), travelled(source, 123_456)] as [Compiled, Compiled];
    expect(short.map).toBe(long.map);
    for (const word of ["first", "second", "third"]) expect(short.code.indexOf(word)).toBe(long.code.indexOf(word));
  });

  it("brings a syntax error with its place", () => {
    const error = travelled("let a = 1;\nlet = = 2", 1);
    expect(error).toBeInstanceOf(CellSyntaxError);
    expect(error).toMatchObject({ name: "SyntaxError", line: 2 });
  });
});
