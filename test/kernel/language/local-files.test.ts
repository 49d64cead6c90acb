import { mkdtempSync, realpathSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterAll, describe, expect, it } from "vitest";
import { importedSpecifiers, isLocalFile, LocalFiles } from "../../../kernel/language/local-files.ts";

const folder = realpathSync(mkdtempSync(join(tmpdir(), "potstill-local-")));
afterAll(() => rmSync(folder, { recursive: true }));

const url = (name: string): string => pathToFileURL(join(folder, name)).href;
const write = (name: string, ...imports: string[]): void => writeFileSync(join(folder, name), imports.map((each) => `import "${each}";\n`).join(""));

describe("what a file loads", () => {
  it("is found in every form, types aside", () => {
    const values = `import a from "./a"; import {\n  b } from './b';\nexport * from "./c"; import "./d"; await import(\`./e\`); require("./f"); import type from "./g"; import { type H } from "./h"; export { i } from "./i"`;
    expect(importedSpecifiers(values)).toEqual(["a", "b", "c", "d", "e", "f", "g", "h", "i"].map((name) => `./${name}`));
    expect(importedSpecifiers(`import type A from "./a"; export type { B } from "./b"; import type * as C from "./c"; export type * from "./d"\ntype E = 1\nimport e from "./e"`)).toEqual(["./e"]);
  });

  it("is the user's own outside node_modules", () => {
    expect(["file:///a/b.ts", "file:///a/b.json?x", "file:///a/b.cjs"].map(isLocalFile)).toEqual([true, true, true]);
    expect(["file:///a/node_modules/b/c.js", "node:fs", "file:///a/b.wasm"].map(isLocalFile)).toEqual([false, false, false]);
  });
});

describe("changes of files", () => {
  const files = () => new LocalFiles((specifier) => (specifier.startsWith("./") ? url(specifier.slice(2)) : undefined));

  it("count when the text is another, not when only the time is", () => {
    write("a.ts");
    const seen = files();
    expect(seen.refresh(url("a.ts")).size).toBe(0);
    utimesSync(join(folder, "a.ts"), 1, 1);
    expect(seen.refresh(url("a.ts")).size).toBe(0);
    write("a.ts", "node:fs");
    expect([...seen.refresh(url("a.ts"))]).toEqual([[url("a.ts"), 1]]);
    expect(seen.refresh(url("a.ts")).size).toBe(0);
  });

  it("reach all that lead to them, in circles too, also when another way found them first", () => {
    write("top.ts", "./left.ts", "./right.ts");
    write("left.ts", "./leaf.ts", "./top.ts");
    write("right.ts");
    write("leaf.ts");
    const seen = files();
    seen.refresh(url("top.ts"));
    write("leaf.ts", "node:fs");
    expect([...seen.refresh(url("leaf.ts")).keys()]).toEqual([url("leaf.ts")]);
    expect(new Set(seen.refresh(url("top.ts")).keys())).toEqual(new Set([url("top.ts"), url("left.ts")]));
  });

  it("are also a failure, a removal and a return", () => {
    write("b.ts");
    const seen = files();
    seen.refresh(url("b.ts"));
    seen.failed(url("b.ts"));
    expect(seen.refresh(url("b.ts")).size).toBe(1);
    rmSync(join(folder, "b.ts"));
    expect(seen.refresh(url("b.ts")).size).toBe(1);
    write("b.ts");
    expect(seen.refresh(url("b.ts")).size).toBe(1);
  });
});
