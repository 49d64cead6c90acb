import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { liveExports } from "../../../kernel/language/live-exports.ts";

const files: Readonly<Record<string, string>> = {
  "own.ts": "export let a = 1, b = 2; export var c = 3; export const d = 4; export function e() {} let f = 5; const g = 6; export { f, g as h, f as default }; export type T = 1;",
  "again.ts": 'export * from "./own.ts"; export { c as i, d as j } from "./own.js"; export * as k from "./own.ts";',
  "around.ts": 'export * from "./around.ts"; export let x = 1;',
  "plain.ts": "export const let1 = 1;",
  "data.json": "{}",
};

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "potstill-live-"));
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const live = (name: string) => [...liveExports(pathToFileURL(join(folder, name)).href)].sort();

describe("the exports that may change after a module was loaded", () => {
  it("are those declared with let and var, under whatever names", () => expect(live("own.ts")).toEqual(["a", "b", "c", "default", "f"]));
  it("are found behind other modules, without the default", () => expect(live("again.ts")).toEqual(["a", "b", "c", "f", "i"]));
  it("are found where modules go round in circles", () => expect(live("around.ts")).toEqual(["x"]));
  it("are none where there is no module, or none that can be read", () => {
    for (const name of ["plain.ts", "data.json", "absent.ts"]) expect(live(name)).toEqual([]);
  });
});
