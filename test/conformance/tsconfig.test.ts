import { mkdirSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { KernelDriver, text } from "./kernel-driver.ts";

let kernel: KernelDriver;
beforeAll(async () => { kernel = await KernelDriver.start({ env: { POTSTILL_TYPECHECK: "error" } }); });
afterAll(() => kernel.stop());

let clock = 1_000_000;
function write(name: string, content: object | string): void {
  const path = join(kernel.folder, name);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, typeof content === "string" ? content : JSON.stringify(content));
  utimesSync(path, ++clock, clock);
}

const tsconfig = (compilerOptions: object): void => write("tsconfig.json", { compilerOptions });

/** What a cell gives: the code of its type error, or the text of its result. */
async function outcome(code: string): Promise<string | undefined> {
  const { reply, messages } = await kernel.run(code);
  if (reply.status === "ok") return messages.find(({ type }) => type === "execute_result")?.content.data["text/plain"];
  return /^TS\d+/.exec(reply.evalue)?.[0] ?? `${reply.ename}: ${reply.evalue}`;
}

describe("the notebook's tsconfig.json (tslab and Deno's notebooks ignore it)", () => {
  it("says how strictly cells are checked, from the first cell on, and again when it changes", async () => {
    const lax = "const s: string = null; String(s)";
    tsconfig({ strict: false });
    expect(await outcome(lax)).toBe("'null'");
    tsconfig({ strict: true, noUncheckedIndexedAccess: true });
    expect(await outcome(lax)).toBe("TS2322");
    expect(await outcome("['a'][0].length")).toBe("TS2532");
    rmSync(join(kernel.folder, "tsconfig.json"));
    expect(await outcome("['a'][0].length")).toBe("1");
  }, 60_000);

  it("says which libraries there are; Node's are always", async () => {
    tsconfig({ lib: ["es2020", "dom"] });
    expect(await outcome("[1].values().map(String).toArray()")).toBe("TS2339");
    expect(await outcome("const node = document.createElement('p')")).toContain("document is not defined");
    expect(await outcome("process.version.length > 0 && Buffer.from('a').length")).toBe("1");
  }, 60_000);

  it("may be broken: that is said once, and cells run by the usual rules", async () => {
    write("tsconfig.json", `{ "compilerOptions": { "strict": false, `);
    const first = await kernel.run("let n: number | null = null; n");
    expect(text(first.messages, "stderr")).toMatch(/^tsconfig\.json:1:\d+: TS1005: .* The file is ignored\.\n$/);
    expect(await outcome("const t: string = null")).toBe("TS2322");
    expect(text((await kernel.run("2")).messages, "stderr")).toBe("");
    tsconfig({ strickt: true });
    expect(text((await kernel.run("3")).messages, "stderr")).toContain("Unknown compiler option 'strickt'");
  }, 60_000);

  it("maps paths, for types and at run time, in cells and in the files they import", async () => {
    tsconfig({ paths: { "@/*": ["./src/*"], config: ["./src/settings.json"] } });
    write("src/area.ts", `import { pi } from "@/numbers.js";\nimport settings from "config" with { type: "json" };\nexport const area = (r: number): string => settings.unit + pi * r * r;\n`);
    write("src/numbers.ts", "export const pi: number = 3;\n");
    write("src/settings.json", { unit: "m" });
    expect(await outcome(`import { area } from "@/area";\narea(2)`)).toBe("'m12'");
    expect(await outcome(`import { area as again } from "@/area";\nagain("2")`)).toBe("TS2345");
    expect(await outcome(`(await import("@/numbers.ts")).pi`)).toBe("3");
    expect(await outcome(`import { nothing } from "@/nowhere";`)).toBe("TS2307");
    expect((await kernel.request("complete_request", { code: `import { x } from "@/`, cursor_pos: 21 })).matches).toEqual(expect.arrayContaining(["area.ts", "numbers.ts"]));
  }, 60_000);

  it("says what decorators mean, in cells and in files", async () => {
    const decorated = "const seen: string[] = [];\nfunction note(target: object, name: string) { seen.push(name) }\nclass Old { @note value = 1 }\nseen";
    tsconfig({ experimentalDecorators: true, useDefineForClassFields: false });
    write("old.ts", decorated.replace(/seen$/, "export { seen }"));
    expect(await outcome(decorated)).toBe("[ 'value' ]");
    expect(await outcome(`import { seen as other } from "./old.ts";\nother`)).toBe("[ 'value' ]");
    tsconfig({});
    expect(await outcome(decorated)).toBe("TS1240");
  }, 60_000);
});

describe("TSX", () => {
  const h = "const h = (tag: string, props: object | null, ...children: unknown[]) => ({ tag, props, children });";

  it("is on where tsconfig.json sets jsx, with its factory", async () => {
    tsconfig({ jsx: "react", jsxFactory: "h" });
    expect(await outcome(`${h}\n<b id="x">{1 + 1}</b>`)).toBe("{ tag: 'b', props: { id: 'x' }, children: [ 2 ] }");
    expect(await outcome("<i>{again}</i>")).toBe("TS2304");
    expect((await kernel.request("is_complete_request", { code: "<b>" })).status).toBe("incomplete");
    expect((await kernel.request("is_complete_request", { code: "<b>{1}</b>" })).status).toBe("complete");
  }, 60_000);

  it("calls the runtime of jsxImportSource, with its types", async () => {
    write("node_modules/tiny/package.json", { name: "tiny", version: "1.0.0", type: "module", exports: { "./jsx-runtime": { types: "./jsx-runtime.d.ts", default: "./jsx-runtime.js" } } });
    write("node_modules/tiny/jsx-runtime.js", "export const jsx = (tag, props) => ({ tag, ...props });\nexport const jsxs = jsx;\nexport const Fragment = '';\n");
    write("node_modules/tiny/jsx-runtime.d.ts", "export namespace JSX { interface Element { tag: string } interface IntrinsicElements { p: { id?: string; children?: unknown } } }\nexport declare const jsx: unknown, jsxs: unknown, Fragment: string;\n");
    tsconfig({ jsx: "react-jsx", jsxImportSource: "tiny" });
    write("part.tsx", "export const part = <p id=\"inner\"/>;\n");
    expect(await outcome(`import { part } from "./part.tsx";\nconst node = <p id="a">{part.tag}</p>;\nnode`)).toBe("{ tag: 'p', id: 'a', children: 'p' }");
    expect(await outcome(`<p id={5}/>`)).toBe("TS2322");
    expect(await outcome(`<q/>`)).toBe("TS2339");
  }, 60_000);

  it("is switched by a magic, for one cell or from now on; names are shared with plain cells", async () => {
    tsconfig({ jsxFactory: "h" });
    expect(await outcome("const n = <number>(5 as unknown); n")).toBe("5");
    expect(await outcome(`%%tsx\n${h}\nconst plain = <b>{n}</b>; plain.children`)).toBe("[ 5 ]");
    expect(await outcome("plain.tag + <string>'!'")).toBe("'b!'");
    expect((await kernel.request("complete_request", { code: "%%tsx\nconst e = <b>{n.toFi}</b>", cursor_pos: 26 })).matches).toEqual(["toFixed"]);
    await kernel.run("%tsx on");
    expect(await outcome("(<i/>).tag")).toBe("'i'");
    await kernel.run("%tsx off");
    expect(await outcome("<string>'off'")).toBe("'off'");
  }, 60_000);
});
