import { SourceMap } from "node:module";
import { describe, expect, it } from "vitest";
import { compileCell } from "../../../../kernel/language/transpile.ts";
import { LineMap, plainLines } from "../../../../kernel/server/debug/line-map.ts";

const source = `interface Unused { a: number }
const a: number = 1;

async function later<T>(value: T): Promise<T> {
  await null;
  return value;
}
import { join } from "node:path";
enum Colour { Red, Green }
var old = await later({ deep: [a, join("x", "y")] });
for (var i = 0; i < 2; i++) old.deep.push(i);
old`;

describe("LineMap", () => {
  const { code, map } = compileCell(source, { id: 1 });
  const lines = new LineMap(map);

  it("leads back from generated positions as Node's own source maps do", () => {
    const node = new SourceMap(JSON.parse(map) as ConstructorParameters<typeof SourceMap>[0]);
    for (const [line, text] of code.split("\n").entries()) {
      for (let column = 0; column < text.length; column++) {
        const found = lines.original({ line, column });
        if (found === undefined) continue;
        const entry = node.findEntry(line, column) as { originalLine: number; originalColumn: number };
        expect(found).toEqual({ line: entry.originalLine, column: entry.originalColumn });
      }
    }
  });

  it("finds the code of every line that has any, and leads back to that line", () => {
    const generated = source.split("\n").map((_, line) => lines.generated(line));
    expect(generated.map((spot) => spot !== undefined)).toEqual([false, true, false, true, true, true, true, true, true, true, true, true]);
    for (const [line, spot] of generated.entries()) if (spot) expect(lines.original(spot)?.line).toBe(line);
    const at = lines.generated(4)!;
    expect(code.split("\n")[at.line].slice(at.column)).toMatch(/^await /);
    expect(lines.first()).toEqual(lines.generated(1));
  });

  it("maps nothing without a map, and everything to itself in code that was not compiled", () => {
    const nothing = new LineMap("");
    expect([nothing.original({ line: 0, column: 0 }), nothing.generated(0), nothing.first()]).toEqual([undefined, undefined, undefined]);
    expect([plainLines.original({ line: 3, column: 1 }), plainLines.generated(3)]).toEqual([{ line: 3, column: 1 }, { line: 3, column: 0 }]);
  });
});
