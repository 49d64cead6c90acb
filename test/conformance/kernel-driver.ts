// Starts the real kernel process and speaks ZeroMQ to it, without any of the kernel's own protocol code.
import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { createHmac, randomUUID } from "node:crypto";
import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Dealer, Request, Subscriber } from "zeromq";

const driverVariable = "POTSTILL_TEST_DRIVER";

export const mainFile = join(import.meta.dirname, "..", "..", "dist", "kernel", "main.js");

/** The fields of a message's content that the tests look at; what a message lacks is undefined at run time. */
export interface Content extends Record<string, unknown> {
  status: string;
  ename: string;
  evalue: string;
  traceback: string[];
  execution_count: number;
  execution_state: string;
  data: Record<string, string>;
  transient: unknown;
  name: string;
  text: string;
  user_expressions: Record<string, unknown>;
  matches: string[];
  cursor_start: number;
  cursor_end: number;
  found: boolean;
}

export interface Wire {
  type: string;
  parent: string | undefined;
  header: Record<string, unknown>;
  metadata: Record<string, unknown>;
  content: Content;
  buffers: readonly Buffer[];
}

export interface CellResult {
  reply: Wire["content"];
  /** iopub messages of this request, up to and with its idle. */
  messages: Wire[];
}

type Frames = (Buffer | string)[];

export interface DriverOptions {
  /** Another kernel's command, with `{connection_file}` in it. */
  argv?: readonly string[];
  env?: Record<string, string>;
  cwd?: string;
  /** In a session of its own, as Jupyter starts kernels. */
  detached?: boolean;
}

/** One kernel and one client. */
export class KernelDriver {
  readonly key: string = randomUUID();
  readonly session: string = randomUUID();
  readonly folder: string;
  readonly iopub: Wire[] = [];
  readonly shellReplies: Wire[] = [];
  readonly controlReplies: Wire[] = [];
  readonly inputRequests: Wire[] = [];
  process!: ChildProcess;
  log = "";
  ports: Record<string, number> = {};
  #isPeer = false;
  readonly #shell = new Dealer({ linger: 0 });
  readonly #control = new Dealer({ linger: 0 });
  readonly #stdin = new Dealer({ linger: 0 });
  readonly #sub = new Subscriber({ receiveHighWaterMark: 0, linger: 0 });
  readonly #hb = new Request({ linger: 0, receiveTimeout: 5000 });

  constructor() {
    this.folder = mkdtempSync(join(tmpdir(), "potstill-conformance-"));
  }

  static async start(options: DriverOptions = {}): Promise<KernelDriver> {
    const driver = new KernelDriver();
    driver.spawn(await driver.writeConnectionFile(), options);
    await driver.connect();
    return driver;
  }

  async writeConnectionFile(): Promise<string> {
    const names = ["shell", "iopub", "stdin", "control", "hb"];
    const ports = await freePorts(names.length);
    this.ports = Object.fromEntries(names.map((name, index) => [name, ports[index]]));
    const file = join(this.folder, "connection.json");
    const entries = names.map((name) => [`${name}_port`, this.ports[name]]);
    writeFileSync(file, JSON.stringify({ transport: "tcp", ip: "127.0.0.1", key: this.key, signature_scheme: "hmac-sha256", ...Object.fromEntries(entries) }));
    return file;
  }

  spawn(file: string, { argv, env = {}, cwd = this.folder, detached = false }: DriverOptions): void {
    this.#isPeer = argv !== undefined;
    const own = [process.execPath, "--no-force-async-hooks-checks", mainFile, "--connection-file", "{connection_file}"];
    const [program, ...args] = (argv ?? own).map((word) => word.replace("{connection_file}", file));
    this.process = spawn(program, args, { cwd, env: { ...process.env, POTSTILL_TYPECHECK: "off", [driverVariable]: this.session, ...env }, stdio: ["ignore", "pipe", "pipe"], detached });
    this.process.stderr!.on("data", (data: Buffer) => { this.log += data.toString(); });
  }

  async connect(): Promise<void> {
    const address = (name: string) => `tcp://127.0.0.1:${this.ports[name]}`;
    for (const [socket, name] of [[this.#shell, "shell"], [this.#control, "control"], [this.#stdin, "stdin"]] as const) {
      socket.routingId = this.session;
      socket.connect(address(name));
    }
    this.#sub.connect(address("iopub"));
    this.#sub.subscribe();
    this.#hb.connect(address("hb"));
    void this.#collect(this.#shell, this.shellReplies);
    void this.#collect(this.#control, this.controlReplies);
    void this.#collect(this.#stdin, this.inputRequests);
    void this.#collect(this.#sub, this.iopub);
    await this.#ready();
  }

  /** kernel_info until both its reply and its idle arrive: then the subscription is known to work. */
  async #ready(): Promise<void> {
    for (let attempt = 0; attempt < 100; attempt++) {
      const id = await this.send("kernel_info_request", {});
      const arrived = () => this.shellReplies.some((m) => m.parent === id) && this.iopub.some((m) => m.parent === id && m.content.execution_state === "idle");
      if (await eventually(arrived, 300)) return;
      if (this.process.exitCode !== null) throw new Error(`the kernel ended: ${this.log}`);
    }
    throw new Error(`the kernel does not answer: ${this.log}`);
  }

  async #collect(socket: Dealer | Subscriber, into: Wire[]): Promise<void> {
    try {
      for await (const frames of socket) into.push(parse(frames));
    } catch {
      // closed
    }
  }

  /** @param options.header fields beside the usual ones, for example `subshell_id`; `metadata` and `buffers`: of the message */
  frames(type: string, content: object, { key = this.key, id = randomUUID(), header: more = {}, metadata = {}, buffers = [] }: { key?: string; id?: string; header?: object; metadata?: object; buffers?: readonly Buffer[] } = {}): { frames: Frames; id: string } {
    const header = { ...more, msg_id: id, session: this.session, username: "test", date: new Date().toISOString(), msg_type: type, version: "5.5" };
    const json = [header, {}, metadata, content].map((part) => JSON.stringify(part));
    const signature = createHmac("sha256", key).update(json.join("")).digest("hex");
    return { frames: ["<IDS|MSG>", signature, ...json, ...buffers], id };
  }

  /** The same message as an answer to the one with this header, signed anew. */
  withParent(frames: Frames, parent: object): Frames {
    const json = [frames[2], JSON.stringify(parent), ...frames.slice(4)];
    return ["<IDS|MSG>", createHmac("sha256", this.key).update(json.join("")).digest("hex"), ...json];
  }

  async send(type: string, content: object, channel: "shell" | "control" | "stdin" = "shell", header: object = {}): Promise<string> {
    const { frames, id } = this.frames(type, content, { header });
    await this.raw(frames, channel);
    return id;
  }

  async raw(frames: Frames, channel: "shell" | "control" | "stdin" = "shell"): Promise<void> {
    await { shell: this.#shell, control: this.#control, stdin: this.#stdin }[channel].send(frames);
  }

  execute(code: string, options: object = {}, header: object = {}): Promise<string> {
    return this.send("execute_request", { code, silent: false, store_history: true, user_expressions: {}, allow_stdin: false, stop_on_error: true, ...options }, "shell", header);
  }

  async result(id: string, timeout = 20_000): Promise<CellResult> {
    const idle = () => this.iopub.findIndex((m) => m.parent === id && m.content.execution_state === "idle");
    const reply = () => this.shellReplies.find((m) => m.parent === id);
    if (!(await eventually(() => idle() >= 0 && reply() !== undefined, timeout))) {
      throw new Error(`no reply and idle within ${timeout} ms; iopub: ${JSON.stringify(this.iopub.slice(-5)).slice(0, 1000)}; log: ${this.log}`);
    }
    const end = idle();
    return { reply: reply()!.content, messages: this.iopub.slice(0, end + 1).filter((m) => m.parent === id) };
  }

  async run(code: string, options: object = {}): Promise<CellResult> {
    return this.result(await this.execute(code, options));
  }

  /** The text/plain of a cell's result; throws what the cell threw. */
  async value(code: string): Promise<string | undefined> {
    const { reply, messages } = await this.run(code);
    if (reply.status !== "ok") throw new Error(`${reply.ename}: ${reply.evalue}\n${reply.traceback.join("\n")}`);
    return messages.find((m) => m.type === "execute_result")?.content.data["text/plain"];
  }

  async request(type: string, content: object): Promise<Wire["content"]> {
    const id = await this.send(type, content);
    return (await this.result(id)).reply;
  }

  async control(type: string, content: object, timeout = 20_000): Promise<Wire["content"]> {
    const id = await this.send(type, content, "control");
    if (!(await eventually(() => this.controlReplies.some((m) => m.parent === id), timeout))) throw new Error(`no ${type} answer within ${timeout} ms: ${this.log}`);
    return this.controlReplies.find((m) => m.parent === id)!.content;
  }

  /** What the heartbeat returns; throws when nothing comes back. */
  async heartbeat(sent: string): Promise<string> {
    await this.#hb.send(sent);
    return String((await this.#hb.receive())[0]);
  }

  async ended(timeout = 20_000): Promise<boolean> {
    return eventually(() => this.process.exitCode !== null || this.process.signalCode !== null, timeout);
  }

  /** Other kernels leave processes behind, also in groups of their own, which go on computing: their environment names this driver. */
  #endLeftovers(): void {
    if (!this.#isPeer || process.platform !== "linux") return;
    for (const pid of readdirSync("/proc").filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid)) {
      try {
        if (readFileSync(`/proc/${pid}/environ`, "latin1").includes(`${driverVariable}=${this.session}`)) process.kill(Number(pid), "SIGKILL");
      } catch {
        // It has ended, or is somebody else's.
      }
    }
  }

  async stop(): Promise<void> {
    if (this.process.exitCode === null && this.process.signalCode === null) {
      this.process.kill("SIGKILL");
      await this.ended();
    }
    this.#endLeftovers();
    for (const socket of [this.#shell, this.#control, this.#stdin, this.#sub, this.#hb]) socket.close();
    rmSync(this.folder, { recursive: true, force: true });
  }
}

export function text(messages: readonly Wire[], name: "stdout" | "stderr" = "stdout"): string {
  return messages.filter((m) => m.type === "stream" && m.content.name === name).map((m) => String(m.content.text)).join("");
}

export async function eventually(condition: () => boolean, timeout: number): Promise<boolean> {
  const end = Date.now() + timeout;
  while (!condition()) {
    if (Date.now() > end) return false;
    await sleep(2);
  }
  return true;
}

export function sleep(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}

function parse(frames: readonly Buffer[]): Wire {
  const at = frames.findIndex((frame) => frame.toString() === "<IDS|MSG>");
  const json = (index: number) => JSON.parse(frames[at + index].toString()) as Record<string, string>;
  return { type: json(2).msg_type, parent: json(3).msg_id, header: json(2), metadata: json(4), content: json(5) as unknown as Content, buffers: frames.slice(at + 6) };
}

async function freePorts(count: number): Promise<number[]> {
  const servers = await Promise.all(Array.from({ length: count }, () => new Promise<ReturnType<typeof createServer>>((resolve) => {
    const server = createServer().listen(0, "127.0.0.1", () => resolve(server));
  })));
  const ports = servers.map((server) => (server.address() as AddressInfo).port);
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  return ports;
}
