import { mkdtempSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import ts from "typescript";
import { afterAll, beforeEach, describe, expect, it } from "vitest";
import { Documents } from "../../../../kernel/language/service/documents.ts";
import { NotebookHost } from "../../../../kernel/language/service/host.ts";
import { LiveView } from "../../../../kernel/language/service/live-view.ts";

const folder = realpathSync(mkdtempSync(join(tmpdir(), "potstill-live-")));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const documents = new Documents();

describe("a living program", () => {
  let host: NotebookHost;
  let view: LiveView;
  beforeEach(() => {
    host = new NotebookHost(folder, documents);
    view = new LiveView(host, ts.createLanguageService(host, documents));
  });
  const codes = (text: string): readonly number[] | undefined => view.diagnostics(text)?.map(({ code }) => code);
  const commit = (text: string): string => {
    const { path, module } = host.addCell(text);
    view.commit(path, text);
    return module;
  };

  it("tells what is wrong with one module after another", () => {
    expect(codes("const n: number = 1; export { n };")).toEqual([]);
    expect(codes("const n: number = 'a'; export { n };")).toEqual([2322]);
    expect(codes("const n: number = 'a'; export { n };")).toEqual([2322]);
    expect(codes("let a = 1; let a = 2;")).toEqual([2451, 2451]);
    expect(codes("n; export {};")).toEqual([2304]);
  });

  it("goes on for cells that others import, in both directions of time", () => {
    const { program } = view.open("export {};")!;
    const first = commit("const list = [1, 2]; export { list };");
    const second = commit(`import { list } from "${first}"; const doubled = list.map((n) => 2 * n); export { doubled };`);
    expect(codes(`import { doubled } from "${second}"; doubled[0].toFixed();`)).toEqual([]);
    expect(codes(`declare let doubled: typeof import("${second}").doubled; doubled = ["a"];`)).toEqual([2322]);
    expect(view.open("export {};")!.program).toBe(program);
  });

  it("knows Node's modules without reading anything", () => {
    const { program } = view.open("export {};")!;
    expect(codes(`import { readFileSync } from "node:fs"; readFileSync(5 as const, "utf8").trim();`)).toEqual([]);
    expect(codes(`import { readFileSync } from "node:fs"; readFileSync(true);`)).toEqual([2769]);
    expect(codes(`import { readFileSink } from "node:fs";`)).toEqual([2724]);
    expect(view.open("export {};")!.program).toBe(program);
  });

  it.each([
    ["declarations for all", "declare global { var shared: number } export {};"],
    ["additions to a module", `declare module "node:fs" { export const added: 1 } export {};`],
    ["a new module", `declare module "made-up" { export const one: 1 } export {};`],
    ["references", `/// <reference types="vitest" />\nexport {};`],
    ["a file that is not read yet", `import { square } from "./unread.ts"; export {};`],
    ["a type of such a file", `let s: typeof import("./unread.ts").square; export {};`],
    ["errors that a comment expects", "// @ts-expect-error\nconst n: number = 'a'; export {};"],
    ["an exemption", "// @ts-nocheck\nconst n: number = 'a'; export {};"],
  ])("leaves to another program: %s", (_, text) => {
    writeFileSync(join(folder, "unread.ts"), "export const square = 4;\n");
    expect(view.diagnostics(text)).toBeUndefined();
  });

  it("sees what a committed cell declares for all", () => {
    expect(codes("shared.toFixed(); export {};")).toEqual([2304]);
    commit("declare global { var shared: number } export {};");
    expect(codes("shared.toFixed(); export {};")).toEqual([]);
  });

  it("sees that a file which a cell imported has changed", () => {
    const path = join(folder, "changing.ts");
    writeFileSync(path, `export const value: string = "a";\n`);
    const cell = commit(`import { value } from "./changing.ts"; const copy = value; export { copy };`);
    expect(codes(`import { copy } from "${cell}"; copy.toFixed();`)).toEqual([2551]);
    writeFileSync(path, `export const value: number = 12345;\n`);
    expect(codes(`import { copy } from "${cell}"; copy.toFixed();`)).toEqual([]);
  });

  it("finds a file as soon as it is there", () => {
    const text = `import { late } from "./late.ts"; late.toFixed();`;
    expect(codes(text)).toEqual([2307]);
    writeFileSync(join(folder, "late.ts"), "export const late: number = 1;\n");
    expect(view.diagnostics(text)).toBeUndefined();
  });

  it("is renewed before it remembers too much", () => {
    const { program } = view.open("export {};")!;
    for (let i = 0; i < 301; i++) view.diagnostics(`${i}; export {};`);
    expect(view.open("1; export {};")!.program).not.toBe(program);
  });
});
