import { Session } from "node:inspector";
import type { Runtime } from "node:inspector";
import { expect, it } from "vitest";
import { typeName, valueText } from "../../../../kernel/server/debug/value-text.ts";

/** A value as V8's inspector describes it. */
function remote(expression: string): Runtime.RemoteObject {
  const session = new Session();
  session.connect();
  let found: Runtime.RemoteObject | undefined;
  session.post("Runtime.evaluate", { expression: `(${expression})`, generatePreview: true }, (_, reply) => { found = reply.result; });
  session.disconnect();
  return found!;
}

it("writes values in one line", () => {
  const texts: readonly [expression: string, text: string | RegExp, type: string][] = [
    ["1.5", "1.5", "number"], ["-0", "-0", "number"], ["NaN", "NaN", "number"], ["12n", "12n", "bigint"], ["true", "true", "boolean"],
    ["null", "null", "null"], ["undefined", "undefined", "undefined"], ["Symbol('s')", "Symbol(s)", "symbol"], ["'a\\nb'.repeat(50)", /^'(a\\nb){50}'$/, "string"],
    ["{}", "{}", "Object"], ["{ 'a b': 1, c: { d: 2 } }", "{'a b': 1, c: {…}}", "Object"], ["[1, 'x', [2]]", "Array(3) [1, 'x', Array(1)]", "Array"],
    ["new (class Point { x = 1 })", "Point {x: 1}", "Point"], ["new Map([['k', 1]])", "Map(1) {'k' => 1}", "Map"], ["new Set([1])", "Set(1) {1}", "Set"],
    ["new Float32Array(2)", "Float32Array(2) [0, 0]", "Float32Array"], ["/x/g", "/x/g", "RegExp"], ["new RangeError('far')", "RangeError: far", "RangeError"],
    ["(a, b) => a", "ƒ (a, b) =>", "function"], ["function f(a) { return { a } }", "ƒ function f(a)", "function"], ["class A extends Array { x = 1 }", "ƒ class A extends Array", "function"],
    ["{ get a() { throw 1 } }", "{a: (getter)}", "Object"], ["'x'.repeat(99999)", /^'x{10000}…'$/, "string"], ["Array.from({ length: 500 }, (_, i) => i)", /^Array\(500\) \[0, 1, .*, …\]$/, "Array"],
  ];
  for (const [expression, text, type] of texts) {
    const value = remote(expression);
    if (typeof text === "string") expect([expression, valueText(value), typeName(value)]).toEqual([expression, text, type]);
    else expect(valueText(value)).toMatch(text);
    expect(valueText(value)).not.toContain("\n");
  }
});
