import { describe, expect, it } from "vitest";
import { jsonErrorPosition } from "../../../lib/data/json-position.ts";
import { random } from "../../../lib/tensor/random.ts";

const legal = ['{}', '[]', ' [1, -2.5e3, "a\\u00e9\\n\\"", true, false, null] ', '{"a": {"b": [[]]}, "c": ""}', '0', '"x"'];

describe("jsonErrorPosition", () => {
  it.each(legal)("accepts %s", (text) => expect(jsonErrorPosition(text)).toBeUndefined());

  it.each([
    ["", 0], ["[1,]", 3], ["{,}", 1], ['{"a" 1}', 5], ['{"a": 1 "b": 2}', 8], ["[1 2]", 3], ["[NaN]", 1], ["[01]", 1], ["{} x", 3], ['["a', 1], ["[1", 2], ["[}", 1], ['{"a": tru}', 6],
  ] as const)("finds where %s breaks", (text, position) => expect(jsonErrorPosition(text)).toBe(position));

  it("agrees with JSON.parse on texts with one character changed, added or lost", () => {
    const u = random("json", 1);
    const signs = '{}[],:"\\01-.eE tnu\n';
    for (let i = 0; i < 4000; i++) {
      const text = legal[u.integer(legal.length)];
      const at = u.integer(text.length + 1);
      const changed = text.slice(0, at) + (u.next() < 0.7 ? signs[u.integer(signs.length)] : "") + text.slice(at + u.integer(2));
      let legalHere = true;
      try { JSON.parse(changed); } catch { legalHere = false; }
      expect([changed, jsonErrorPosition(changed) === undefined]).toEqual([changed, legalHere]);
    }
  });
});
