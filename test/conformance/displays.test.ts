import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { KernelDriver, text } from "./kernel-driver.ts";

let folder: string;
let kernel: KernelDriver;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "potstill-displays-"));
  // Another package of that name beside the notebook: it would write to a protocol of its own and show nothing.
  mkdirSync(join(folder, "node_modules", "tslab"), { recursive: true });
  writeFileSync(join(folder, "node_modules", "tslab", "package.json"), JSON.stringify({ name: "tslab", main: "index.js" }));
  writeFileSync(join(folder, "node_modules", "tslab", "index.js"), "exports.display = { html() {} };");
  writeFileSync(join(folder, "shows.ts"), 'import { display } from "tslab"; export const show = (markup: string): void => display.html(markup);');
  kernel = await KernelDriver.start({ cwd: folder });
});
afterAll(async () => {
  await kernel.stop();
  rmSync(folder, { recursive: true, force: true });
});

const outputs = async (code: string) => {
  const { reply, messages } = await kernel.run(code);
  expect(reply.status, JSON.stringify(reply)).toBe("ok");
  return messages.filter(({ type }) => type !== "status" && type !== "execute_input").map(({ type, content }) => ({ type, data: content.data, transient: content.transient as { display_id?: string } }));
};

describe("tslab's interface", () => {
  it.each([
    ["import * as tslab", 'import * as tslab from "tslab"; tslab.display.html("<b>1</b>")'],
    ["import { display }", 'import { display as shown } from "tslab"; shown.html("<b>1</b>")'],
    ["import()", '(await import("tslab")).display.html("<b>1</b>")'],
    ["require", 'require("tslab").display.html("<b>1</b>")'],
    ["a TypeScript file beside the notebook", 'import { show } from "./shows.ts"; show("<b>1</b>")'],
  ])("is the running kernel's through %s, whatever is installed beside the notebook, and gives no result", async (_, code) => {
    expect(await outputs(code)).toEqual([{ type: "display_data", data: { "text/html": "<b>1</b>" }, transient: {} }]);
  });

  it("updates one output through newDisplay, from other cells too", async () => {
    const [first] = await outputs('import { newDisplay } from "tslab"; const place = newDisplay(); place.text("1");');
    const [second] = await outputs('place.markdown("*2*")');
    expect([first.type, second.type, second.data]).toEqual(["display_data", "update_display_data", { "text/markdown": "*2*" }]);
    expect(second.transient.display_id).toBe(first.transient.display_id);
  });

  it("takes a cell with tslab's mark for elements, which is TypeScript's pragma, as TSX", async () => {
    const [shown] = await outputs('// first\n/** @jsx h */\nconst h = (tag: string, attributes: object, ...rest: string[]) => ({ tag, ...attributes, rest }); <b id="x">hi</b>');
    expect(shown.data["text/plain"]).toBe("{ tag: 'b', id: 'x', rest: [ 'hi' ] }");
    expect((await kernel.run('const text = "/** @jsx h */"; const kept = <string>text; kept.length')).reply.status).toBe("ok");
  });

  it("prints the versions", async () => {
    const { messages } = await kernel.run('import * as tslab from "tslab"; console.log(Object.keys(tslab.versions).join())');
    expect(text(messages)).toBe("tslab,typescript,node\n");
  });
});

const plain = async (code: string) => (await outputs(code)).at(-1)?.data["text/plain"];

describe("results", () => {
  it("that are errors show their stack in the cells' own lines, nested ones and causes too, and nothing of the kernel", async () => {
    expect(await plain('function fail() {\n  return new Error("no", { cause: new TypeError("why") });\n}\n({ list: [fail()] })'))
      .toMatch(/^\{\n {2}list: \[\n {4}Error: no\n {8}at fail \(In \[\d+\]:2:10\)\n {8}at In \[\d+\]:4:11 \{\n {6}\[cause\]: TypeError: why\n {10}at fail \(In \[\d+\]:2:35\)\n {10}at In \[\d+\]:4:11\n {4}\}\n {2}\]\n\}$/);
  });

  it("that are proxies or have getters run none of their code (Deno and IJavascript do)", async () => {
    const traps = "new Proxy({}, { get: (_, name) => () => { console.log('ran', name); throw 1; } })";
    const shown = await outputs(`const trapped = new Proxy({ a: 1, get b(): never { throw 1; } }, ${traps}); trapped`);
    expect(shown).toEqual([{ type: "execute_result", data: { "text/plain": "{ a: 1, b: [Getter] }" }, transient: undefined }]);
    expect(await outputs(`display([trapped, new Proxy(() => 1, ${traps})])`)).toMatchObject([{ type: "display_data" }]);
  });

  it("that are promises are neither awaited nor lost", async () => {
    expect(await plain("new Promise(() => {})")).toBe("Promise { <pending> }");
    expect(await plain("Promise.resolve([1])")).toBe("Promise { [ 1 ] }");
  });

  it("of 50 MB, or with a million keys, are shortened and say so", async () => {
    expect((await plain('"x".repeat(50_000_000)'))!.length).toBeLessThan(11_000);
    expect(await plain("new Float64Array(100_000_000)")).toContain("... 99999900 more items");
    expect(await plain("({ all: Object.fromEntries(Array.from({ length: 1_000_000 }, (_, i) => [`k${i}`, i])) })")).toContain("... 999800 more properties");
  });

  it("that are pictures in a Blob are shown when they have been read", async () => {
    const png = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==";
    const [shown] = await outputs(`new Blob([Buffer.from("${png}", "base64")], { type: "image/png" })`);
    expect(shown).toMatchObject({ type: "execute_result", data: { "image/png": png } });
    expect(await plain('new Blob(["text"], { type: "image/png" })')).toBe("Blob { size: 4, type: 'image/png' }");
  });

  it("without words of their own get some", async () => {
    expect((await outputs('({ [Symbol.for("Jupyter.display")]: () => ({ "text/html": "<b>x</b>" }), a: 1 })'))[0].data).toMatchObject({ "text/html": "<b>x</b>", "text/plain": expect.stringContaining("a: 1") as unknown });
    expect((await outputs('({ _toHtml: () => "<i>y</i>", _toMime: () => ({ "text/x-own": "z" }) })'))[0].data).toMatchObject({ "text/html": "<i>y</i>", "text/x-own": "z" });
  });
});
