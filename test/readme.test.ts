import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { potstill, root } from "./potstill.ts";

const readme = readFileSync(join(root, "README.md"), "utf8");
const folder = mkdtempSync(join(tmpdir(), "potstill-readme-"));
afterAll(() => { rmSync(folder, { recursive: true }); });

describe("the README", () => {
  it("has TypeScript examples that run as cells and print what they promise", { timeout: 120_000 }, async () => {
    const examples = [...readme.matchAll(/```ts\n([\s\S]*?)```/g)].map(([, source]) => source);
    expect(examples).toHaveLength(1);
    const input = join(folder, "readme.ipynb"), output = join(folder, "out.ipynb");
    const cells = examples.map((source, i) => ({ cell_type: "code", id: `example-${i}`, metadata: {}, execution_count: null, outputs: [], source }));
    writeFileSync(input, JSON.stringify({ nbformat: 4, nbformat_minor: 5, metadata: { kernelspec: { name: "potstill", display_name: "TypeScript (Potstill)", language: "typescript" } }, cells }));
    const { code, stderr } = await potstill(["run", input, output]);
    expect(code, stderr).toBe(0);
    const [cell] = (JSON.parse(readFileSync(output, "utf8")) as { cells: { outputs: { name: string; text: string | string[] }[] }[] }).cells;
    const text = cell.outputs.flatMap((out) => out.text).join("");
    const steps = text.trim().split("\n").map((line) => line.split(" ").map(Number));
    expect(steps.map(([iteration]) => iteration)).toEqual(Array.from({ length: 20 }, (_, i) => i));
    const mean = (list: number[][]) => list.reduce((sum, [, total]) => sum + total, 0) / list.length;
    expect(mean(steps.slice(-5))).toBeLessThan(mean(steps.slice(0, 5))); // it learns
  });

  it("names commands that exist", async () => {
    const { stdout } = await potstill(["--help"]);
    const named = [...readme.matchAll(/npx potstill (\w+)/g)].map(([, name]) => name);
    expect(named.length).toBeGreaterThan(3);
    for (const name of named) expect(stdout).toMatch(new RegExp(`^  ${name}\\b`, "m"));
  });

  it("shows pictures and links files that are there", () => {
    for (const [, path] of readme.matchAll(/\]\(((?!https?:)[^)]+)\)/g)) expect(() => readFileSync(join(root, path)), path).not.toThrow();
  });
});
