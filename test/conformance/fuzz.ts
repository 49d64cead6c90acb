// Seeded rubbish for every channel of a kernel: nothing of it is a message that the kernel has to obey.
import { createHmac } from "node:crypto";
import { connect } from "node:net";
import { readFileSync } from "node:fs";
import { Dealer, XSubscriber } from "zeromq";
import { expect } from "vitest";
import type { KernelDriver } from "./kernel-driver.ts";
import { eventually, sleep } from "./kernel-driver.ts";

type Frames = (Buffer | string)[];
type Random = () => number;

/** Mulberry32: the same seed gives the same rubbish everywhere. */
function random(seed: number): Random {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

const pick = <T>(next: Random, items: readonly T[]): T => items[Math.floor(next() * items.length)];
const bytes = (next: Random, most: number): Buffer => Buffer.from(Array.from({ length: Math.floor(next() * most) }, () => Math.floor(next() * 256)));

const types = [
  "execute_request", "inspect_request", "complete_request", "history_request", "is_complete_request", "connect_request", "comm_info_request",
  "kernel_info_request", "shutdown_request", "interrupt_request", "debug_request", "create_subshell_request", "delete_subshell_request",
  "list_subshell_request", "comm_open", "comm_msg", "comm_close", "input_reply", "constructor", "__proto__", "toString",
];
/** Authentic ones of these would do what they ask for. */
const harmless = types.filter((type) => !["shutdown_request", "interrupt_request", "create_subshell_request", "debug_request"].includes(type));
const fields = [
  "code", "cursor_pos", "silent", "store_history", "user_expressions", "allow_stdin", "stop_on_error", "detail_level", "hist_access_type", "n", "session",
  "start", "stop", "pattern", "unique", "output", "raw", "comm_id", "target_name", "data", "value", "subshell_id", "restart", "__proto__", "constructor", "toString",
];
const oddities: readonly unknown[] = [
  null, true, -1, 0, 1.5, 1e308, -0, "", "x", "\u0000", "\ud800", "😀".repeat(50), [], [[]], {}, { __proto__: null }, [null], 2 ** 53, "__proto__", "(".repeat(200), { length: -1 },
];
const deep = `${'{"a":'.repeat(50_000)}1${"}".repeat(50_000)}`;
const polluting = '{"__proto__":{"polluted":true},"constructor":{"prototype":{"polluted":true}}}';

function content(next: Random): string {
  const kind = next();
  if (kind < 0.02) return polluting;
  const chosen = fields.filter(() => next() < 0.3).map((field) => `${JSON.stringify(field)}:${JSON.stringify(pick(next, oddities)) ?? "null"}`);
  return `{${chosen.join(",")}}`;
}

function signed(kernel: KernelDriver, json: readonly (string | Buffer)[]): Frames {
  const hmac = createHmac("sha256", kernel.key);
  for (const part of json) hmac.update(part);
  return ["<IDS|MSG>", hmac.digest("hex"), ...json];
}

let count = 0;

function parts(kernel: KernelDriver, next: Random, type: string): string[] {
  const header = { msg_id: `fuzz-${++count}`, session: kernel.session, username: pick(next, oddities), date: pick(next, oddities), msg_type: type, version: pick(next, oddities), extra: pick(next, oddities) };
  return [JSON.stringify(header), pick(next, ["{}", polluting, '{"msg_id":7}', '{"msg_id":"p"}']), pick(next, ["{}", polluting, '{"cellId":[]}']), content(next)];
}

/** What happens to a message on its way; what comes out is never authentic. */
const mutations: readonly ((kernel: KernelDriver, next: Random, json: string[]) => Frames)[] = [
  (_kernel, next, json) => ["<IDS|MSG>", bytes(next, 80).toString("hex"), ...json],
  (_kernel, _next, json) => ["<IDS|MSG>", "", ...json],
  (_kernel, _next, json) => ["<IDS|MSG>", createHmac("sha256", "another key").update(json.join("")).digest("hex"), ...json],
  (kernel, _next, json) => ["<IDS|MSG>", createHmac("sha512", kernel.key).update(json.join("")).digest("hex"), ...json],
  (kernel, _next, json) => { const frames = signed(kernel, json); return [frames[0], String(frames[1]).toUpperCase().replace(/^[0-9]/, "A"), ...json]; },
  (kernel, next, json) => signed(kernel, json).slice(0, Math.floor(next() * 6)),
  (kernel, next, json) => { const frames = signed(kernel, json); const at = 2 + Math.floor(next() * 4); frames[at] = `${String(frames[at])} `; return frames; },
  (kernel, next, json) => { const frames = signed(kernel, json).map((frame) => Buffer.from(frame)); const frame = pick(next, frames.slice(1)); if (frame.length > 0) frame[Math.floor(next() * frame.length)] ^= 1 << Math.floor(next() * 8); return frames; },
  (_kernel, next) => Array.from({ length: Math.floor(next() * 9) }, () => bytes(next, 200)),
  (kernel, _next, json) => signed(kernel, json).slice(1),
  (kernel, next, json) => [...Array.from({ length: 20 }, () => bytes(next, 255)), "<IDS|MSG>", "0".repeat(64), ...signed(kernel, json).slice(2)],
  (_kernel, _next, json) => ["<IDS|MSG>", "0".repeat(64), json[0], "{}", "{}", deep],
];

/** Authentic, and no message: frames that hold no JSON objects, or a header that lacks what it needs. */
function signedRubbish(kernel: KernelDriver, next: Random): Frames {
  const frame = (): string | Buffer => pick(next, ["", "{", "[]", "null", "1", '"x"', deep.slice(1), "{}", '{"msg_id":""}', "\u0000", bytes(next, 30)]);
  return signed(kernel, [frame(), pick(next, ["{}", frame()]), frame(), frame()]);
}

/** Authentic requests with fields of all wrong types; they may be answered. */
function oddRequest(kernel: KernelDriver, next: Random): Frames {
  return signed(kernel, parts(kernel, next, pick(next, harmless)));
}

/** One forged or broken message. */
function forgery(kernel: KernelDriver, next: Random): Frames {
  return next() < 0.15 ? signedRubbish(kernel, next) : pick(next, mutations)(kernel, next, parts(kernel, next, pick(next, types)));
}

function residentMegabytes(pid: number): number {
  return process.platform === "linux" ? Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))![1]) / 1024 : 0;
}

/** Sends `messages` forgeries to all channels, then some odd but authentic requests, and checks the kernel. */
export async function fuzz(kernel: KernelDriver, { messages, seed }: { messages: number; seed: number }): Promise<void> {
  const next = random(seed);
  await kernel.run("let before = 1; globalThis.touched = undefined");
  await kernel.request("complete_request", { code: "befo", cursor_pos: 4 }); // loads the language service, which takes its memory
  await sleep(300); // late status messages of the cell
  const published = kernel.iopub.length;
  const memory = residentMegabytes(kernel.process.pid!);
  await sendAll(kernel, next, messages);
  await expectAlive(kernel, "the forged messages");
  expect(residentMegabytes(kernel.process.pid!) - memory).toBeLessThan(250);
  expect(kernel.iopub.slice(published).filter((m) => m.parent?.startsWith("fuzz") || m.parent === "p")).toEqual([]);
  for (let k = 0; k < messages / 50; k++) await kernel.raw(oddRequest(kernel, next), pick(next, ["shell", "control"] as const));
  await kernel.raw(signed(kernel, [`{"msg_id":"deep","msg_type":"kernel_info_request","x":${deep}}`, "{}", "{}", "{}"]));
  await kernel.raw(signed(kernel, ['{"msg_id":"deep2","msg_type":"execute_request"}', "{}", deep, deep]));
  await kernel.raw(signed(kernel, ['{"msg_id":"deep3","msg_type":"comm_open"}', "{}", "{}", `{"comm_id":"c","target_name":"t","data":${deep}}`]));
  await expectAlive(kernel, "the odd requests");
  expect(await kernel.value("[before, ({} as any).polluted, (globalThis as any).touched]")).toBe("[ 1, undefined, undefined ]");
  expect(kernel.log.length).toBeLessThan(200_000);
}

async function sendAll(kernel: KernelDriver, next: Random, messages: number): Promise<void> {
  const strangers = ["hb", "iopub", "shell"].map((name) => {
    const socket = name === "iopub" ? new XSubscriber({ linger: 0 }) : new Dealer({ linger: 0 });
    socket.connect(`tcp://127.0.0.1:${kernel.ports[name]}`);
    return socket;
  });
  try {
    for (let k = 0; k < messages; k++) {
      const frames = forgery(kernel, next);
      const way = next();
      if (way < 0.1) await garbage(kernel, next, k);
      else if (way < 0.3) await pick(next, strangers).send(frames.length === 0 ? [""] : frames);
      else await kernel.raw(frames.length === 0 ? [""] : frames, pick(next, ["shell", "control", "stdin"] as const));
    }
  } finally {
    for (const socket of strangers) socket.close();
  }
}

/** Bytes that are not even ZeroMQ; a connection for every twentieth, so as not to use up the machine's ports. */
async function garbage(kernel: KernelDriver, next: Random, turn: number): Promise<void> {
  const data = bytes(next, 300);
  if (turn % 20 !== 0) return;
  const greeting = Buffer.concat([Buffer.from([0xff, 0, 0, 0, 0, 0, 0, 0, 1, 0x7f, 3, 0]), Buffer.from("NULL"), Buffer.alloc(48)]);
  const huge = Buffer.from([2, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff]);
  await new Promise<void>((resolve) => {
    const socket = connect(kernel.ports[pick(next, ["shell", "control", "stdin", "iopub", "hb"])], "127.0.0.1", () => {
      socket.end(pick(next, [data, Buffer.concat([greeting, data]), Buffer.concat([greeting, huge, data])]));
    });
    socket.on("error", () => undefined).on("close", () => resolve()).resume();
    setTimeout(() => socket.destroy(), 50);
  });
}

async function expectAlive(kernel: KernelDriver, what: string): Promise<void> {
  expect(kernel.process.exitCode ?? kernel.process.signalCode, `${what}: ${kernel.log.slice(-2000)}`).toBe(null);
  let { reply } = await kernel.run("before");
  // An odd cell that failed takes those behind it with it.
  for (let k = 0; reply.status === "aborted" && k < 100; k++) ({ reply } = await kernel.run("before"));
  expect(reply.status).toBe("ok");
  expect(await kernel.heartbeat("alive")).toBe("alive");
  expect((await kernel.control("kernel_info_request", {}, 20_000)).status).toBe("ok");
  expect(await eventually(() => kernel.process.exitCode === null, 0)).toBe(true);
}
