import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { KernelDriver, text } from "./kernel-driver.ts";

let kernel: KernelDriver;
beforeAll(async () => { kernel = await KernelDriver.start(); });
afterAll(() => kernel.stop());

describe("magics", () => {
  it("run before the cell's code, whose lines keep their numbers", async () => {
    const { reply, messages } = await kernel.run("%%time\n\nthrow new Error('here')");
    expect(reply.traceback.join("\n")).toContain("Cell In[1], line 3, column 7");
    expect(text(messages)).toMatch(/^Wall time: /);
    expect(messages.find(({ type }) => type === "execute_input")!.content.code).toBe("%%time\n\nthrow new Error('here')");
  });

  it("that do not exist keep the cell from running, and say which do", async () => {
    const { reply } = await kernel.run("%tim\nglobalThis.ran = true");
    expect([reply.status, reply.ename]).toEqual(["error", "MagicError"]);
    expect(reply.evalue).toContain("%time");
    expect(await kernel.value("typeof ran")).toBe("'undefined'");
  });

  it("complete and explain themselves, with cursors in code points", async () => {
    const { matches, cursor_start, cursor_end } = await kernel.request("complete_request", { code: "// 🚀\n%ls", cursor_pos: 8 });
    expect({ matches, cursor_start, cursor_end }).toEqual({ matches: ["%lsmagic"], cursor_start: 5, cursor_end: 8 });
    const { found, data } = await kernel.request("inspect_request", { code: "%lsmagic", cursor_pos: 3, detail_level: 0 });
    expect([found, data["text/plain"]]).toEqual([true, expect.stringContaining("Lists the magics.")]);
  });

  it("leave is_complete, completion and inspection of the code below them alone", async () => {
    expect((await kernel.request("is_complete_request", { code: "%%time\n1 + 1" })).status).toBe("complete");
    expect((await kernel.request("complete_request", { code: "%%time\nMath.sqr", cursor_pos: 15 })).matches).toEqual(["sqrt"]);
  });
});

describe("%typecheck", () => {
  it("sets the mode from now on, or for one cell", async () => {
    const wrong = "const n: number = 'text'; typeof n";
    await kernel.run("%typecheck error");
    expect((await kernel.run(wrong)).reply.ename).toBe("TypeScriptError");
    expect((await kernel.run(`%%typecheck off\n${wrong}`)).reply.status).toBe("ok");
    const warned = await kernel.run(`%%typecheck warn\n${wrong}`);
    expect([warned.reply.status, text(warned.messages, "stderr")]).toEqual(["ok", expect.stringContaining("TS2322")]);
    expect((await kernel.run(wrong)).reply.ename).toBe("TypeScriptError");
    await kernel.run("%typecheck off");
    expect((await kernel.run(wrong)).reply.status).toBe("ok");
  }, 60_000);

  it("knows, once switched on, what cells declared while it was off", async () => {
    await kernel.run("const early = { deep: 1 }");
    expect((await kernel.run("%%typecheck error\nearly.deep.toFixed(); early.shallow")).reply.evalue).toContain("'shallow'");
    expect((await kernel.request("complete_request", { code: "early.", cursor_pos: 6 })).matches).toEqual(["deep"]);
  }, 60_000);
});
