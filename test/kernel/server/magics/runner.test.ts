import { stripVTControlCharacters } from "node:util";
import { describe, expect, it } from "vitest";
import { splitMagics } from "../../../../kernel/language/magics.ts";
import { magics } from "../../../../kernel/server/magics/index.ts";
import { runMagics } from "../../../../kernel/server/magics/runner.ts";
import type { MagicResult } from "../../../../kernel/server/magics/runner.ts";
import { Settings } from "../../../../kernel/server/settings.ts";

async function run(code: string, settings = new Settings(), signal = new AbortController().signal): Promise<MagicResult & { printed: () => string; settled: Settings }> {
  let printed = "";
  const cell = { code, label: "In [1]", settings: settings.of(), print: (text: string) => { printed += text; }, display: () => () => undefined };
  const result = await runMagics(splitMagics(code).magics, cell, { folder: ".", settings, packagesChanged: () => undefined, signal });
  return { ...result, printed: () => printed, settled: settings };
}

describe("runMagics", () => {
  it("%typecheck acts from now on, %%typecheck on its cell alone, and the later wins", async () => {
    const always = await run("%typecheck warn");
    expect([always.settings.typecheck, always.settled.of().typecheck]).toEqual(["warn", "warn"]);
    const once = await run("%%typecheck off");
    expect([once.settings.typecheck, once.settled.of().typecheck]).toEqual(["off", "error"]);
    expect((await run("%%typecheck off\n%typecheck warn\n%typecheck")).printed()).toBe("Type checking: warn\n");
  });

  it("%tsx switches on and off", async () => {
    expect((await run("%tsx")).settled.of().tsx).toBe(true);
    expect((await run("%%tsx on\n%%tsx off")).settings.tsx).toBe(false);
  });

  it("runs none when one does not exist, and names those that do", async () => {
    const { failure, settled } = await run("%typecheck off\n  %typechek off");
    expect(settled.of().typecheck).toBe("error");
    expect(failure!.ename).toBe("MagicError");
    for (const name of Object.keys(magics)) expect(failure!.evalue).toContain(`%${name}`);
    const lines = stripVTControlCharacters(failure!.traceback.join("\n")).split("\n");
    expect(lines.slice(0, 4)).toEqual(["Cell In[1], line 2, column 3", "  1 | %typecheck off", "> 2 |   %typechek off", "    |   ^^^^^^^^^"]);
  });

  it.each([
    ["%typecheck strict", /no type-check mode "strict", expected error, warn or off.*Usage: %typecheck/],
    ["%typecheck warn off", /2 arguments were given, expected 0 to 1/],
    ["%tsx maybe", /"maybe" is neither on nor off/],
    ["%%time 3", /1 argument was given, expected 0\./],
    ["%help nothing", /There is no magic %nothing/],
    ["%", /name must follow the percent sign/],
    ["%constructor", /There is no magic %constructor/],
  ])("refuses %s", async (code, message) => {
    expect((await run(code)).failure!.evalue).toMatch(message);
  });

  it("%lsmagic and %help explain every magic", async () => {
    const list = (await run("%lsmagic")).printed();
    for (const { usage, summary } of Object.values(magics)) expect(list.replace(/\s+/g, " ")).toContain(`${usage} ${summary}`);
    expect(Math.max(...list.split("\n").map((line) => line.length))).toBeLessThanOrEqual(100);
    expect((await run("%help %typecheck")).printed()).toContain("What is done about type errors");
    expect((await run("%help")).printed()).toBe(list);
  });

  it("%%time tells the time of the code when that has ended", async () => {
    const result = await run("%%time");
    expect(result.printed()).toBe("");
    result.ended(65_400);
    result.ended(12.3456);
    expect(result.printed()).toBe("Wall time: 1 min 5 s\nWall time: 12.3 ms\n");
  });

  it("does not begin a magic after an interrupt", async () => {
    const error = Object.assign(new Error("interrupted"), { name: "InterruptedError" });
    const { failure, settled } = await run("%typecheck off", undefined, AbortSignal.abort(error));
    expect([failure!.ename, settled.of().typecheck]).toEqual(["InterruptedError", "error"]);
  });
});
