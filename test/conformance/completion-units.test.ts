import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { KernelDriver } from "./kernel-driver.ts";

let kernel: KernelDriver;
beforeAll(async () => {
  kernel = await KernelDriver.start({ env: { POTSTILL_TYPECHECK: "error" } });
  await kernel.run("const emo = { '😀a': 1, plain: 2 }; class Box { #hidden = 1; shown() {} } function opt(options: { colour?: 'red' | 'green'; size: number }) {}");
});
afterAll(() => kernel.stop());

/** `|` marks the cursor; what is replaced, and by what. */
const completions: readonly (readonly [code: string, replaced: string, matches: readonly string[]])[] = [
  ["'😀😀'; emo.pl|", "pl", ["plain"]],
  ["/* 👩‍👩‍👧 */ emo?.pl|", "pl", ["plain"]],
  ["`😀 ${emo.pl|}`", "pl", ["plain"]],
  ["𝒳 = emo.pl|", "pl", ["plain"]],
  ["emo['😀|']", "😀", ["😀a"]],
  ["'😀'; import fs from 'node:f|'", "node:f", ["node:fs", "node:fs/promises"]],
  ["'😀'; import { readFileS| } from 'node:fs'", "readFileS", ["readFileSync"]],
  ["'😀'; opt({ co|", "co", ["colour"]],
  ["'😀'; opt({ colour: 'r|' })", "r", ["red"]],
  ["'😀'; class Q { #zip = 1; zap() { this.#z| } }", "#z", ["#zip"]],
  ["'😀'; new Box().|", "", ["shown"]],
  ["'😀'; globalThis.__potst|", "__potst", []],
];

describe("completion in code with characters beyond the BMP", () => {
  it.each(completions)("counts them as one: %s", async (text, replaced, matches) => {
    const code = text.replace("|", "");
    const cursor = Array.from(text.slice(0, text.indexOf("|"))).length;
    const reply = await kernel.request("complete_request", { code, cursor_pos: cursor });
    expect(reply).toMatchObject({ status: "ok", cursor_end: cursor, matches });
    expect(Array.from(code).slice(reply.cursor_start, cursor).join("")).toBe(replaced);
  });

  it.each(["'😀😀'; em|o", "`😀 ${em|o}`"])("inspects the name at the cursor: %s", async (text) => {
    const cursor = Array.from(text.slice(0, text.indexOf("|"))).length;
    const reply = await kernel.request("inspect_request", { code: text.replace("|", ""), cursor_pos: cursor, detail_level: 0 });
    expect(reply.data["text/plain"]).toContain("const emo: {");
  });
});
