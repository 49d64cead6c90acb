import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { DebugClient, shown } from "./debug-client.ts";
import { KernelDriver } from "./kernel-driver.ts";

let kernel: KernelDriver;
let client: DebugClient;
beforeAll(async () => { kernel = await KernelDriver.start(); });
afterAll(() => kernel.stop());

const code = `function f(a: number, b: number): number {
  const c: number = a + b;
  return c;
}

f(2, 3)`;

describe("without a debugger", () => {
  it("says so, and where cells will be found", async () => {
    client = new DebugClient(kernel);
    expect(await kernel.request("kernel_info_request", {})).toMatchObject({ debugger: true, supported_features: expect.arrayContaining(["debugger"]) as unknown });
    const info = await client.ask("debugInfo");
    expect(info).toMatchObject({ isStarted: false, hashMethod: "Murmur2", hashSeed: 0xc70f6907, tmpFileSuffix: ".ts", breakpoints: [], stoppedThreads: [], richRendering: true, copyToGlobals: true });
    expect((await client.request("setBreakpoints", { source: { path: "x" }, breakpoints: [] })).success).toBe(false);
  });
});

describe("debugger", () => {
  beforeEach(async () => {
    client = new DebugClient(kernel);
    await client.start();
  });
  afterEach(() => client.ask("disconnect", { restart: false, terminateDebuggee: true }));

  it("stops at a breakpoint in a cell, shows stack, scopes and variables, and goes on", async () => {
    expect(await client.breakAt(code, 2)).toEqual([2]);
    const id = await kernel.execute(code);
    const { reason, at, frames } = await client.stopped();
    expect([reason, at]).toEqual(["breakpoint", ["f:2", "<cell>:6"]]);
    const { sourcePath } = await client.ask("dumpCell", { code });
    expect(frames[0].source.path).toBe(sourcePath);
    expect(shown(await client.scope("Locals"))).toEqual(expect.arrayContaining(["a = 2", "b = 3"]));
    expect(await client.ask("debugInfo")).toMatchObject({ isStarted: true, stoppedThreads: [1], breakpoints: [{ source: sourcePath, breakpoints: [{ line: 2 }] }] });
    await client.ask("continue", { threadId: 1 });
    await client.event("continued");
    expect((await kernel.result(id)).reply.status).toBe("ok");
  });
});
