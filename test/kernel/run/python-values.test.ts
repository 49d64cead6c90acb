import { spawnSync } from "node:child_process";
import { describe, expect, it } from "vitest";
import { Float } from "../../../kernel/notebook/index.ts";
import { parseYaml, resolveType } from "../../../kernel/run/python-values.ts";
import { testPython } from "../../python.ts";

const python = testPython(["papermill", "yaml"]);

/** Values as Python's repr tells them apart: floats, integers and text. */
function tagged(value: unknown): unknown {
  if (value instanceof Float) return `float:${value.value}`;
  if (typeof value === "number") return Number.isInteger(value) ? `int:${value}` : `float:${Number.isNaN(value) ? "nan" : value === Infinity ? "inf" : value === -Infinity ? "-inf" : value}`;
  if (typeof value === "bigint") return `int:${value}`;
  if (Array.isArray(value)) return value.map(tagged);
  if (typeof value === "object" && value !== null) return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, tagged(item)]));
  return value;
}

const describePython = `
import json, sys
def tagged(v):
    if isinstance(v, bool) or v is None or isinstance(v, str): return v
    if isinstance(v, int): return f"int:{v}"
    if isinstance(v, float): return f"float:{int(v) if v == v and abs(v) < 1e15 and v == int(v) else v}"
    if isinstance(v, list): return [tagged(x) for x in v]
    return {str(k): tagged(x) for k, x in v.items()}
`;

const texts = ["True", "False", "None", "true", "none", "1", "-1", "+7", " 5 ", "007", "1_000", "1__0", "_1", "0x10", "1.5", "5.0", "5.", ".5", "-.5e3", "1e5", "1E-3", "1_0.5", "e5", ".", "", "inf", "-Infinity", "NaN", "nan", "1,5", "12345678901234567890", "a b", "1 2", "--1", "1j"];

const yaml = ["a: 1", "a: 5.0", "a: 1e5", "a: 1.0e+5", "a: yes\nb: Off\nc: y", "a: ~\nb: null\nc:", "a: 0o17\nb: 017\nc: 0x1F\nd: 0b101\ne: 1_000\nf: 190:20:30", "a: .inf\nb: -.INF\nc: .nan\nd: .5", "a: 2020-01-01", "a: 12345678901234567890", "a: [1, two, 3.5, {b: null}]", "a: '1'\nb: \"x\\ny\"", "base: &b {x: 1}\na:\n  <<: *b\n  y: 2", "a: 1\na: 2", '{"a": {"b": [true, 1.5]}}', ""];

describe("resolveType", () => {
  it("keeps large integers exact", () => expect(resolveType("12345678901234567890")).toBe(12345678901234567890n));

  it.skipIf(python === undefined)("types text as papermill's -p does", () => {
    const { stdout, stderr } = spawnSync(python!, ["-c", `${describePython}\nfrom papermill.cli import _resolve_type\nprint(json.dumps([tagged(_resolve_type(t)) for t in json.load(sys.stdin)]))`], { input: JSON.stringify(texts), encoding: "utf8" });
    expect(stderr).toBe("");
    expect(texts.map((text) => tagged(resolveType(text)))).toEqual(JSON.parse(stdout));
  });
});

describe("parseYaml", () => {
  it.skipIf(python === undefined)("reads what papermill's YAML loader reads", () => {
    const { stdout, stderr } = spawnSync(python!, ["-c", `${describePython}\nimport yaml\nfrom papermill.iorw import NoDatesSafeLoader as L\nprint(json.dumps([tagged(yaml.load(t, Loader=L) or {}) for t in json.load(sys.stdin)]))`], { input: JSON.stringify(yaml), encoding: "utf8" });
    expect(stderr).toBe("");
    expect(yaml.map((text) => tagged(parseYaml(text, "-y")))).toEqual(JSON.parse(stdout));
  });

  it("names the source of what it refuses", () => {
    expect(() => parseYaml("a: [1", "p.yaml")).toThrow(/p\.yaml is not YAML/);
    expect(() => parseYaml("[1, 2]", "p.yaml")).toThrow(/p\.yaml must hold names with values/);
  });
});
