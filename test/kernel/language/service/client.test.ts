import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startLanguageService } from "../../../../kernel/language/service/client.ts";
import type { LanguageClient } from "../../../../kernel/language/service/client.ts";

const root = join(import.meta.dirname, "..", "..", "..", "..");
let folder: string;
let client: LanguageClient;

beforeAll(() => {
  const built = spawnSync(process.execPath, [join(root, "cli", "build.mjs")], { encoding: "utf8" });
  if (built.status !== 0) console.warn(`the build reported errors:\n${built.stderr}`);
  folder = mkdtempSync(join(tmpdir(), "potstill-client-"));
  client = startLanguageService({ cwd: folder });
});
afterAll(async () => {
  await client.dispose();
  rmSync(folder, { recursive: true, force: true });
});

describe("the language thread", () => {
  it("checks cells against what was committed before, in order", async () => {
    client.commit({ code: `let x: number = 1;`, name: "1" });
    expect(await client.check({ code: `x = "a";`, name: "2" })).toMatchObject([{ code: 2322, line: 1, column: 1, endColumn: 2 }]);
    expect(await client.check({ code: `x = 2; const shown = display(x);`, name: "2" })).toEqual([]);
  });

  it("answers every kind of question", async () => {
    expect((await client.complete({ code: "Math.sq" }, 7)).matches).toEqual(["sqrt"]);
    expect((await client.inspect({ code: "x" }, 1, 0)).data["text/plain"]).toContain("let x: number");
    expect(await client.isComplete({ code: "f(" })).toEqual({ status: "incomplete", indent: "  " });
  });

  it("rejects open questions when it is closed, and later ones too", async () => {
    const other = startLanguageService({ cwd: folder });
    const open = other.check({ code: `1`, name: "open" });
    const closed = other.dispose();
    await expect(open).rejects.toThrow(/closed|ended/);
    await closed;
    await expect(other.isComplete({ code: "1" })).rejects.toThrow("closed");
  });

  it("does not keep a process alive", () => {
    const module = join(root, "dist", "kernel", "language", "service", "client.js");
    const script = `import { startLanguageService } from ${JSON.stringify(module)}; startLanguageService({ cwd: process.cwd() });`;
    const { status, signal } = spawnSync(process.execPath, ["--input-type=module", "-e", script], { timeout: 20_000 });
    expect({ status, signal }).toEqual({ status: 0, signal: null });
  });
});
