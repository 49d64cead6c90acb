import { describe, expect, it } from "vitest";
import { hasMethods, hasProperties, lookup } from "../../../kernel/display/lookup.ts";

const untouchable = new Proxy({ a: 1 }, new Proxy({}, { get: (_, trap) => () => { throw new Error(`ran ${String(trap)}`); } }));
class Base { method() { return 1; } get computed(): never { throw new Error("ran"); } }
class Child extends Base { own = 1; }

describe("looking at values without running their code", () => {
  it("finds values and methods, inherited ones too, and no getters", () => {
    const child = new Child();
    expect([lookup(child, "own"), typeof lookup(child, "method"), lookup(child, "computed"), lookup(child, "none")]).toEqual([1, "function", undefined, undefined]);
    expect([hasMethods(child, "method"), hasMethods(child, "method", "own"), hasMethods(child, "computed")]).toEqual([true, false, false]);
    expect([hasProperties(child, "own", "computed"), hasProperties(child, "none")]).toEqual([true, false]);
  });

  it("stops at proxies, also among prototypes", () => {
    const heir = Object.create(untouchable) as object;
    for (const value of [untouchable, heir]) expect([lookup(value, "a"), hasMethods(value, "a")]).toEqual([undefined, false]);
    expect(hasProperties(untouchable, "a")).toBe(false);
  });

  it("takes what is no object", () => {
    for (const value of [null, undefined, 1, "s", Symbol("s")]) expect([lookup(value, "length"), hasMethods(value, "toString"), hasProperties(value, "length")]).toEqual([undefined, false, false]);
  });
});
