import { spawnSync } from "node:child_process";
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";

const project = join(import.meta.dirname, "..", "..");
const root = mkdtempSync(join(tmpdir(), "potstill-build-"));
const lock = join(root, "dist", ".lock");
afterAll(() => rmSync(root, { recursive: true }));

beforeAll(() => {
  for (const folder of ["cli", "lib", "dist"]) mkdirSync(join(root, folder));
  for (const name of ["build.mjs", "bundle.mjs"]) copyFileSync(join(project, "cli", name), join(root, "cli", name));
  symlinkSync(join(project, "node_modules"), join(root, "node_modules"));
  writeFileSync(join(root, "lib", "one.ts"), "export const one: number = 1;\n");
  writeFileSync(join(root, "package.json"), JSON.stringify({ type: "module" }));
  writeFileSync(join(root, "tsconfig.json"), "{}");
  writeFileSync(join(root, "tsconfig.build.json"), JSON.stringify({ compilerOptions: { outDir: "dist", rootDir: ".", types: [], lib: ["es2022"] }, include: ["lib"] }));
});

const build = (timeout: number) => {
  utimesSync(join(root, "lib", "one.ts"), new Date(), new Date());
  return spawnSync(process.execPath, [join(root, "cli", "build.mjs")], { encoding: "utf8", timeout });
};

it.each([["an empty lock, which a kill or a full disk left", ""], ["the lock of a process that is gone", String(2 ** 22 + 7)]])("takes over %s", (_, content) => {
  writeFileSync(lock, content);
  expect(build(60_000)).toMatchObject({ status: 0, stderr: "potstill: compiling TypeScript …\n" });
  expect(existsSync(join(root, "dist", "lib", "one.js"))).toBe(true);
  expect(readdirSync(join(root, "dist")).filter((name) => name.startsWith(".lock"))).toEqual([]);
});

it("waits for a process that is compiling", () => {
  writeFileSync(lock, String(process.pid));
  expect(build(1500)).toMatchObject({ signal: "SIGTERM" });
  expect(existsSync(lock)).toBe(true);
});
