import { describe, expect, it } from "vitest";
import { most } from "../../../kernel/display/limits.ts";
import { plainText } from "../../../kernel/display/plain-text.ts";

const keyed = (count: number) => Object.fromEntries(Array.from({ length: count }, (_, i) => [`k${i}`, i]));
const lines = (value: unknown) => plainText(value).split("\n");

describe("text of ordinary values", () => {
  it.each([
    [new Date(Number.NaN), "Invalid Date"], [new Date(0), "1970-01-01T00:00:00.000Z"], [/a+/gi, "/a+/gi"], [[-0, 5n, Symbol("s")], "[ -0, 5n, Symbol(s) ]"],
    [new Map([[{ a: 1 }, new Set([1])]]), "Map(1) { { a: 1 } => Set(1) { 1 } }"], [new WeakMap(), "WeakMap { <items unknown> }"],
    [Promise.resolve({ a: 1 }), "Promise { { a: 1 } }"], [new Promise(() => undefined), "Promise { <pending> }"], [Object.create(null), "[Object: null prototype] {}"],
    [new URL("https://example.org/a?b=1").searchParams, "URLSearchParams { 'b' => '1' }"], [new Headers({ a: "1" }), "Headers { a: '1' }"],
    [new (class Point { x = 1; #hidden = 2; get y() { return this.#hidden; } })(), "Point { x: 1 }"],
    [new Intl.NumberFormat("en"), "NumberFormat [Intl.NumberFormat] {}"],
  ])("%o", (value, text) => expect(plainText(value)).toBe(text));

  it("marks circles", () => {
    const circle: { name: string; self?: unknown; list: unknown[] } = { name: "a", list: [] };
    circle.self = circle;
    circle.list.push(circle);
    expect(plainText(circle)).toBe("<ref *1> { name: 'a', list: [ [Circular *1] ], self: [Circular *1] }");
  });

  it("runs no getter, no trap and no iterator", () => {
    let ran = 0;
    const trap = () => { ran++; return undefined; };
    const traps = new Proxy({}, { get: () => trap });
    function* generate() { ran++; yield 1; }
    const texts = [{ get a() { return trap(); } }, new Proxy({ a: 1 }, traps), generate(), [1].values(), (async function* () { yield ran++; })(), { deep: [new Proxy([1], traps)] }].map(plainText);
    expect(texts).toEqual(["{ a: [Getter] }", "{ a: 1 }", "Object [Generator] {}", "Object [Array Iterator] {}", "Object [AsyncGenerator] {}", "{ deep: [ [ 1 ] ] }"]);
    expect(ran).toBe(0);
  });

  it("leaves iterators where they were", () => {
    const iterator = new Map([[1, 2]]).entries();
    expect(plainText(iterator)).toBe("[Map Entries] { [ 1, 2 ] }");
    expect(iterator.next().value).toEqual([1, 2]);
  });

  it("gives functions and classes with their source, except where that is the kernel's", () => {
    function add(a: number, b: number) { return a + b; }
    expect(lines(add)).toEqual(["[Function: add]", ...Function.prototype.toString.call(add).split("\n")]);
    expect(lines(class A extends Map { static of = 1; })[0]).toBe("[class A extends Map] { of: 1 }");
    expect(plainText(Math.max)).toBe("[Function: max]");
    // eslint-disable-next-line @typescript-eslint/no-implied-eval
    expect(plainText(new Function("return __potstill.inner(1)"))).toBe("[Function: anonymous]");
    // eslint-disable-next-line @typescript-eslint/no-implied-eval
    expect(lines(new Function("a;\n".repeat(100))).at(-1)).toMatch(/^\.\.\. \d+ more lines$/);
  });
});

describe("text of large values", () => {
  it("counts what it leaves out: elements, entries, characters", () => {
    expect(plainText(new Float64Array(1e8))).toMatch(/^Float64Array\(100000000\) \[[^]*\.\.\. 99999900 more items\n\]$/);
    expect(plainText(new Set(Array(1e5).keys()))).toMatch(/^Set\(100000\)[^]*\.\.\. 99900 more items\n\}$/);
    expect(plainText("x".repeat(50_000_000))).toBe(`'${"x".repeat(most.string)}'... 49990000 more characters (console.log prints the whole text)`);
  });

  it("shows the first keys of an object, nested ones too, and counts the others", () => {
    const many = keyed(100_000);
    expect(lines(many).slice(-3)).toEqual(["  k199: 199,", "  ... 99800 more properties", "}"]);
    for (const holder of [{ a: many }, [[many]], { b: [{ c: many }] }]) {
      expect(plainText(holder)).toContain("... 99800 more properties");
      expect(plainText(holder).length).toBeLessThan(10_000);
    }
    expect(plainText(keyed(200))).not.toContain("more properties");
  });

  it("keeps class names, accessors and circles in objects with many keys", () => {
    class Big { self = this; get lazy(): never { throw new Error("ran"); } }
    const big = Object.assign(new Big(), keyed(1000));
    Object.defineProperty(big, "k0", { get() { throw new Error("ran"); }, enumerable: true });
    const text = plainText({ big, list: [big] });
    expect(text).toContain("Big {\n    self: [Circular *");
    expect(text).toContain("k0: [Getter]");
    expect(text.match(/\.\.\. 801 more properties/g)).toHaveLength(2);
  });

  it("keeps circles beside objects with many keys", () => {
    const world: Record<string, unknown> = { many: keyed(1000), list: [] };
    world.self = world;
    (world.list as unknown[]).push(world.list, world);
    const text = plainText(world);
    expect(text).toMatch(/^<ref \*2> \{\n {2}many: \{/);
    expect(text).toMatch(/list: <ref \*1> \[ \[Circular \*1\], \[Circular \*2\] \],\n {2}self: \[Circular \*2\]\n\}$/);
    expect(world.self).toBe(world);
  });

  it("goes less deep where going deep would be endless", () => {
    const wide = (depth: number): unknown => (depth === 0 ? 1 : Array.from({ length: 100 }, () => wide(depth - 1)));
    const text = plainText(wide(3));
    expect(text.length).toBeLessThan(most.text);
    expect(text).toContain("[Array]");
    const shared = (depth: number, inner: unknown): unknown => (depth === 0 ? inner : shared(depth - 1, Array(100).fill(inner)));
    expect(plainText(shared(12, "x")).length).toBeLessThan(most.text);
  });

  it("has an end whatever a value's own inspection gives", () => {
    const endless = { [Symbol.for("nodejs.util.inspect.custom")]: () => "y".repeat(1_000_000) };
    expect(plainText(endless)).toMatch(/^y{200000}\n\.\.\. 800000 more characters$/);
  });
});
