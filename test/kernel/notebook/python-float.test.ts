import { spawnSync } from "node:child_process";
import { describe, expect, it } from "vitest";
import { Float } from "../../../kernel/notebook/index.ts";
import { pythonFloat } from "../../../kernel/notebook/python-float.ts";
import { testPython } from "../../python.ts";

const python = testPython(["json"]);

describe("pythonFloat", () => {
  it.each([
    [0.5, "0.5"], [new Float(5), "5.0"], [-0, "-0.0"], [1e-7, "1e-07"], [0.0001, "0.0001"], [1e16, "1e+16"], [123456789012345680, "1.2345678901234568e+17"], [1e15, "1000000000000000.0"], [1.5e300, "1.5e+300"], [NaN, "nan"], [-Infinity, "-inf"],
  ])("%s → %s", (value, text) => expect(pythonFloat(value)).toBe(text));

  it.skipIf(python === undefined)("is Python's repr for numbers of all sizes", () => {
    const values = Array.from({ length: 400 }, (_, index) => Math.sin(index * 12.9898) * 10 ** ((index % 60) - 30));
    const { stdout } = spawnSync(python!, ["-c", "import sys, json; print('\\n'.join(repr(float(x)) for x in json.load(sys.stdin)))"], { input: JSON.stringify(values), encoding: "utf8" });
    expect(values.map(pythonFloat)).toEqual(stdout.trim().split("\n"));
  });
});
