import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { eventually, KernelDriver, text } from "./kernel-driver.ts";
import type { Wire } from "./kernel-driver.ts";

let kernel: KernelDriver;
beforeAll(async () => { kernel = await KernelDriver.start(); });
afterAll(() => kernel.stop());

/** Sends a message of a comm on the shell channel. Returns the message's id. */
async function send(kind: "open" | "msg" | "close", content: object, extras: { metadata?: object; buffers?: readonly Buffer[] } = {}): Promise<string> {
  const { frames, id } = kernel.frames(`comm_${kind}`, content, extras);
  await kernel.raw(frames);
  return id;
}

const isIdle = (id: string) => (message: Wire) => message.parent === id && message.content.execution_state === "idle";

/** What the kernel publishes on behalf of a message, up to its idle. */
async function handled(id: string): Promise<Wire[]> {
  expect(await eventually(() => kernel.iopub.some(isIdle(id)), 20_000), kernel.log).toBe(true);
  return kernel.iopub.slice(0, kernel.iopub.findIndex(isIdle(id)) + 1).filter(({ parent }) => parent === id);
}

/** The first message on iopub that fits. */
async function published(fits: (message: Wire) => boolean): Promise<Wire> {
  expect(await eventually(() => kernel.iopub.some(fits), 20_000), kernel.log).toBe(true);
  return kernel.iopub.find(fits)!;
}

const ofComm = (id: string, type: string) => (message: Wire) => message.type === type && message.content.comm_id === id;
const open = (target: string, data: object = {}) => ({ comm_id: randomUUID(), target_name: target, data });
const statesOf = (messages: readonly Wire[]) => messages.filter(({ type }) => type === "status").map(({ content }) => content.execution_state);
const commTypes = (messages: readonly Wire[]) => messages.map(({ type }) => type).filter((type) => type.startsWith("comm_"));

describe("comms that a cell opens", () => {
  it("are announced, used and closed on iopub as the cell's messages, with metadata and buffers (Deno sends the close on shell)", async () => {
    const code = `const sent = new Comm("front", { data: { hello: 1 }, metadata: { version: "2" }, buffers: [Uint8Array.of(1, 2, 3).subarray(1)] });
sent.send({ more: [null, "ä"] }, { buffers: [new Float32Array([1.5]).buffer] }); sent.close({ bye: true }); sent.id`;
    const id = await kernel.execute(code);
    const { messages } = await kernel.result(id);
    const comms = messages.filter(({ type }) => type.startsWith("comm_"));
    expect(comms.map(({ type }) => type)).toEqual(["comm_open", "comm_msg", "comm_close"]);
    const [opened, used, closed] = comms;
    expect(opened.content).toEqual({ comm_id: opened.content.comm_id, target_name: "front", target_module: null, data: { hello: 1 } });
    expect(opened.metadata).toEqual({ version: "2" });
    expect(opened.buffers).toEqual([Buffer.of(2, 3)]);
    expect(used.content).toEqual({ comm_id: opened.content.comm_id, data: { more: [null, "ä"] } });
    expect(used.buffers[0].readFloatLE()).toBe(1.5);
    expect(closed.content).toEqual({ comm_id: opened.content.comm_id, data: { bye: true } });
  });

  it("hear the frontend, with data, metadata and buffers", async () => {
    await kernel.run(`var heard: unknown[] = []; const ears = new Comm("front", { id: "ears" });
ears.onMessage(({ data, metadata, buffers }) => { heard.push([data, metadata, buffers.map((b) => [...b])]) }); ears.onClose(({ data }) => { heard.push(["closed", data, ears.closed]) })`);
    await handled(await send("msg", { comm_id: "ears", data: { n: 1 } }, { metadata: { m: 2 }, buffers: [Buffer.of(7, 8), Buffer.alloc(0)] }));
    await handled(await send("close", { comm_id: "ears", data: { why: "done" } }));
    expect(await kernel.value("JSON.stringify(heard)")).toBe(`'[[{"n":1},{"m":2},[[7,8],[]]],["closed",{"why":"done"},true]]'`);
    expect((await kernel.run("ears.send({})")).reply.evalue).toContain("is closed");
  });

  it("wrap the handling of a message into busy and idle, and print below the cell that opened them", async () => {
    const cell = await kernel.execute(`const printer = new Comm("front", { id: "printer" }); printer.onMessage(({ data }) => { console.log("heard", data.n); printer.send({ answer: data.n }) })`);
    await kernel.result(cell);
    await kernel.run("'a newer cell'");
    const id = await send("msg", { comm_id: "printer", data: { n: 5 } });
    const messages = await handled(id);
    expect(statesOf(messages)).toEqual(["busy", "idle"]);
    expect(messages.find(ofComm("printer", "comm_msg"))?.content.data).toEqual({ answer: 5 });
    const printed = kernel.iopub.findIndex((message) => message.type === "stream" && message.parent === cell);
    expect(kernel.iopub[printed].content.text).toBe("heard 5\n");
    expect(printed).toBeLessThan(kernel.iopub.findIndex(isIdle(id)));
  });

  it("show what a handler throws, at once or later, below the cell that opened them, with the cell's own line", async () => {
    const cell = await kernel.execute(`const faulty = new Comm("front", { id: "faulty" });
faulty.onMessage(async ({ data }) => {
  if (data.later) await null;
  throw new Error("handler " + data.later);
})`);
    await kernel.result(cell);
    for (const later of [false, true]) {
      await handled(await send("msg", { comm_id: "faulty", data: { later } }));
      const shown = await published((message) => message.parent === cell && text([message], "stderr").includes(`handler ${later}`));
      expect(shown.content.text).toMatch(/Error: handler/);
      expect(shown.content.text).toMatch(/In \[\d+\]:4/);
      expect(shown.content.text).not.toContain("comm-link");
    }
    expect(await kernel.value("1 + 1")).toBe("2");
  });

  it("can be waited for in the cell itself: its messages come while it waits", async () => {
    const id = await kernel.execute(`const asked = new Comm("front", { id: "asked" }); const got: unknown[] = [];
for await (const { data } of asked) got.push(data.n);
got`);
    await published(ofComm("asked", "comm_open"));
    await send("msg", { comm_id: "asked", data: { n: 1 } });
    await send("msg", { comm_id: "asked", data: { n: 2 } });
    await send("close", { comm_id: "asked", data: {} });
    const { messages } = await kernel.result(id);
    expect(messages.find(({ type }) => type === "execute_result")?.content.data["text/plain"]).toBe("[ 1, 2 ]");
  });

  it("refuse data that no message can hold, and say what they take", async () => {
    for (const [code, message] of [
      ["new Comm('')", /non-empty string, received ""/],
      ["new Comm('front').send(5 as never)", /must be an object that JSON can hold, received number/],
      ["new Comm('front').send({}, { buffers: ['x' as never] })", /typed arrays, DataViews or ArrayBuffers, received string/],
      ["new Comm('front', { id: 'twice' }); new Comm('front', { id: 'twice' })", /open already/],
    ] as const) expect((await kernel.run(code)).reply.evalue).toMatch(message);
  });
});

describe("comms that a frontend opens", () => {
  it("reach the target that a cell has registered", async () => {
    await kernel.run(`comms.registerTarget("echo", (comm, { data }) => { comm.send({ welcome: data.name }); comm.onMessage(({ data, buffers }) => comm.send({ echo: data }, { buffers })) })`);
    const content = open("echo", { name: "Ada" });
    const opened = await handled(await send("open", content));
    expect(commTypes(opened)).toEqual(["comm_msg"]); // what the frontend opened is not announced to it again
    expect(opened.find(ofComm(content.comm_id, "comm_msg"))!.content.data).toEqual({ welcome: "Ada" });
    const answered = await handled(await send("msg", { comm_id: content.comm_id, data: { n: [1] } }, { buffers: [Buffer.of(9)] }));
    const answer = answered.find(ofComm(content.comm_id, "comm_msg"))!;
    expect(answer.content.data).toEqual({ echo: { n: [1] } });
    expect(answer.buffers).toEqual([Buffer.of(9)]);
  });

  it("find a target that a cell sent before them registers, though that cell has not run yet", async () => {
    const first = await kernel.execute("await new Promise((done) => setTimeout(done, 200))");
    const second = await kernel.execute(`comms.registerTarget("soon", (comm) => comm.onMessage(({ data }) => comm.send({ soon: data.n })))`);
    const content = open("soon");
    await send("open", content);
    const answered = await handled(await send("msg", { comm_id: content.comm_id, data: { n: 3 } }));
    await Promise.all([kernel.result(first), kernel.result(second)]);
    expect(answered.find(ofComm(content.comm_id, "comm_msg"))!.content.data).toEqual({ soon: 3 });
  });

  it("are closed, with the reason on stderr, where nobody registered the target, and so are later messages refused", async () => {
    const content = open("nobody");
    const messages = await handled(await send("open", content));
    expect(statesOf(messages)).toEqual(["busy", "idle"]);
    expect(messages.find(ofComm(content.comm_id, "comm_close"))!.content.data).toEqual({});
    expect(text(messages, "stderr")).toContain("No such comm target registered: nobody");
    expect(text(await handled(await send("msg", { comm_id: content.comm_id, data: {} })), "stderr")).toContain(`No such comm: ${content.comm_id}`);
  });

  it("are closed when the target's function throws, and the error is shown below the cell that registered it", async () => {
    const cell = await kernel.execute(`comms.registerTarget("broken", async () => { await null; throw new RangeError("no room") })`);
    await kernel.result(cell);
    const content = open("broken");
    await send("open", content);
    await published(ofComm(content.comm_id, "comm_close"));
    expect((await published((message) => message.parent === cell && message.type === "stream")).content.text).toContain("RangeError: no room");
  });

  it("may not be opened after the target was taken back", async () => {
    await kernel.run(`const takeBack = comms.registerTarget("short", () => undefined); takeBack()`);
    expect(text(await handled(await send("open", open("short"))), "stderr")).toContain("registered: short");
  });

  it("do no harm with messages that are none", async () => {
    for (const [kind, content] of [["open", {}], ["msg", { comm_id: 5 }], ["close", { comm_id: null }], ["open", { comm_id: "x", target_name: {} }], ["msg", { comm_id: "__proto__", data: [] }]] as const) {
      expect(statesOf(await handled(await send(kind, content)))).toEqual(["busy", "idle"]);
    }
    expect(await kernel.value("1")).toBe("1");
  });
});

describe("the event loop", () => {
  it("hands a message to a cell that waits, though others are queued behind it", async () => {
    const waiting = await kernel.execute(`const button = new Comm("front", { id: "button" }); await new Promise((clicked) => button.onMessage(clicked)); "clicked"`);
    const queued = await kernel.execute("'next'");
    await published(ofComm("button", "comm_open"));
    await send("msg", { comm_id: "button", data: {} });
    expect((await kernel.result(waiting)).reply.status).toBe("ok");
    expect((await kernel.result(queued)).reply.status).toBe("ok");
  });

  it("tells of a message that came during a synchronous loop only when the loop is over, and says busy until then", async () => {
    await kernel.run(`const late = new Comm("front", { id: "late" }); late.onMessage(() => late.send({ n: 1 }))`);
    const loop = await kernel.execute("console.log('begun'); while (true) {}");
    await published((message) => message.parent === loop && message.type === "stream");
    const id = await send("msg", { comm_id: "late", data: {} });
    await published((message) => message.parent === id && message.content.execution_state === "busy");
    expect(kernel.iopub.some(isIdle(id))).toBe(false);
    await kernel.control("interrupt_request", {});
    await kernel.result(loop);
    expect(commTypes(await handled(id))).toEqual(["comm_msg"]);
  });

  it("ends the handling of a message whose handler had to be interrupted", async () => {
    await kernel.run(`const endless = new Comm("front", { id: "endless" }); endless.onMessage(() => { endless.send({ begun: true }); while (true) {} })`);
    const id = await send("msg", { comm_id: "endless", data: {} });
    await published(ofComm("endless", "comm_msg"));
    await kernel.control("interrupt_request", {});
    await handled(id);
    expect(await kernel.value("'free'")).toBe("'free'");
  });
});

describe("comm_info_request", () => {
  it("tells the open comms, all or those of a target", async () => {
    await kernel.run(`for (const comm of comms.open()) comm.close(); const [a, b] = [new Comm("left", { id: "A" }), new Comm("right", { id: "B" })]; comms.registerTarget("third", () => {})`);
    const content = open("third");
    await handled(await send("open", content));
    const all = { A: { target_name: "left" }, B: { target_name: "right" }, [content.comm_id]: { target_name: "third" } };
    expect(await kernel.request("comm_info_request", {})).toEqual({ status: "ok", comms: all });
    expect(await kernel.request("comm_info_request", { target_name: "right" })).toEqual({ status: "ok", comms: { B: all.B } });
    await kernel.run("a.close()");
    await handled(await send("close", { comm_id: content.comm_id, data: {} }));
    expect(await kernel.request("comm_info_request", {})).toEqual({ status: "ok", comms: { B: all.B } });
  });
});

describe("the end of a kernel", () => {
  it("closes its comms, but leaves widgets on their page", async () => {
    const other = await KernelDriver.start();
    await other.run(`new Comm("mine", { id: "M" }); new Comm("jupyter.widget", { id: "W" }); undefined`);
    await other.control("shutdown_request", { restart: true });
    expect(await other.ended()).toBe(true);
    const closed = other.iopub.filter(({ type }) => type === "comm_close").map(({ content }) => content.comm_id);
    await other.stop();
    expect(closed).toEqual(["M"]);
  });
});
