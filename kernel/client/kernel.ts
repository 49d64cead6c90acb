import type { JsonObject, Message } from "../protocol/messages.ts";
import { Channels } from "./channels.ts";
import type { Source } from "./channels.ts";
import { newConnection, writeConnectionFile } from "./connection-file.ts";
import type { ConnectionFile } from "./connection-file.ts";
import { DeadKernelError } from "./errors.ts";
import { KernelProcess } from "./kernel-process.ts";
import type { KernelSpec } from "./kernelspecs.ts";
import { Request, parentId } from "./request.ts";
import { delay, within } from "./timing.ts";

export interface LaunchOptions {
  cwd: string;
  env?: NodeJS.ProcessEnv;
  /** Seconds until the kernel must have answered (60). */
  startTimeout?: number;
  signal?: AbortSignal | undefined;
}

export interface ExecuteOptions {
  /** False for cells that are allowed to fail: the kernel then keeps the queue. */
  stopOnError?: boolean;
  /** The cell's metadata, as JupyterLab sends it along. */
  metadata?: JsonObject;
  /** Receives the request's id before any of its messages. */
  onSent?: (messageId: string) => void;
}

/** How long outputs may stay away after the reply before the cell counts as broken (ms of silence). */
const outputSilence = 10_000;

/** A running kernel and its channels. Every launched kernel must be shut down. */
export class Kernel {
  readonly spec: KernelSpec;
  /** Content of the kernel's first kernel_info_reply. */
  info: JsonObject = {};
  /** Called with every iopub message, in order. */
  onOutput: (message: Message) => void = () => undefined;
  /** Called when the kernel asks for input. */
  onInput: (message: Message) => void = () => undefined;
  readonly #process: KernelProcess;
  readonly #channels: Channels;
  readonly #file: ConnectionFile;
  readonly #requests = new Map<string, Request>();
  #heard = false;

  private constructor(spec: KernelSpec, process: KernelProcess, file: ConnectionFile, channels: (listener: (source: Source, message: Message) => void) => Channels) {
    this.spec = spec;
    this.#process = process;
    this.#file = file;
    this.#channels = channels((source, message) => this.#dispatch(source, message));
    void process.exited.then(() => this.#onExit());
  }

  /**
   * Starts a kernel and waits until its request and output channels both answer.
   * Throws a DeadKernelError (with the end of what the process printed) when that does not happen in time.
   */
  static async launch(spec: KernelSpec, options: LaunchOptions): Promise<Kernel> {
    for (let attempt = 1; ; attempt++) {
      try {
        return await Kernel.#launchOnce(spec, options);
      } catch (error) {
        // Another program may take a port between our choosing it and the kernel's binding it.
        if (attempt >= 3 || !/address already in use|EADDRINUSE/i.test((error as Error).message)) throw error;
      }
    }
  }

  static async #launchOnce(spec: KernelSpec, options: LaunchOptions): Promise<Kernel> {
    options.signal?.throwIfAborted();
    const env = options.env ?? process.env;
    const connection = await newConnection(spec.name);
    const file = writeConnectionFile(connection.text, env);
    let child: KernelProcess;
    try {
      child = await KernelProcess.start(spec, file.path, { cwd: options.cwd, env });
    } catch (error) {
      file.remove();
      throw error;
    }
    const kernel = new Kernel(spec, child, file, (listener) => new Channels(connection.info, listener));
    try {
      await kernel.#ready(options);
      return kernel;
    } catch (error) {
      await kernel.kill();
      throw error;
    }
  }

  /** Asks for kernel_info until an answer came and output has been heard: a late subscriber would miss the first cell's. */
  async #ready(options: LaunchOptions): Promise<void> {
    const seconds = options.startTimeout ?? 60;
    const deadline = performance.now() + seconds * 1000;
    let answered = false;
    while (!answered || !this.#heard) {
      options.signal?.throwIfAborted();
      if (this.#process.exit !== undefined) throw new DeadKernelError(this.#lastWords("could not start: its process"));
      if (performance.now() > deadline) throw new DeadKernelError(`The kernel ${this.spec.displayName} did not answer within ${seconds} s.${this.#printed()} (--start-timeout sets the limit.)`);
      const reply = this.request("shell", "kernel_info_request", {}).then((message) => { this.info = message.content; answered = true; });
      await within(Promise.all([reply, this.#outputHeard(1000)]), 1000, options.signal).catch(() => undefined);
    }
  }

  async #outputHeard(milliseconds: number): Promise<void> {
    for (const end = performance.now() + milliseconds; !this.#heard && performance.now() < end; ) await delay(5);
  }

  /** Sends a request; resolves with its reply, rejects with a DeadKernelError when the kernel dies before. */
  async request(channel: "shell" | "control", type: string, content: JsonObject): Promise<Message> {
    return this.#track(this.#channels.send(channel, type, content)).reply;
  }

  /** Runs code; resolves with the reply once its outputs are complete (the kernel is idle again). */
  async execute(code: string, options: ExecuteOptions = {}): Promise<Message> {
    const content = { code, silent: false, store_history: true, user_expressions: {}, allow_stdin: false, stop_on_error: options.stopOnError ?? true };
    const id = this.#channels.send("shell", "execute_request", content, { metadata: options.metadata ?? {} });
    options.onSent?.(id);
    const request = this.#track(id);
    const reply = await request.reply;
    await request.outputsEnd(outputSilence);
    return reply;
  }

  /** Interrupts the running cell, by message or signal as the kernelspec says. */
  interrupt(): void {
    if (this.#process.exit !== undefined) return;
    if (this.spec.interruptMode === "message") this.#channels.send("control", "interrupt_request", {});
    else this.#process.signal("SIGINT");
  }

  /** Whether the heartbeat answers within the time. */
  async responds(milliseconds = 1000): Promise<boolean> {
    return this.#process.exit === undefined && this.#channels.beat(milliseconds);
  }

  get pid(): number {
    return this.#process.pid;
  }

  get alive(): boolean {
    return this.#process.exit === undefined;
  }

  /** Asks the kernel to end, then makes it: nothing of it is left afterwards, neither process nor file. */
  async shutdown(grace = 5000): Promise<void> {
    if (this.alive) {
      this.#channels.send("control", "shutdown_request", { restart: false });
      await within(this.#process.exited, grace).catch(() => undefined);
    }
    if (this.alive) {
      this.#process.signal("SIGTERM");
      await within(this.#process.exited, 1000).catch(() => undefined);
    }
    await this.kill();
  }

  /** Ends the kernel at once. */
  async kill(): Promise<void> {
    this.#process.signal("SIGKILL"); // also reaches what the kernel left behind in its group
    await this.#process.exited;
    this.#channels.close();
    this.#file.remove();
  }

  #track(id: string): Request {
    const request = new Request();
    this.#requests.set(id, request);
    void request.reply.finally(() => request.idle.finally(() => this.#requests.delete(id)).catch(() => undefined)).catch(() => undefined);
    if (this.#process.exit !== undefined) this.#onExit();
    return request;
  }

  #dispatch(source: Source, message: Message): void {
    const request = this.#requests.get(parentId(message) ?? "");
    if (source === "iopub") {
      this.#heard = true;
      request?.heard();
      this.onOutput(message);
      if (message.header.msg_type === "status" && message.content.execution_state === "idle") request?.becomeIdle();
    } else if (source === "stdin") {
      this.onInput(message);
    } else {
      request?.answer(message);
    }
  }

  /** What was on the wire when the process died is still delivered before its requests fail. */
  #onExit(): void {
    void delay(100).then(() => {
      const error = new DeadKernelError(this.#lastWords("died: its process"));
      for (const request of this.#requests.values()) request.fail(error);
    });
  }

  #printed(): string {
    return this.#process.tail === "" ? "" : `\nThe kernel's process printed:\n${this.#process.tail}`;
  }

  #lastWords(what: string): string {
    return `The kernel ${this.spec.displayName} ${what} ${this.#process.describeExit()}.${this.#printed()}`;
  }
}
