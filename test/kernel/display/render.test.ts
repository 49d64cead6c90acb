import { createRequire, Module } from "node:module";
import { JSDOM } from "jsdom";
import type * as TensorFlow from "@tensorflow/tfjs";
import sharp from "sharp";
import { describe, expect, it } from "vitest";
import { mimeBundle } from "../../../kernel/display/index.ts";
import { displaySymbol } from "../../../kernel/display/mime.ts";
import { render } from "../../../kernel/display/render.ts";
import { html, image, json, latex, md, svg } from "../../../kernel/display/wrappers.ts";

const bundle = async (value: unknown) => (await mimeBundle(value)).data;
const types = async (value: unknown) => Object.keys(await bundle(value)).sort();
const dom = (markup: unknown) => new JSDOM(markup as string).window.document.body;

type Danfo = { DataFrame: new (rows: unknown[][], options: { columns: string[] }) => unknown; Series: new (values: unknown[]) => unknown };

/** danfojs on TensorFlow.js's plain JavaScript backend, so that no native library is needed. */
function loadDanfo(): Danfo | undefined {
  const require = createRequire(import.meta.url);
  try {
    const native = createRequire(require.resolve("danfojs-node")).resolve("@tensorflow/tfjs-node");
    require.cache[native] = Object.assign(new Module(native), { loaded: true, exports: require("@tensorflow/tfjs") as unknown });
    return require("danfojs-node") as Danfo;
  } catch (error) {
    console.warn(`SKIPPED: danfojs-node cannot be loaded: ${String(error).slice(0, 300)}`);
    return undefined;
  }
}

const picture = (format: "png" | "jpeg" | "gif" | "webp") => sharp({ create: { width: 3, height: 2, channels: 3, background: "red" } }).toFormat(format).toBuffer();

describe("ordinary values", () => {
  it.each([[1 + 1, "2"], ["a", "'a'"], [[1, 2], "[ 1, 2 ]"], [null, "null"], [undefined, "undefined"], [10n, "10n"], [{ a: { b: { c: { d: 1 } } } }, "{\n  a: { b: { c: { d: 1 } } }\n}"], [new Map([["k", 1]]), "Map(1) { 'k' => 1 }"], [-0, "-0"], [Symbol("s"), "Symbol(s)"]])(
    "%s is text without colours", async (value, text) => expect(await bundle(value)).toEqual({ "text/plain": text }));

  it("shortens what is too long", async () => {
    const text = (await bundle(Array.from({ length: 100_000 }, (_, i) => i)))["text/plain"] as string;
    expect(text).toContain("... 99900 more items");
    expect(text.length).toBeLessThan(2000);
  });

  it("survives values that cannot be inspected", async () => {
    const hostile = { [Symbol.for("nodejs.util.inspect.custom")]() { throw new Error("no"); } };
    expect(await bundle(hostile)).toEqual({ "text/plain": "[object that cannot be shown: Error: no]" });
  });
});

describe("values that show themselves", () => {
  it("give their bundle, at once or later, on objects and functions", async () => {
    expect(await bundle({ [displaySymbol]: () => ({ "text/html": "<b>x</b>", "text/plain": "x" }) })).toEqual({ "text/html": "<b>x</b>", "text/plain": "x" });
    expect(await bundle({ [displaySymbol]: async () => ({ "text/plain": "later" }) })).toEqual({ "text/plain": "later" });
    expect(await bundle(Object.assign(() => 1, { [displaySymbol]: () => ({ "text/plain": "f" }) }))).toEqual({ "text/plain": "f" });
  });

  it("may give bytes for images, lines for text and JSON for JSON", async () => {
    const png = await picture("png");
    const shown = await bundle({ [displaySymbol]: () => ({ "image/png": png, "text/plain": ["a\n", "b"], "application/vnd.x+json": { a: [1, Number.NaN] }, "text/html": undefined }) });
    expect(shown).toEqual({ "image/png": png.toString("base64"), "text/plain": "a\nb", "application/vnd.x+json": { a: [1, null] } });
  });

  it.each([
    ["throw", () => { throw new Error("broken"); }, /could not be displayed: Error: broken/],
    ["reject", async () => { throw new Error("broken later"); }, /could not be displayed: Error: broken later/],
    ["give text", () => "plain", /must give an object of MIME types, received string/],
    ["give nothing", () => undefined, /received undefined/],
    ["give no types", () => ({}), /without MIME types/],
    ["give a bad key", () => ({ html: "x" }), /keys must be MIME types such as "text\/html", received "html"/],
    ["give a bad value", () => ({ "text/html": 5 }), /text\/html must be a string, received number/],
    ["give JSON that is none", () => ({ "application/json": () => 1 }), /application\/json must be a JSON value, received function/],
  ])("that %s become text that says so", async (_, method, message) => {
    expect((await bundle({ [displaySymbol]: method }))["text/plain"]).toMatch(message);
  });
});

describe("wrappers", () => {
  it("escape what is put into HTML, unless it is HTML", async () => {
    const items = ["<i>", "&"].map((text) => html`<li title="${text}">${text}</li>`);
    const body = dom((await bundle(html`<ul>${items}</ul>${null}${false}${0}`))["text/html"]);
    expect([...body.querySelectorAll("li")].map((li) => [li.title, li.textContent])).toEqual([["<i>", "<i>"], ["&", "&"]]);
    expect(body.textContent).toBe("<i>&0");
    expect((await bundle(html("<b>raw</b>")))["text/html"]).toBe("<b>raw</b>");
  });

  it("give Markdown without the template's indentation", async () => {
    expect((await bundle(md`
      # Title ${1}
        - item
      `))["text/markdown"]).toBe("# Title 1\n  - item");
  });

  it("keep LaTeX's backslashes and put delimiters where they lack", async () => {
    expect(await bundle(latex`\lambda \approx ${50}`)).toEqual({ "text/latex": "$$\\lambda \\approx 50$$", "text/plain": "\\lambda \\approx 50" });
    expect((await bundle(latex("$x$")))["text/latex"]).toBe("$x$");
    expect((await bundle(latex("\\begin{matrix}1\\end{matrix}")))["text/latex"]).toBe("\\begin{matrix}1\\end{matrix}");
  });

  it("give JSON", async () => {
    expect((await bundle(json({ a: [1] })))["application/json"]).toEqual({ a: [1] });
    expect((await bundle(json`{"a": ${"b"}}`))["application/json"]).toEqual({ a: "b" });
    expect(() => json(() => 1)).toThrow(/received function/);
  });

  it("give SVG with its name space, and refuse what is none", async () => {
    expect((await bundle(svg`<svg width="1"><text>${"<"}</text></svg>`))["image/svg+xml"]).toBe('<svg xmlns="http://www.w3.org/2000/svg" width="1"><text>&lt;</text></svg>');
    expect(() => svg("circle")).toThrow(/needs an <svg> element, received "circle"/);
  });

  it("give images with their size, from bytes, data URLs and addresses", async () => {
    const png = await picture("png");
    const shown = await mimeBundle(image(png, { width: 30, alt: "red" }));
    expect(shown).toEqual({ data: { "image/png": png.toString("base64"), "text/plain": "red" }, metadata: { "image/png": { width: 30 } } });
    expect(await types(image(`data:image/png;base64,${png.toString("base64")}`))).toEqual(["image/png", "text/plain"]);
    expect(dom((await bundle(image("https://example.org/a.png?b=\"c", { width: 5 })))["text/html"]).querySelector("img")!.getAttribute("src")).toBe('https://example.org/a.png?b="c');
    expect(() => image(new Uint8Array([1, 2, 3, 4]))).toThrow(/4 bytes that begin with 01020304/);
    expect(() => image({ width: 3 } as never)).toThrow("image needs a file's bytes, its path, a data: URL or a web address, received Object.");
    expect(() => image("/no/such/file.png")).toThrow(/ENOENT/);
  });
});

describe("encoded images", () => {
  it.each(["png", "jpeg", "gif", "webp"] as const)("%s files are shown as such", async (format) => {
    const bytes = await picture(format);
    expect((await bundle(new Uint8Array(bytes)))[`image/${format}`]).toBe(bytes.toString("base64"));
  });

  it("SVG files too, and other bytes as text", async () => {
    expect(await types(Buffer.from('<?xml version="1.0"?>\n<svg xmlns="http://www.w3.org/2000/svg"/>'))).toEqual(["image/svg+xml", "text/plain"]);
    expect(await bundle(new Uint8Array([1, 2]))).toEqual({ "text/plain": "Uint8Array(2) [ 1, 2 ]" });
  });
});

describe("records", () => {
  it("become tables with numbers at the right", async () => {
    const body = dom((await bundle([{ name: "<a>", "time (ms)": 1.5, n: 10 }, { name: "b", "time (ms)": 22.25, extra: true }]))["text/html"]);
    expect([...body.querySelectorAll("th")].map((th) => th.textContent)).toEqual(["name", "time (ms)", "n", "extra"]);
    expect([...body.querySelectorAll("tbody tr")].map((tr) => [...tr.children].map((td) => td.textContent))).toEqual([["<a>", "1.50", "10", ""], ["b", "22.25", "", "true"]]);
    expect([...body.querySelectorAll("tbody tr:first-child td")].map((td) => (td as HTMLElement).style.textAlign)).toEqual(["left", "right", "right", "left"]);
    expect(body.textContent).toContain("2 rows × 4 columns");
  });

  it("are shortened, with counts", async () => {
    const body = dom((await bundle(Array.from({ length: 1000 }, (_, i) => ({ i }))))["text/html"]);
    expect(body.querySelectorAll("tbody tr").length).toBe(61);
    expect(body.textContent).toContain("… 940 rows not shown …");
    expect(body.querySelector("tbody tr:last-child")!.textContent).toBe("999");
  });

  it("are plain objects that hold values; other arrays stay text", async () => {
    expect(await types([{ a: { deep: 1 } }])).toEqual(["text/plain"]);
    expect(await types([new Date()])).toEqual(["text/plain"]);
    expect(await types([{ a: 1 }, 5])).toEqual(["text/plain"]);
    expect(await types([])).toEqual(["text/plain"]);
    expect(await types([{}])).toEqual(["text/plain"]);
  });

  it("set no colours of their own but the page's", async () => {
    const markup = (await bundle([{ a: 1 }]))["text/html"] as string;
    expect(markup).not.toMatch(/#[0-9a-f]{3,6}|white(?!-space)|black/i);
    expect(markup).toContain("color: inherit");
  });
});

describe("data frames", () => {
  const frame = (values: unknown[], columns: string[]) => ({ columns, index: values.map((_, i) => i), dtypes: columns.map(() => "float32"), shape: [values.length, columns.length], values, head: () => undefined });

  it("become tables with their index, as HTML and as text", async () => {
    const shown = await bundle(frame([["x", 0.5], ["y", 12]], ["name", "AP"]));
    expect([...dom(shown["text/html"]).querySelectorAll("tbody tr")].map((tr) => [...tr.children].map((cell) => cell.textContent))).toEqual([["0", "x", "0.5"], ["1", "y", "12.0"]]);
    expect(shown["text/plain"]).toBe("   name    AP\n0  x      0.5\n1  y     12.0\n[2 rows × 2 columns]");
  });

  it("are danfojs's own, when it is installed", async (context) => {
    const danfo = loadDanfo();
    if (danfo === undefined) return context.skip();
    const shown = await bundle(new danfo.DataFrame([[1, 2.5], [3, 4]], { columns: ["a", "b"] }));
    expect(dom(shown["text/html"]).querySelectorAll("tbody td").length).toBe(4);
    expect((await bundle(new danfo.Series([1, 2, 3])))["text/plain"]).toContain("[3 rows × 1 column]");
  });
});

describe("tensors", () => {
  let reads: number[] = [];
  let disposed = 0;
  class Tensor {
    readonly shape: number[];
    readonly dtype = "float32";
    readonly isDisposed = false;
    readonly values: number[];
    constructor(shape: number[], values: number[]) { this.shape = shape; this.values = values; }
    dataSync(): number[] { reads.push(this.values.length); return this.values; }
    slice(_: number[], size: number[]): Tensor { return new Tensor(size, Array.from({ length: size.reduce((a, b) => a * b, 1) }, (_, i) => i)); }
    dispose(): void { disposed++; }
  }

  it("show type, shape and values", async () => {
    expect(await bundle(new Tensor([2, 3], [1, 2, 3, 4, 5, 6]))).toEqual({ "text/plain": "Tensor float32 [2, 3]\n[[1, 2, 3],\n [4, 5, 6]]" });
    expect(await bundle(new Tensor([], [0.5]))).toEqual({ "text/plain": "Tensor float32 []\n0.5000" });
    expect((await bundle(new Tensor([30], Array.from({ length: 30 }, (_, i) => i))))["text/plain"]).toBe("Tensor float32 [30]\n[0, 1, 2, 3, 4, 5, …, 27, 28, 29]");
  });

  it("are never read whole when they are large, and leave nothing behind", async () => {
    [reads, disposed] = [[], 0];
    const text = (await bundle(new Tensor([1000, 1000], [])))["text/plain"] as string;
    expect(text).toMatch(/^Tensor float32 \[1000, 1000\]\n\[\[0, 1, 2, 3, 4, 5, …\],/);
    expect({ reads, disposed }).toEqual({ reads: [36], disposed: 1 });
  });

  it("are TensorFlow.js's own too", async () => {
    const tf = createRequire(import.meta.url)("@tensorflow/tfjs") as typeof TensorFlow;
    const before = tf.memory().numTensors;
    const [small, large, words, variable] = [tf.tensor2d([[1.5, 2], [3, 4]]), tf.ones([100, 100]), tf.tensor1d(["a"]), tf.variable(tf.tensor1d([1, 0], "bool"), false, "mask")];
    expect(await bundle(small)).toEqual({ "text/plain": "Tensor float32 [2, 2]\n[[1.500, 2.000],\n [3.000, 4.000]]" });
    expect((await bundle(large))["text/plain"]).toMatch(/^Tensor float32 \[100, 100\]\n\[\[1, 1, 1, 1, 1, 1, …\],/);
    expect((await bundle(words))["text/plain"]).toBe('Tensor string [1]\n["a"]');
    expect((await bundle(variable))["text/plain"]).toBe('Variable "mask" bool [2]\n[1, 0]');
    tf.dispose([small, large, words, variable]);
    expect(tf.memory().numTensors - before).toBeLessThanOrEqual(1); // the variable's initial value is its maker's to dispose
    expect((await bundle(small))["text/plain"]).toBe("Tensor float32 [2, 2], disposed");
  });

  it("that are disposed say so", async () => {
    expect((await bundle({ shape: [2], dtype: "int32", isDisposed: true, dataSync() { throw new Error(); }, dispose() {} }))["text/plain"]).toContain("int32 [2], disposed");
  });
});

describe("speed", () => {
  it("answers at once for all but figures and asynchronous displays", () => {
    for (const value of [1, "a", [{ a: 1 }], html`x`, { [displaySymbol]: () => ({ "text/plain": "x" }) }]) expect(render(value)).not.toBeInstanceOf(Promise);
  });
});
