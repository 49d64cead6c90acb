import { spawnSync } from "node:child_process";
import { describe, expect, it } from "vitest";
import { Float } from "../../../kernel/notebook/index.ts";
import { builtinValues, fillPath } from "../../../kernel/run/index.ts";
import { testPython } from "../../python.ts";

const python = testPython(["json"]);
const values = { lr: 0.5, n: 42, big: -1234567, name: "run", whole: new Float(5), tiny: 1.5e-7, yes: true, none: null, nested: { a: { b: "deep" }, list: [1, "x"] } };

const templates = [
  "{name}", "out/{name}-{lr}.ipynb", "{{literal}}", "{n:05d}", "{n:>6}|{n:<6}|{n:^6}|{n:*^7}", "{lr:.3f}", "{lr:8.2e}", "{big:,}", "{big:_d}", "{n:x}{n:#X}{n:b}{n:#o}", "{n:+d}{n: d}", "{lr:.1%}", "{tiny}", "{tiny:g}",
  "{whole}", "{whole:.1f}", "{yes}", "{none}", "{name!r}", "{name:.2s}|{name:>5}", "{nested[a][b]}", "{nested[list]}", "{lr:g}{n:.3g}{big:.3g}", "{n:08.3f}", "{big:+09d}",
];

describe("fillPath", () => {
  it.skipIf(python === undefined)("fills templates as Python's str.format does", () => {
    const program = "import sys, json; d = json.load(sys.stdin); v = d['values']; v['whole'] = 5.0; print(json.dumps([t.format(**v) for t in d['templates']]))";
    const { stdout, stderr } = spawnSync(python!, ["-c", program], { input: JSON.stringify({ values: { ...values, whole: 5 }, templates }), encoding: "utf8" });
    expect(stderr).toBe("");
    expect(templates.map((template) => fillPath(template, values))).toEqual(JSON.parse(stdout));
  });

  it("offers papermill's built-in values", () => {
    const builtin = builtinValues(new Date("2026-03-04T05:06:07.089Z"));
    expect(fillPath("{pm[current_datetime_utc]:%Y%m%d-%H%M%S}", builtin)).toBe("20260304-050607");
    expect(fillPath("{pm[current_datetime_utc]}", builtin)).toBe("2026-03-04 05:06:07.089000+00:00");
    expect(fillPath("{pm[run_uuid]}", builtin)).toMatch(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/);
  });

  it.each([["{nope}", /parameter \{nope\}, which is not given. Given: lr/], ["{lr", /single \{/], ["a}", /single \}/], ["{nested[x]}", /nested has no \[x\]/], ["{name:d}", /does not fit/], ["{constructor}", /not given/]])("refuses %s", (template, message) => {
    expect(() => fillPath(template, values)).toThrow(message);
  });
});
