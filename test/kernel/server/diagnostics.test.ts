import { stripVTControlCharacters } from "node:util";
import { expect, it } from "vitest";
import { diagnosticText, typeErrorContent } from "../../../kernel/server/diagnostics.ts";

const code = "const a = 1;\nconst n: number = 'text';\nn.x";
const found = [
  { code: 2322, message: "Type 'string' is not assignable to type 'number'.", line: 2, column: 7, endColumn: 8, severity: "error" as const },
  { code: 2339, message: "Property 'x' does not exist on type 'number'.", line: 3, column: 3, endColumn: 4, severity: "error" as const },
];

it("shows each diagnostic beneath the line it is about, with its TypeScript code", () => {
  const { ename, evalue, traceback } = typeErrorContent(found, code, "In [4]");
  expect([ename, evalue]).toEqual(["TypeScriptError", "TS2322: Type 'string' is not assignable to type 'number'. (and 1 more)"]);
  const lines = stripVTControlCharacters(traceback.join("\n")).split("\n");
  expect(lines.slice(0, 6)).toEqual([
    "Cell In[4], line 2, column 7",
    "  1 | const a = 1;",
    "> 2 | const n: number = 'text';",
    "    |       ^",
    "  3 | n.x",
    "TS2322: Type 'string' is not assignable to type 'number'.",
  ]);
  expect(stripVTControlCharacters(diagnosticText(found, code, "In [4]"))).toContain("> 3 | n.x\n    |   ^\nTS2339");
});
