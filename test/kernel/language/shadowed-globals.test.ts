import { describe, expect, it } from "vitest";
import { ShadowedGlobals } from "../../../kernel/language/shadowed-globals.ts";
import { compileCell } from "../../../kernel/language/transpile.ts";

const compile = (source: string, shadowed: readonly string[] = []) => compileCell(source, { id: 7, tsx: true, shadowed: new Set(shadowed) });
/** The code with a visible mark at the renamed names. */
const code = (source: string, shadowed: readonly string[] = []) => compile(source, shadowed).code.replaceAll("\u200c", "$");

describe("shadowGlobals", () => {
  it("renames what a cell declares under a global's name, in every kind of declaration", () => {
    const declarations = ["const process = 1", "let process", "var process = 1", "function process() {}", "class process {}", "enum process { A }", "namespace process { export const a = 1 }", 'import process from "p"', 'import * as process from "p"', 'import process = require("p")', "const { process } = x", "const [[process]] = x", "{ var process = 2 }"];
    for (const each of declarations) {
      expect(code(each), each).toMatch(/let (\{ "?\w+"?: |\[\[)?process\$/);
      expect(code(each), each).not.toMatch(/let process\b(?!\$)/);
    }
  });

  it("leaves keys, properties, labels and local names as they are", () => {
    expect(code("URL.Map = { Map: Map.Map }; Map: for (;;) break Map", ["Map"])).toContain("URL.Map = { Map: Map$.Map };\nMap: for (;;)\n    break Map;");
    expect(code("f(({ Map }) => Map, function Map() { Map }, class { Map() { const URL = 1; return [Map, URL] } })", ["Map", "URL"]))
      .toMatch(/\(\{ Map \}\) => Map, function Map\(\) \{ Map; \}, class \{\s+Map\(\) \{ const URL = 1; return \[Map\$, URL\]; \}/);
    expect(code("f({ Map }); ({ Map = 1 } = x); const { Map: URL } = x; f(URL)", ["Map"])).toMatch(/f\(\{ Map: Map\$ \}\);\n\(\{ Map: Map\$ = 1 \} = x\);\nlet \{ Map: URL\$ \} = x;\n.*f\(URL\$\)/);
    expect(code("f(<Map URL={URL} />, <map />)", ["Map", "URL", "map"])).toContain('createElement(Map$, { URL: URL$ }), React.createElement("map"');
  });

  it("leaves globals alone that the cell only uses, and those that it says are there", () => {
    expect(code("declare const process: { env: object }; declare global { var zork: number } process.env; URL")).not.toContain("$");
  });

  it("reports names so that later cells are compiled with them", () => {
    const { constants, variables } = compile("const process = 1; class URL {}; let other").names;
    const shadowed = new ShadowedGlobals();
    shadowed.add([...constants, ...variables]);
    expect([...shadowed.mentionedIn("process + URL + other")]).toEqual(["process", "URL"]);
    expect(compile("process", ["process"]).shadowed).toEqual(["process"]);
  });
});
