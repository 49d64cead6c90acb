import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import ts from "typescript";
import type TS from "typescript";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { Completer } from "../../../../kernel/language/service/completion.ts";
import type { CompletionQuestion } from "../../../../kernel/language/service/completion.ts";
import { LanguageCore } from "../../../../kernel/language/service/core.ts";
import { LiveView } from "../../../../kernel/language/service/live-view.ts";
import type { Typing } from "../../../../kernel/language/service/typed-word.ts";

let folder: string;
let core: LanguageCore;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "potstill-completion-"));
  writeFileSync(join(folder, "helpers.ts"), `export const helped = 1;\n`);
  core = new LanguageCore(folder);
  core.commit({ code: `interface Options { learningRate: number; momentum?: number }\n/** Trains a network.\n * @param options how */\nfunction train(options: Options): number { return options.learningRate; }\nconst weights = { first: 1, second: "b" };\nlet epoch = 0;`, name: "1" });
});
afterAll(() => { core.dispose(); rmSync(folder, { recursive: true, force: true }); });

/** Completes at "|" in the code. */
function complete(marked: string) {
  const cursor = marked.indexOf("|");
  return core.complete({ code: marked.slice(0, cursor) + marked.slice(cursor + 1) }, cursor);
}

describe("completion", () => {
  it("gives members with kind and signature", () => {
    const { matches, start, end, metadata } = complete(`Math.hyp|`);
    expect({ matches, start, end }).toEqual({ matches: ["hypot"], start: 5, end: 8 });
    expect(metadata._jupyter_types_experimental).toEqual([{ text: "hypot", type: "method", start: 5, end: 8, signature: "(method) Math.hypot(...values: number[]): number" }]);
  });

  it.each([
    ["members of an earlier cell's value", `weights.|`, ["first", "second"]],
    ["names of earlier cells", `tra|`, ["train"]],
    ["types of earlier cells", `let o: Opti|`, ["Options"]],
    ["names of the same cell", `const here = 1; her|`, ["here"]],
    ["the cell API", `clearO|`, ["clearOutput"]],
    ["keys of an object literal", `train({ |`, ["learningRate", "momentum"]],
    ["missing keys only", `train({ learningRate: 1, m|`, ["momentum"]],
    ["package members", `import { readFileSy| } from "node:fs"`, ["readFileSync"]],
    ["members after await", `(await Promise.resolve(weights)).s|`, ["second"]],
    ["inside an unclosed block", `for (const i of [1]) { if (i) { weights.f|`, ["first"]],
    ["inside a template", "`${weights.sec|}`", ["second"]],
    ["another case, when nothing else fits", `MATH|`, ["Math"]],
  ])("knows %s", (_, marked, expected) => {
    expect(complete(marked).matches).toEqual(expected);
  });

  it("offers values of a string union, replacing the typed part", () => {
    const code = `function f(a: "alpha" \u007c "beta") {} f("al`;
    const { matches, start, end } = core.complete({ code }, code.length);
    expect({ matches, start, end }).toEqual({ matches: ["alpha"], start: code.length - 2, end: code.length });
  });

  it("offers a file that came after the same question was asked", () => {
    expect(complete(`import {} from "./lat|"`).matches).toEqual([]);
    writeFileSync(join(folder, "late.ts"), "export {};\n");
    expect(complete(`import {} from "./lat|"`).matches).toEqual(["late.ts"]);
  });

  it("offers the same for a name that is typed on as for one that was pasted", () => {
    const pasted = complete(`weights.sec|`);
    for (const typing of [`weights.|`, `weights.s|`, `weights.se|`]) complete(typing);
    expect(complete(`weights.sec|`)).toEqual(pasted);
    expect(complete(`weights.s|ond`)).toMatchObject({ matches: ["second"], start: 8, end: 9 });
  });

  it("offers files and modules in import paths", () => {
    const local = complete(`import {} from "./hel|"`);
    expect(local.matches).toEqual(["helpers.ts"]);
    expect(local.start).toBe(`import {} from "./`.length);
    expect(complete(`import {} from "node:child_p|"`).matches).toEqual(["node:child_process"]);
  });

  it("counts UTF-16 units, as its callers do", () => {
    const { start, end, matches } = complete(`const 名 = "😀"; weights.fi|`);
    expect({ start, end, matches }).toEqual({ start: 24, end: 26, matches: ["first"] });
  });

  it("keeps everything before the cursor's word, and nothing in comments", () => {
    expect(complete(`weights.f|irst`)).toMatchObject({ matches: ["first"], start: 8, end: 9 });
    expect(complete(`// weights.|`).matches).toEqual([]);
  });

  it("names no internal file", () => {
    expect(complete(`__pot|`).matches).toEqual([]);
    expect(complete(`import {} from "./|"`).matches.filter((match) => match.includes("potstill"))).toEqual([]);
  });
});

describe("inspection", () => {
  it("shows signature and documentation of earlier cells' names", () => {
    const { found, data } = core.inspect({ code: `train({ learningRate: 1 })` }, 3, 0);
    expect(found).toBe(true);
    expect(data["text/plain"]).toBe("train(options: Options): number\n\nTrains a network.\n\n@param options how");
    expect(data["text/markdown"]).toContain("```typescript\ntrain(options: Options): number\n```");
    expect(data["text/html"]).toContain("<pre style=\"margin: 0 0 0.5em\"><code>train(options: Options): number</code></pre>");
  });

  it("looks before the cursor, and at the function of open parentheses", () => {
    expect(core.inspect({ code: `epoch` }, 5, 0).data["text/plain"]).toBe("let epoch: number");
    expect(core.inspect({ code: `train( )` }, 7, 0).data["text/plain"]).toContain("train(options: Options): number");
    expect(core.inspect({ code: `Math.max(1, ` }, 12, 0).data["text/plain"]).toContain("max(...values: number[]): number");
  });

  it("explains the cell API", () => {
    const text = core.inspect({ code: `display(1)` }, 2, 0).data["text/plain"] as string;
    expect(text).toContain("display(value: unknown, options?: DisplayOptions): DisplayHandle");
    expect(text).toContain("Shows any value below the cell");
    expect(core.inspect({ code: `progress(10)` }, 2, 0).data["text/plain"]).toContain("progress bar");
  });

  it("finds the documentation of packages, which is not read before it is asked for", () => {
    expect(core.inspect({ code: `[1].map(String)` }, 5, 0).data["text/plain"]).toMatch(/^\(method\) Array<number>\.map.*\n\nCalls a defined callback function[^]*@param callbackfn/);
    expect(core.inspect({ code: `Buffer.alloc(5, ` }, 16, 0).data["text/plain"]).toContain("Allocates a new `Buffer`");
    expect(core.inspect({ code: `import { cpus } from "node:os"; cpus` }, 34, 0).data["text/plain"]).toContain("each logical CPU core");
    expect(core.inspect({ code: `nowhere.to(` }, 11, 0)).toEqual({ found: false, data: {} });
  });

  it("adds the source on demand", () => {
    expect(core.inspect({ code: `train` }, 2, 1).data["text/plain"]).toContain("return options.learningRate;");
    expect(core.inspect({ code: `train` }, 2, 0).data["text/plain"]).not.toContain("return");
  });

  it("escapes types in HTML", () => {
    expect(core.inspect({ code: `const list: Array<Promise<string>> = []` }, 7, 0).data["text/html"]).toContain("Promise&lt;string&gt;[]");
  });

  it("finds nothing where nothing is", () => {
    expect(core.inspect({ code: `   ` }, 1, 0)).toEqual({ found: false, data: {} });
    expect(core.inspect({ code: `` }, 0, 1)).toEqual({ found: false, data: {} });
  });
});

describe("the list of completions", () => {
  const entry = (name: string): TS.CompletionEntry => ({ name, kind: "const" as TS.ScriptElementKind, sortText: "11" });
  const list = { isGlobalCompletion: true, isMemberCompletion: false, isNewIdentifierLocation: false, entries: [entry("alpha"), entry("alter"), entry("beta")] };
  const real = (code: string): Typing => ({ code, cursor: code.length });
  const completions = vi.fn(() => list);
  const sourceOf = (program: object, file: TS.SourceFile): CompletionQuestion["source"] => ({ program: program as TS.Program, file, completions, details: () => undefined });
  const question = (code: string, source: CompletionQuestion["source"]): CompletionQuestion =>
    ({ source, frame: { text: "a", start: 0, code: "a" }, asked: { code: "a", cursor: 1 }, real: real(code) });

  it("is made once for all characters of a name, and again for another program or text", () => {
    const completer = new Completer();
    const [program, file, other] = [{}, ts.createSourceFile("a.ts", "a", 99), ts.createSourceFile("a.ts", "a", 99)];
    expect(completer.complete(question("a", sourceOf(program, file))).matches).toEqual(["alpha", "alter"]);
    expect(completer.complete(question("alp", sourceOf(program, file))).matches).toEqual(["alpha"]);
    expect(completions).toHaveBeenCalledTimes(1);
    completer.complete(question("alp", sourceOf({}, file)));
    expect(completions).toHaveBeenCalledTimes(2);
    completer.complete(question("alp", sourceOf(program, other)));
    expect(completions).toHaveBeenCalledTimes(3);
  });
});

describe("completions in the living program", () => {
  const places = [
    "p", "pt.", "pt2.", "grow.", "fn(", "new K", "En.", "side = '", "rf", "path.j", "const z: P = {", "import {} from 'node:f", "import { re", "con", "await ", "class X { ", "type Q = ",
    "process.env.", "'abc'.", "[1,2].map(x => x.", "disp", "/** @p", "`${p", "function f(a: P) { a.", "let y = pt as P; y.", "@", "switch(side){ case '", "const {a, ", "pt?.", "new Map<string,number>().", "require('node:f",
  ];
  const all = (): unknown[] => {
    const notebook = new LanguageCore(folder);
    notebook.commit({ code: "interface P { a: number; b: string }\nconst pt: P = { a: 1, b: 'x' }; let grow = [1]; function fn(q: number) { return q } class Kl<T> { m(v: T) { return v } }\nenum En { A, B }\nimport * as path from 'node:path'; import { readFileSync as rf } from 'node:fs'", name: "In [1]" });
    notebook.commit({ code: "const pt2 = { ...pt, c: pt.a }; let side: 'left' | 'right' = 'left'", name: "In [2]" });
    const found = places.map((code) => {
      const { metadata, ...rest } = notebook.complete({ code }, code.length);
      const described = metadata._jupyter_types_experimental as { type: string; signature: string }[];
      return { code, ...rest, kinds: described.map(({ type }) => type), signatures: described.slice(0, 3).map(({ signature }) => signature) };
    });
    notebook.dispose();
    return found;
  };

  it("are those of TypeScript's service", () => {
    const living = all();
    const service = vi.spyOn(LiveView.prototype, "open").mockReturnValue(undefined);
    expect(living).toEqual(all());
    expect(service).toHaveBeenCalledTimes(places.length);
  }, 60_000);
});
