import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { codeCacheFolder, loadCompiled } from "../../../kernel/language/compiled-script.ts";

let folder: string;
let file: string;
let cache: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "potstill-compiled-"));
  file = join(folder, "library.js");
  cache = join(folder, "cache");
  writeFileSync(file, `"use strict";\nfunction sum(n) { return n === 0 ? 0 : n + sum(n - 1); }\nmodule.exports = { answer: sum(4), path: require("node:path").basename(__filename), where: () => new Error("x").stack };\n`);
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

type Library = { answer: number; path: string; where: () => string };

describe("a compiled script", () => {
  it("gives what require would give, with the file's own lines", () => {
    const library = loadCompiled(file, cache).exports as Library;
    expect(library).toMatchObject({ answer: 10, path: "library.js" });
    expect(library.where()).toContain(`${file}:3:`);
  });

  it("comes from the cache once it was kept, and is kept once", () => {
    const first = loadCompiled(file, cache);
    expect(first.cached).toBe(false);
    first.keep();
    const [name, ...others] = readdirSync(cache);
    expect(others).toEqual([]);
    const written = statSync(join(cache, name)).mtimeMs;
    const second = loadCompiled(file, cache);
    expect(second.cached).toBe(true);
    expect((second.exports as Library).answer).toBe(10);
    second.keep();
    expect(statSync(join(cache, name)).mtimeMs).toBe(written);
  });

  it("is compiled again when the file has changed, even if its length has not", () => {
    loadCompiled(file, cache).keep();
    writeFileSync(file, readFileSync(file, "utf8").replace("sum(4)", "sum(3)"));
    utimesSync(file, new Date(), new Date(Date.now() + 5000));
    const changed = loadCompiled(file, cache);
    expect(changed.cached).toBe(false);
    expect((changed.exports as Library).answer).toBe(6);
  });

  it.each([
    ["damaged", (bytes: Buffer) => { bytes[bytes.length - 1] ^= 1; return bytes; }],
    ["cut short", (bytes: Buffer) => bytes.subarray(0, 100)],
    ["empty", () => Buffer.alloc(0)],
  ])("does without a cache that is %s, and mends it", (_, spoil) => {
    loadCompiled(file, cache).keep();
    const place = join(cache, readdirSync(cache)[0]);
    writeFileSync(place, spoil(readFileSync(place)));
    const spoilt = loadCompiled(file, cache);
    expect(spoilt.cached).toBe(false);
    expect((spoilt.exports as Library).answer).toBe(10);
    spoilt.keep();
    expect(loadCompiled(file, cache).cached).toBe(true);
  });

  it("does without a cache that cannot be written", () => {
    const script = loadCompiled(file, join(file, "no-folder"));
    expect(() => script.keep()).not.toThrow();
    expect((script.exports as Library).answer).toBe(10);
  });

  it("is kept in the user's cache", () => {
    expect(codeCacheFolder({ POTSTILL_CACHE: "/c", XDG_CACHE_HOME: "/x" })).toBe(join("/c", "v8"));
    expect(codeCacheFolder({ XDG_CACHE_HOME: "/x" })).toBe(join("/x", "potstill", "v8"));
  });
});
