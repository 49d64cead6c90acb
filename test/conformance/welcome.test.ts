// iopub_welcome (JEP 65): a client that has it misses nothing, and needs no kernel_info_request over and over.
import { createHmac } from "node:crypto";
import { afterAll, beforeAll, expect, it } from "vitest";
import { Subscriber } from "zeromq";
import { KernelDriver } from "./kernel-driver.ts";

let kernel: KernelDriver;
beforeAll(async () => { kernel = await KernelDriver.start(); });
afterAll(() => kernel.stop());

async function subscribe(topic: string): Promise<{ frames: string[]; socket: Subscriber }> {
  const socket = new Subscriber({ linger: 0, receiveTimeout: 10_000 });
  socket.connect(`tcp://127.0.0.1:${kernel.ports.iopub}`);
  socket.subscribe(topic);
  return { frames: (await socket.receive()).map(String), socket };
}

it("greets every client (ipykernel 7.4 greets only the first to subscribe to a topic), signed, without a parent", async () => {
  for (const topic of ["", "", "kernel.x", "kernel.x"]) {
    const { frames, socket } = await subscribe(topic);
    const [delimiter, signature, ...json] = topic === "" ? frames : frames.slice(1);
    if (topic !== "") expect(frames[0]).toBe(topic);
    expect(delimiter).toBe("<IDS|MSG>");
    expect(signature).toBe(createHmac("sha256", kernel.key).update(json.join("")).digest("hex"));
    const [header, parent, metadata, content] = json.map((part) => JSON.parse(part) as Record<string, unknown>);
    expect(header).toMatchObject({ msg_type: "iopub_welcome", version: "5.5", username: "kernel" });
    expect([parent, metadata, content]).toEqual([{}, {}, { subscription: topic }]);
    socket.close();
  }
});

it("delivers everything published after the welcome", async () => {
  const { socket } = await subscribe("");
  const id = await kernel.execute("1 + 1");
  await kernel.result(id);
  const types: string[] = [];
  while (types.at(-1) !== "idle") {
    const frames = (await socket.receive()).map(String);
    const [header, parent, , content] = frames.slice(frames.indexOf("<IDS|MSG>") + 2).map((part) => JSON.parse(part) as Record<string, string>);
    if (parent.msg_id === id) types.push(content.execution_state ?? header.msg_type);
  }
  expect(types).toEqual(["busy", "execute_input", "execute_result", "idle"]);
  socket.close();
});
