import { mkdirSync, mkdtempSync, realpathSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import ts from "typescript";
import { findConfig, projectOf, readProject, stampOf } from "../../../kernel/language/project.ts";

let root: string;
beforeEach(() => { root = realpathSync(mkdtempSync(join(tmpdir(), "potstill-project-"))); });
afterEach(() => rmSync(root, { recursive: true, force: true }));

let clock = 1_000_000;
function write(name: string, content: object | string): string {
  const path = join(root, name);
  mkdirSync(join(path, ".."), { recursive: true });
  writeFileSync(path, typeof content === "string" ? content : JSON.stringify(content));
  utimesSync(path, ++clock, clock);
  return path;
}

describe("readProject", () => {
  it("finds the nearest tsconfig.json up the tree, with comments, and follows extends", () => {
    const base = write("base/tsconfig.json", { compilerOptions: { strict: false, noUncheckedIndexedAccess: true, lib: ["es2020"] } });
    const own = write("tsconfig.json", `{ // mine\n "extends": "./base/tsconfig.json", "compilerOptions": { "noImplicitReturns": true, }, }`);
    const folder = join(root, "deep", "notebooks");
    mkdirSync(folder, { recursive: true });
    expect(findConfig(folder)).toBe(own);
    const { options, files, problems, tsx } = readProject(folder);
    expect(options).toMatchObject({ strict: false, noUncheckedIndexedAccess: true, noImplicitReturns: true, lib: ["lib.es2020.d.ts"] });
    expect([files, problems, tsx]).toEqual([[own, base], [], false]);
  });

  it("leaves out what concerns written files or contradicts a notebook", () => {
    write("tsconfig.json", { compilerOptions: { module: "commonjs", target: "es5", noEmit: false, outDir: "out", noUnusedLocals: true, declaration: true, verbatimModuleSyntax: true, erasableSyntaxOnly: true }, files: [] });
    expect(Object.keys(readProject(root).options)).toEqual(["configFilePath"]);
    expect(readProject(root).problems).toEqual([]);
  });

  it("makes cells TSX when jsx is set, and elements calls where a bundler would have made them", () => {
    write("tsconfig.json", { compilerOptions: { jsx: "preserve", jsxImportSource: "preact" } });
    expect(readProject(root)).toMatchObject({ tsx: true, options: { jsx: ts.JsxEmit.ReactJSX, jsxImportSource: "preact" } });
    write("tsconfig.json", { compilerOptions: { jsx: "preserve", jsxFactory: "h" } });
    expect(readProject(root).options.jsx).toBe(ts.JsxEmit.React);
  });

  it("says in one sentence what is wrong with a file that is no JSON, and ignores it", () => {
    write("tsconfig.json", `{ "compilerOptions": { "strict": false\n`);
    const { problems, options } = readProject(root);
    expect(problems).toEqual([expect.stringMatching(/^tsconfig\.json:2:1: TS1005: '}' expected\. The file is ignored\.$/)]);
    expect(options).toEqual({});
  });

  it("names unknown options, values and missing files, and honours the rest", () => {
    write("tsconfig.json", { extends: "./nowhere.json", compilerOptions: { strickt: true, jsx: "vue", noImplicitReturns: true } });
    const { problems, options } = readProject(root);
    expect(options.noImplicitReturns).toBe(true);
    expect(problems).toHaveLength(3);
    for (const word of ["nowhere.json", "strickt", "jsx"]) expect(problems.join("\n")).toContain(word);
  });
});

describe("projectOf", () => {
  it("reads again when a file of the chain changes, comes or goes", () => {
    expect([projectOf(root).options, stampOf(root, [])]).toEqual([{}, ""]);
    write("tsconfig.json", { extends: "./base.json" });
    write("base.json", { compilerOptions: { strict: false } });
    const first = projectOf(root);
    expect(first.options.strict).toBe(false);
    expect(projectOf(root)).toBe(first);
    write("base.json", { compilerOptions: { strict: true } });
    expect(projectOf(root).options.strict).toBe(true);
    rmSync(join(root, "tsconfig.json"));
    expect(projectOf(root).options).toEqual({});
  });
});
