import { createHmac, randomUUID } from "node:crypto";
import { Dealer, Subscriber } from "zeromq";
import { afterEach, describe, expect, it } from "vitest";
import { eventually, KernelDriver, text } from "./kernel-driver.ts";

const kernels: KernelDriver[] = [];
const sockets: { close(): void }[] = [];
afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.close();
  for (const kernel of kernels.splice(0)) await kernel.stop();
});

async function start(): Promise<KernelDriver> {
  const kernel = await KernelDriver.start();
  kernels.push(kernel);
  return kernel;
}

function subscriber(kernel: KernelDriver, limit: number): Subscriber {
  const socket = new Subscriber({ receiveHighWaterMark: limit, linger: 0 });
  sockets.push(socket);
  socket.connect(`tcp://127.0.0.1:${kernel.ports.iopub}`);
  socket.subscribe();
  return socket;
}

describe("large output", () => {
  it("50 MB printed, shown and returned arrive whole, before the idle", async () => {
    const kernel = await start();
    const printed = await kernel.result(await kernel.execute('console.log("p".repeat(50_000_000))'), 60_000);
    expect(text(printed.messages).length).toBe(50_000_001);
    const shown = await kernel.result(await kernel.execute('display({ [Symbol.for("Jupyter.display")]: () => ({ "text/html": "d".repeat(50_000_000) }) }); undefined'), 60_000);
    expect(shown.messages.find((m) => m.type === "display_data")!.content.data["text/html"].length).toBe(50_000_000);
    const returned = await kernel.result(await kernel.execute('({ [Symbol.for("Jupyter.display")]: () => ({ "text/plain": "r".repeat(50_000_000) }) })'), 60_000);
    expect(returned.messages.find((m) => m.type === "execute_result")!.content.data["text/plain"].length).toBe(50_000_000);
  }, 180_000);

  it("10,000 displays in a row all arrive, in order (the fast sender outruns the limit of a subscriber's queue)", async () => {
    const kernel = await start();
    const { messages } = await kernel.result(await kernel.execute("for (let k = 0; k < 10_000; k++) display(k)"), 60_000);
    const values = messages.filter((m) => m.type === "display_data").map((m) => Number(m.content.data["text/plain"]));
    expect(values).toEqual(Array.from({ length: 10_000 }, (_, k) => k));
  }, 90_000);
});

describe("many clients", () => {
  it("100 at once each get their own reply, and all that is published", async () => {
    const kernel = await start();
    const clients = Array.from({ length: 100 }, (_, index) => connectClient(kernel, index));
    await Promise.all(clients.map((client) => client.ready()));
    const ids = await Promise.all(clients.map((client) => client.execute()));
    for (const [k, client] of clients.entries()) {
      expect(await eventually(() => client.replies.has(ids[k]), 60_000)).toBe(true);
      expect(await eventually(() => ids.every((id) => client.idle.has(id)), 60_000)).toBe(true);
      expect([...client.replies].filter((id) => ids.includes(id))).toEqual([ids[k]]);
    }
  }, 180_000);
});

interface Client {
  readonly replies: Set<string>;
  readonly idle: Set<string>;
  ready(): Promise<void>;
  execute(): Promise<string>;
}

function connectClient(kernel: KernelDriver, index: number): Client {
  const shell = new Dealer({ linger: 0 });
  sockets.push(shell);
  shell.connect(`tcp://127.0.0.1:${kernel.ports.shell}`);
  const [replies, idle] = [new Set<string>(), new Set<string>()];
  void collect(shell, (_content, parent) => void replies.add(parent));
  void collect(subscriber(kernel, 0), (content, parent) => { if (content.execution_state === "idle") idle.add(parent); });
  const send = async (type: string, content: object): Promise<string> => {
    const id = randomUUID();
    const json = [{ msg_id: id, session: `client-${index}`, username: "", date: "", msg_type: type, version: "5.3" }, {}, {}, content].map((part) => JSON.stringify(part));
    await shell.send(["<IDS|MSG>", createHmac("sha256", kernel.key).update(json.join("")).digest("hex"), ...json]);
    return id;
  };
  const ready = async (): Promise<void> => {
    for (let attempt = 0; attempt < 100; attempt++) {
      const id = await send("kernel_info_request", {});
      if (await eventually(() => idle.has(id), 1000)) return;
    }
    throw new Error(`client ${index} hears nothing`);
  };
  return { replies, idle, ready, execute: () => send("execute_request", { code: `${index}` }) };
}

async function collect(socket: Dealer | Subscriber, take: (content: Record<string, unknown>, parent: string) => void): Promise<void> {
  try {
    for await (const frames of socket) {
      const at = frames.findIndex((frame) => frame.toString() === "<IDS|MSG>");
      const [parent, content] = [frames[at + 3], frames[at + 5]].map((frame) => JSON.parse(frame.toString()) as Record<string, unknown>);
      take(content, String(parent.msg_id));
    }
  } catch { /* closed */ }
}
