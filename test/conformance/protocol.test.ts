import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { eventually, KernelDriver, sleep, text } from "./kernel-driver.ts";

let kernel: KernelDriver;
beforeAll(async () => { kernel = await KernelDriver.start(); });
afterAll(() => kernel.stop());

const execute = (code: string) => ({ code, silent: false, store_history: true, user_expressions: {}, allow_stdin: false, stop_on_error: true });

/** Acts while a cell blocks the thread that runs cells: it ends only when the act is over, so its reply must come last. */
async function duringLoop(act: (cell: string) => Promise<void>): Promise<void> {
  const end = join(kernel.folder, "end");
  const id = await kernel.execute(`import { existsSync } from "node:fs"; console.log("begun"); while (!existsSync(${JSON.stringify(end)}));`);
  try {
    expect(await eventually(() => text(kernel.iopub.filter((m) => m.parent === id)) === "begun\n", 5000)).toBe(true);
    await act(id);
    expect(kernel.shellReplies.filter((m) => m.parent === id)).toEqual([]);
  } finally {
    writeFileSync(end, "");
    await kernel.result(id);
    rmSync(end);
  }
}

describe("authentication", () => {
  it("ignores forged, unsigned and malformed messages, tells nobody the right signature, and stays well", async () => {
    const before = kernel.iopub.length;
    const forged = kernel.frames("execute_request", execute("globalThis.forged = 1"), { key: "wrong" });
    await kernel.raw(forged.frames);
    const good = kernel.frames("execute_request", execute("globalThis.forged = 2"));
    await kernel.raw(["<IDS|MSG>", "", ...good.frames.slice(2)]);
    await kernel.raw(["<IDS|MSG>", "f".repeat(63), ...good.frames.slice(2)]);
    await kernel.raw([...good.frames.slice(0, 5), '{"code":"globalThis.forged = 3"}']);
    await kernel.raw(["no delimiter"]);
    await kernel.raw(["<IDS|MSG>"]);
    await kernel.raw([]);
    await sleep(200);
    expect(kernel.iopub.slice(before)).toEqual([]);
    expect(await kernel.value("typeof (globalThis as any).forged")).toBe("'undefined'");
    const signature = String(good.frames[1]);
    expect(kernel.log + JSON.stringify(kernel.iopub)).not.toContain(signature);
  });

  it("ignores well-signed frames that are no JSON objects", async () => {
    const { createHmac } = await import("node:crypto");
    for (const json of [["[]", "{}", "{}", "{}"], ["{", "{}", "{}", "{}"], ["{}", "{}", "{}", "{}"], ["\u0000", "1", "null", "true"]]) {
      await kernel.raw(["<IDS|MSG>", createHmac("sha256", kernel.key).update(json.join("")).digest("hex"), ...json]);
    }
    expect(await kernel.value("1 + 1")).toBe("2");
  });

  it("runs a replayed message once", async () => {
    await kernel.run("globalThis.times = 0");
    const { frames, id } = kernel.frames("execute_request", execute("globalThis.times++"));
    await kernel.raw(frames);
    await kernel.result(id);
    await kernel.raw(frames);
    await kernel.raw(frames);
    await sleep(150);
    expect(await kernel.value("(globalThis as any).times")).toBe("1");
  });
});

describe("requests", () => {
  it("describes itself", async () => {
    const info = await kernel.request("kernel_info_request", {});
    expect(info).toMatchObject({ status: "ok", implementation: "potstill", protocol_version: "5.5", language_info: { name: "typescript", file_extension: ".ts" } });
    expect(info.supported_features).toContain("kernel subshells");
    expect(await kernel.control("kernel_info_request", {})).toEqual(info);
  });

  it("answers comm_info with valid emptiness, and connect", async () => {
    expect(await kernel.request("comm_info_request", {})).toEqual({ status: "ok", comms: {} });
    expect(await kernel.request("connect_request", {})).toMatchObject({ shell_port: kernel.ports.shell, hb_port: kernel.ports.hb });
  });

  it("tells complete, incomplete and invalid code apart", async () => {
    const status = async (code: string) => (await kernel.request("is_complete_request", { code })).status;
    expect(await status("1 + 1")).toBe("complete");
    expect(await status("function f() {")).toBe("incomplete");
    expect(await status("let a b")).toBe("invalid");
  });

  it("completes and inspects, with positions in code points", async () => {
    const code = "const s = '😀'; s.toUpp";
    const reply = await kernel.request("complete_request", { code, cursor_pos: [...code].length });
    expect(reply.matches).toContain("toUpperCase");
    expect([...code].slice(reply.cursor_start, reply.cursor_end).join("")).toBe("toUpp");
    const shown = await kernel.request("inspect_request", { code: "parseInt", cursor_pos: 3, detail_level: 0 });
    expect(shown.found).toBe(true);
    expect(shown.data["text/plain"]).toContain("parseInt");
  });

  it("answers while a cell runs, and says busy again afterwards", async () => {
    await duringLoop(async (id) => {
      const asked = await kernel.send("complete_request", { code: "consol", cursor_pos: 6 });
      expect((await kernel.result(asked)).reply.matches).toContain("console");
      const statuses = () => kernel.iopub.filter((m) => m.type === "status" && (m.parent === id || m.parent === asked));
      expect(await eventually(() => statuses().at(-1)?.parent === id, 5000)).toBe(true);
      expect(statuses().at(-1)!.content.execution_state).toBe("busy");
    });
  });

  it("does nothing about messages it does not know, and says when that is done, as ipykernel does", async () => {
    for (const type of ["nonsense_request", "constructor", "__proto___request"]) {
      const id = await kernel.send(type, {});
      const states = () => kernel.iopub.filter((m) => m.parent === id).map((m) => m.content.execution_state);
      expect(await eventually(() => states().length === 2, 10_000)).toBe(true);
      expect(states()).toEqual(["busy", "idle"]);
      expect(kernel.shellReplies.filter((m) => m.parent === id)).toEqual([]);
    }
    expect(await kernel.value("1")).toBe("1");
  });

  it("finds nothing about a name that nothing declares", async () => {
    expect(await kernel.request("inspect_request", { code: "nobodyKnows", cursor_pos: 3, detail_level: 0 })).toEqual({ status: "ok", found: false, data: {}, metadata: {} });
  });

  it("shows in the pager what a name means, and says when it means nothing", async () => {
    const { reply } = await kernel.run("parseInt?");
    expect(reply).toMatchObject({ status: "ok", payload: [{ source: "page", start: 0, data: { "text/plain": expect.stringContaining("parseInt(") as string } }] });
    const missing = await kernel.run("?nobodyKnows");
    expect(missing.reply).toMatchObject({ status: "ok", payload: [] });
    expect(text(missing.messages)).toBe("nobodyKnows is not found.\n");
    expect(await kernel.request("is_complete_request", { code: "parseInt?" })).toEqual({ status: "complete" });
  });

  it("says what it uses", async () => {
    expect(await kernel.control("usage_request", {})).toMatchObject({ pid: kernel.process.pid, cpu_count: expect.any(Number) as number });
  });
});

describe("heartbeat", () => {
  it("beats, and the control channel answers, before a synchronous loop ends", async () => {
    await duringLoop(async () => {
      for (let k = 0; k < 20; k++) expect(await kernel.heartbeat(`beat ${k}`)).toBe(`beat ${k}`);
      expect((await kernel.control("kernel_info_request", {})).status).toBe("ok");
    });
  });
});

describe("stdin", () => {
  it.each([["await input('Name: ')"], ["prompt('Name: ')"]])("asks through the client that runs the cell: %s", async (code) => {
    const asked = kernel.inputRequests.length;
    const id = await kernel.execute(code, { allow_stdin: true });
    expect(await eventually(() => kernel.inputRequests.length > asked, 5000)).toBe(true);
    expect(kernel.inputRequests.at(-1)!.content).toMatchObject({ prompt: expect.stringContaining("Name") as string, password: false });
    await kernel.send("input_reply", { value: "Ada" }, "stdin");
    const { messages } = await kernel.result(id);
    expect(messages.find((m) => m.type === "execute_result")!.content.data["text/plain"]).toBe("'Ada'");
  });

  it("says so when the frontend takes no questions", async () => {
    const { reply } = await kernel.run("await input('Name: ')", { allow_stdin: false });
    expect(reply.evalue).toContain("allow_stdin");
  });

  it("gives the answer to what is asked now, not to a question that was interrupted", async () => {
    const asked = kernel.inputRequests.length;
    const id = await kernel.execute(`try { await input("first? ") } catch {} ; await input("second? ")`, { allow_stdin: true });
    expect(await eventually(() => kernel.inputRequests.length === asked + 1, 20_000)).toBe(true);
    const first = kernel.inputRequests.at(-1)!;
    await kernel.control("interrupt_request", {});
    expect(await eventually(() => kernel.inputRequests.length === asked + 2, 20_000)).toBe(true);
    await kernel.raw(kernel.withParent(kernel.frames("input_reply", { value: "too late" }).frames, first.header), "stdin");
    await kernel.send("input_reply", { value: "in time" }, "stdin");
    expect((await kernel.result(id)).messages.find((m) => m.type === "execute_result")?.content.data["text/plain"]).toBe("'in time'");
  });

  it("asks nothing more in a cell that catches the interrupt of a blocking question", async () => {
    const asked = kernel.inputRequests.length;
    const id = await kernel.execute(`try { prompt("first? ") } catch {} ; prompt("second? ")`, { allow_stdin: true });
    expect(await eventually(() => kernel.inputRequests.length === asked + 1, 20_000)).toBe(true);
    await kernel.control("interrupt_request", {});
    expect((await kernel.result(id)).reply).toMatchObject({ status: "error", ename: "InterruptedError" });
    expect(kernel.inputRequests.length).toBe(asked + 1);
  });

  it("ends with an error when the person ends the input", async () => {
    const asked = kernel.inputRequests.length;
    const id = await kernel.execute("await input('?')", { allow_stdin: true });
    expect(await eventually(() => kernel.inputRequests.length > asked, 20_000)).toBe(true);
    await kernel.send("input_reply", { value: "\u0004" }, "stdin");
    expect((await kernel.result(id)).reply).toMatchObject({ status: "error", evalue: "input: the input has ended (Ctrl+D)" });
  });

  it("can be interrupted while it waits", async () => {
    for (const code of ["await input('Name: ')", "prompt('Name: ')"]) {
      const id = await kernel.execute(code, { allow_stdin: true });
      await sleep(100);
      await kernel.control("interrupt_request", {});
      expect((await kernel.result(id)).reply.ename).toBe("InterruptedError");
    }
  });
});

describe("type checking", () => {
  let strict: KernelDriver;
  beforeAll(async () => { strict = await KernelDriver.start({ env: { POTSTILL_TYPECHECK: "error" } }); });
  afterAll(() => strict.stop());

  it("does not run a cell with a type error, and shows where it is", async () => {
    const { reply, messages } = await strict.run("(globalThis as any).touched = 1;\nconst n: number = 'text';");
    expect(reply).toMatchObject({ status: "error", ename: "TypeScriptError", evalue: "TS2322: Type 'string' is not assignable to type 'number'." });
    expect(reply.traceback.join("\n")).toContain("2 | const n: number = 'text';");
    expect(messages.some((m) => m.type === "error")).toBe(true);
    expect(await strict.value("typeof (globalThis as any).touched")).toBe("'undefined'");
  });

  it("knows the declarations of earlier cells, also of a cell that threw", async () => {
    await strict.run("const known = { a: 1 };");
    expect((await strict.run("known.b")).reply.evalue).toContain("TS2339");
    await strict.run("const half = 'made'; throw new Error('then failed')");
    expect(await strict.value("half.length + known.a")).toBe("5");
  });

  it("checks the same cell anew after something changed", async () => {
    expect((await strict.run("changes.length")).reply.evalue).toContain("TS2304");
    await strict.run("let changes = 'abc'");
    expect(await strict.value("changes.length")).toBe("3");
    await strict.run("let changes = 7");
    expect((await strict.run("changes.length")).reply.evalue).toContain("TS2339");
  });

  it("only warns when asked to", async () => {
    const lenient = await KernelDriver.start({ env: { POTSTILL_TYPECHECK: "warn" } });
    const { reply, messages } = await lenient.run("const n: number = 'text' as any as string; n");
    await lenient.stop();
    expect(reply.status).toBe("ok");
    expect(text(messages, "stderr")).toContain("TS2322");
  });
});
