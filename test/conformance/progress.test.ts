import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { eventually, KernelDriver } from "./kernel-driver.ts";
import type { Wire } from "./kernel-driver.ts";

let kernel: KernelDriver;
beforeAll(async () => { kernel = await KernelDriver.start(); });
afterAll(() => kernel.stop());

const spin = "const steps = progress(1e9, { cancel: true, label: 'spin' }); for (const _ of steps) { const end = performance.now() + 2; while (performance.now() < end); } steps.cancelled";
const wait = "const waits = progress((async function* () { yield 1; await new Promise(() => {}); })(), { cancel: true, total: 4 }); for await (const _ of waits); waits.cancelled";

const stateOf = ({ content }: Wire) => (content.data as unknown as { state?: Record<string, unknown> }).state ?? {};

async function buttonOf(id: string): Promise<string> {
  const isButton = (message: Wire) => message.parent === id && message.type === "comm_open" && stateOf(message)._model_name === "ButtonModel";
  expect(await eventually(() => kernel.iopub.some(isButton), 20_000), kernel.log).toBe(true);
  return String(kernel.iopub.find(isButton)!.content.comm_id);
}

const say = async (commId: string, data: object) => kernel.raw(kernel.frames("comm_msg", { comm_id: commId, data }).frames);

describe("progress with a cancel button", () => {
  it.each([["a loop that computes without a pause", spin], ["a loop that waits for its next item", wait]])("ends %s at a click, and leaves plain HTML and no comm behind", async (_title, code) => {
    const id = await kernel.execute(code);
    await say(await buttonOf(id), { method: "custom", content: { event: "click" } });
    const { messages } = await kernel.result(id);
    expect(messages.find(({ type }) => type === "execute_result")!.content.data["text/plain"]).toBe("true");
    const shown = messages.find(({ type }) => type === "display_data")!;
    expect(Object.keys(shown.content.data)).toEqual(expect.arrayContaining(["application/vnd.jupyter.widget-view+json", "text/html", "text/plain"]));
    const last = messages.filter(({ type }) => type === "update_display_data").at(-1)!;
    expect(last.content.transient).toEqual(shown.content.transient);
    expect(Object.keys(last.content.data)).not.toContain("application/vnd.jupyter.widget-view+json");
    expect(last.content.data["text/plain"]).toMatch(/, cancelled$/);
    const [opened, closed] = ["comm_open", "comm_close"].map((type) => messages.filter((message) => message.type === type).map(({ content }) => String(content.comm_id)).sort());
    expect(opened.length).toBeGreaterThan(4);
    expect(closed).toEqual(opened);
  });

  it("updates the output itself only while no frontend has drawn the widget", async () => {
    const code = (steps: number) => `for (const _ of progress(${steps}, { cancel: true })) { const end = performance.now() + 150; while (performance.now() < end); }`;
    const updates = async (id: string) => (await kernel.result(id)).messages.filter(({ type }) => type === "update_display_data").length;
    expect(await updates(await kernel.execute(code(12)))).toBeGreaterThan(1);
    const id = await kernel.execute(code(12));
    await buttonOf(id);
    const box = kernel.iopub.find((message) => message.parent === id && message.type === "comm_open" && stateOf(message)._view_count === 0)!;
    await say(String(box.content.comm_id), { method: "update", state: { _view_count: 1 }, buffer_paths: [] });
    expect(await updates(id)).toBe(1);
  });

  it("runs to its end when nobody clicks", async () => {
    expect(await kernel.value("const all = progress([1, 2, 3], { cancel: true }); [...all].join() + all.cancelled")).toBe("'1,2,3false'");
  });

  it("refuses options that are none", async () => {
    expect((await kernel.run("progress(3, { cancel: 'yes' as never })")).reply.evalue).toContain("progress's cancel must be a boolean");
    expect((await kernel.run("progress(3, { abort: true } as never)")).reply.evalue).toContain('progress has no option "abort"');
  });
});
