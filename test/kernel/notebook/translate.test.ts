import { spawnSync } from "node:child_process";
import { runInNewContext } from "node:vm";
import ts from "typescript";
import { describe, expect, it } from "vitest";
import { Float, codify, findTranslator } from "../../../kernel/notebook/index.ts";
import type { ParameterValue, Parameters } from "../../../kernel/notebook/index.ts";
import { testPython } from "../../python.ts";

const python = testPython(["papermill"]);
const write = (language: string, parameters: Parameters): string => codify(findTranslator(undefined, language), parameters);
const line = (language: string, value: ParameterValue): string => write(language, { x: value }).split("\n")[1];

const values: Parameters = {
  nothing: null, yes: true, count: 3, big: 2n ** 70n, rate: 0.5, whole: new Float(5), text: 'say "hi"\n\\ é 🐍 $x `y` ${z}', empty: "",
  list: [1, "two", null, [false]], record: { a: 1, "b c": [2.5], __proto__x: "p" },
};

describe("TypeScript", () => {
  it("writes declarations", () => {
    expect(write("typescript", { lr: 0.5, name: "a", ok: true })).toBe('// Parameters\nconst lr = 0.5;\nconst name = "a";\nconst ok = true;\n');
  });

  it.each<[ParameterValue, string]>([
    [null, "null"], [Infinity, "Infinity"], [-Infinity, "-Infinity"], [NaN, "NaN"], [2n ** 53n, "9007199254740992n"], [Number.MAX_SAFE_INTEGER, "9007199254740991"],
    [new Float(5), "5"], [-0, "-0"], [[], "[]"], [{}, "{}"], [{ a: 1, "b-c": 2, ["__proto__"]: 3 }, '{ a: 1, "b-c": 2, ["__proto__"]: 3 }'],
  ])("%o → %s", (value, text) => expect(line("typescript", value)).toBe(`const x = ${text};`));

  it("means what was given, once it runs", () => {
    const { outputText } = ts.transpileModule(`${write("typescript", values)}\n({ ${Object.keys(values).join(", ")} })`, { compilerOptions: { target: ts.ScriptTarget.ES2022 } });
    expect(runInNewContext(outputText)).toEqual({ ...values, whole: 5 });
  });

  it("declares again as the parameters cell did", async () => {
    const source = 'let lr = 0.1\n// which profile\nconst profile: "smoke" | "paper" = "smoke";\nconst { no } = { no: 1 }, xs: number[] = [];\nfunction f() { const inner = 1; }';
    const translator = findTranslator("potstill", undefined);
    const known = await translator.inspect!(source);
    expect(known.map(({ name, type, default: value, help }) => [name, type, value, help])).toEqual([["lr", "number", "0.1", ""], ["profile", '"smoke" | "paper"', '"smoke"', "which profile"], ["xs", "number[]", "[]", ""]]);
    expect(codify(translator, { lr: 1, profile: "paper" }, known)).toBe('// Parameters\nlet lr = 1;\nconst profile: "smoke" | "paper" = "paper";\n');
  });

  it.each(["class", "1st", "a b", "a;b", "a=1;process.exit()//"])("refuses the name %s", (name) => expect(() => write("typescript", { [name]: 1 })).toThrow(/no TypeScript variable name/));
});

describe("other languages", () => {
  it.each<[string, ParameterValue, string]>([
    ["javascript", 1, "var x = 1;"],
    ["R", true, "x = TRUE"], ["R", null, "x = NULL"], ["R", [1, "a"], 'x = list(1, "a")'], ["R", { a: NaN }, 'x = list("a" = NaN)'], ["R", -Infinity, "x = -Inf"],
    ["julia", null, "x = nothing"], ["julia", "cost $5", 'x = "cost \\$5"'], ["julia", { a: [1] }, 'x = Dict("a" => [1])'],
    ["bash", "it's", "x='it'\"'\"'s'"], ["bash", "plain/path.txt", "x=plain/path.txt"], ["bash", ["a b", 1], "x=('a b' 1)"], ["bash", null, "x="], ["bash", true, "x=true"],
    ["scala", 2 ** 40, "val x = 1099511627776L"],
  ])("%s: %o → %s", (language, value, text) => expect(line(language, value)).toBe(text));

  it("drops R's impossible underscore, and refuses records in bash", () => {
    expect(write("R", { __x: 1 })).toContain("\nx = 1\n");
    expect(() => write("bash", { x: { a: 1 } })).toThrow(/no literal for a record/);
  });

  it("names the languages it knows when it does not know one", () => {
    expect(() => findTranslator("xcpp", "c++")).toThrow(/kernel "xcpp" with language "c\+\+".*typescript.*python/);
  });

  it.skipIf(python === undefined)("writes what papermill writes", () => {
    const program = "import sys, json; from papermill.translators import translate_parameters as t; print(json.dumps({l: t('none', l, v, 'Parameters') for l, v in json.load(sys.stdin).items()}))";
    const common = { nothing: null, yes: false, count: 3, rate: 1e-7, text: 'say "hi"\n\\ é 🐍', list: [1, "two", [true]] };
    const given = { python: { ...common, record: { a: 1, "b c": [2.5] } }, R: { ...common, record: { a: 1 } }, julia: { ...common, record: { a: { b: 2 } } }, bash: { ...common, rate: 0.25, text: "it's a; $b" } };
    const { stdout, stderr } = spawnSync(python!, ["-c", program], { input: JSON.stringify(given), encoding: "utf8" });
    expect(stderr).toBe("");
    for (const [language, theirs] of Object.entries(JSON.parse(stdout) as Record<string, string>)) expect(write(language, given[language as keyof typeof given])).toBe(theirs);
  });

  it.skipIf(python === undefined)("is read back by Python as what was given", () => {
    const source = `${write("python", { ...values, high: Infinity })}\nimport json\nassert big == 2**70 and type(whole) is float and whole == 5 and high == float('inf')\nprint(json.dumps([nothing, yes, count, rate, text, empty, list, record]))`;
    const { stdout, stderr } = spawnSync(python!, ["-c", source], { encoding: "utf8" });
    expect(stderr).toBe("");
    const { nothing, yes, count, rate, text, empty, list, record } = values;
    expect(JSON.parse(stdout)).toEqual([nothing, yes, count, rate, text, empty, list, record]);
  });
});
