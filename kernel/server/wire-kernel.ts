import { Worker } from "node:worker_threads";
import type { MessagePort } from "node:worker_threads";
import { slot } from "../language/link.ts";
import { Log } from "../log.ts";
import type { StandardStreams } from "../standard-streams.ts";
import type { FromInterpreter, InputAnswer, SharedState, ToInterpreter } from "../language/link.ts";
import type { ConnectionInfo } from "../protocol/connection-file.ts";
import { decode, split } from "../protocol/frames.ts";
import type { Header, Received } from "../protocol/messages.ts";
import { asString, ProtocolError } from "../protocol/messages.ts";
import { ReplayGuard } from "../protocol/replay.ts";
import { createSigner } from "../protocol/signer.ts";
import type { Signer } from "../protocol/signer.ts";
import { endChildren } from "./children.ts";
import { Comms } from "./comms.ts";
import { Composer } from "./composer.ts";
import { Debugging } from "./debug/debugging.ts";
import { Executions } from "./executions.ts";
import { insistOnExit, kill } from "./exit.ts";
import { Guardian } from "./guardian.ts";
import { History } from "./history.ts";
import { IoPub } from "./iopub.ts";
import { Language } from "./language.ts";
import { NativeOutput } from "./native-output.ts";
import { NotebookSettings } from "./notebook-settings.ts";
import { watchParent } from "./parent.ts";
import { Planner } from "./planner.ts";
import { ProjectSettings } from "./project-settings.ts";
import { Questions } from "./questions.ts";
import { Settings } from "./settings.ts";
import { Shell } from "./shell.ts";
import type { Sockets } from "./sockets.ts";
import { openSockets } from "./sockets.ts";

/** What frontends answer when the person ends the input instead of giving any. */
const endOfInput = "\u0004";

/** What the main thread hands to the wire worker. */
export interface MainLink {
  readonly connection: ConnectionInfo;
  readonly cwd: string;
  readonly shared: SharedState;
  readonly streams: StandardStreams;
  readonly port: MessagePort;
  readonly answers: MessagePort;
}

/** `workerData` as what main.ts put there. */
export function asMainLink(data: unknown): MainLink {
  return data as MainLink;
}

/** How long the language thread and the cells' children may take to end, in milliseconds. */
const exitPatience = 500;

/** How V8 announces that the process is about to end: clients must not be the only ones to be told. */
const fatalMark = "FATAL ERROR:";

/** The server side of the kernel: connects sockets, cells, language service and guardian. */
export class Wire {
  readonly #link: MainLink;
  readonly #sockets: Sockets;
  readonly #signer: Signer;
  readonly #replay = new ReplayGuard();
  readonly #composer = new Composer();
  readonly #iopub: IoPub;
  readonly #settings = Settings.fromEnvironment(process.env);
  readonly #language: Language;
  readonly #executions: Executions;
  readonly #guardian: Guardian;
  readonly #debugging: Debugging;
  readonly #native: NativeOutput;
  readonly #history: History;
  readonly #log: Log;
  readonly #shell: Shell;
  readonly #questions: Questions;
  readonly #comms: Comms;
  #closing = false;
  #warmed = false;

  /** Binds the sockets. Throws when that fails. */
  static async open(link: MainLink): Promise<Wire> {
    const signer = createSigner(link.connection.key, link.connection.signatureScheme);
    const log = new Log(link.streams.log);
    return new Wire(link, signer, { log, sockets: await openSockets(link.connection, (message) => log.write(message)) });
  }

  private constructor(link: MainLink, signer: Signer, { log, sockets }: { log: Log; sockets: Sockets }) {
    this.#link = link;
    this.#log = log;
    this.#signer = signer;
    this.#sockets = sockets;
    this.#iopub = new IoPub(sockets, this.#composer, signer, (weight) => this.#sent(weight));
    this.#language = new Language(link.cwd);
    const packagesChanged = (): void => this.#language.packagesChanged();
    const planner = new Planner({ folder: link.cwd, settings: this.#settings, packagesChanged }, this.#settingsSources(), this.#iopub);
    this.#debugging = new Debugging({
      folder: link.cwd,
      shared: link.shared,
      analyse: (method, text) => this.#language.client.debug(method, text),
      publish: (event) => this.#iopub.publish("debug_event", event, this.#executions.current),
      running: () => this.#executions.running,
      declare: (code) => this.#language.commit({ code, name: "the debugger" }),
    });
    this.#history = new History(process.env, link.cwd, (text) => this.#log.write(text));
    const parts = { iopub: this.#iopub, history: this.#history, language: this.#language, planner, debugging: this.#debugging };
    this.#executions = new Executions((message) => this.#post(message), () => this.#guardian.settled(), parts);
    this.#guardian = new Guardian(link.shared, {
      running: () => this.#executions.running,
      post: (message) => this.#post(message),
      giveUp: () => this.#iopub.stream("stderr", "The cell does not react to interrupts. Restart the kernel to stop it.\n", this.#executions.current),
    });
    this.#native = new NativeOutput(link.streams.captured, (name, text) => this.#captured(name, text));
    this.#comms = new Comms({ iopub: this.#iopub, executions: this.#executions, post: (message) => this.#post(message) });
    const services = {
      connection: link.connection,
      iopub: this.#iopub,
      executions: this.#executions,
      comms: this.#comms,
      history: this.#history,
      language: this.#language,
      debugging: this.#debugging,
      settings: this.#settings,
      interrupt: () => this.#interrupt(),
      warm: () => this.#warm(),
      shutdown: () => void this.#shutdown(),
    };
    this.#questions = new Questions(sockets.stdin, this.#composer, signer);
    this.#shell = new Shell(services, sockets, this.#composer, signer);
  }

  #settingsSources(): ConstructorParameters<typeof Planner>[1] {
    const { cwd: folder } = this.#link;
    const project = { folder, language: this.#language, settings: this.#settings, post: (message: ToInterpreter) => this.#post(message) };
    return [new NotebookSettings(this.#settings, process.env, folder), new ProjectSettings(project)];
  }

  listen(): void {
    this.#link.port.on("message", (message: FromInterpreter) => this.#hear(message));
    this.#iopub.status("starting", undefined);
    this.#sockets.onSubscription((topic) => this.#iopub.welcome(topic));
    this.#sockets.shell.listen((frames) => this.#accept(frames, (request) => this.#shell.onShell(request)));
    this.#sockets.control.listen((frames) => this.#accept(frames, (request) => this.#shell.onControl(request)));
    this.#sockets.stdin.listen((frames) => this.#accept(frames, (request) => this.#onStdin(request)));
    watchParent(process.env, () => void this.#shutdown());
    setTimeout(() => this.#watchSignals(), 200).unref();
  }

  /** Frames that are not a valid, authentic, new message are dropped; only the kernel's own log hears of them. */
  #accept(frames: readonly Uint8Array[], handle: (request: Received) => void): void {
    if (this.#closing) return;
    try {
      const request = decode(frames, this.#signer);
      if (!this.#replay.accept(split(frames).signature)) throw new ProtocolError("it was received before");
      handle(request);
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error;
      this.#log.write(`ignored a message: ${error.message}`);
    }
  }

  #hear(message: FromInterpreter): void {
    // What native code has written by now comes before what the cell says next (and between two lines, if it took its time).
    if (message.type !== "responsive" && message.type !== "compiled") this.#native.drain(message.type === "stream");
    switch (message.type) {
      case "responsive": return this.#guardian.responsive();
      case "sigint": return void this.#interrupt();
      case "end": return void this.#shutdown();
      case "sync": return this.#synced();
      case "stream": return this.#iopub.print(message, this.#parent(message.cell));
      case "display": return this.#display(message);
      case "clear": return this.#iopub.publish("clear_output", { wait: message.wait }, this.#parent(message.cell));
      case "result": return this.#executions.result(message.cell, message.data, message.metadata);
      case "input": return this.#ask(message);
      case "compiled": return this.#debugging.compiled(message);
      case "done": return this.#done(message);
      case "comm": case "comm-handled": case "comm-target": case "comm-watch": return this.#comms.hear(message);
    }
  }

  /** Text from outside JavaScript belongs to the newest cell; before the first one it is the kernel's own log's. */
  #captured(name: "stdout" | "stderr", text: string): void {
    const parent = this.#executions.newest;
    if (parent === undefined || text.includes(fatalMark)) this.#log.write(text.trimEnd());
    if (parent !== undefined) this.#iopub.stream(name, text, parent);
  }

  #display({ cell, data, metadata, id, update, weight }: Extract<FromInterpreter, { type: "display" }>): void {
    const transient = id === undefined ? {} : { display_id: id };
    this.#iopub.publish(update ? "update_display_data" : "display_data", { data, metadata, transient }, this.#parent(cell));
    void this.#sockets.flush().then(() => this.#sent(weight));
  }

  #done({ cell, outcome }: Extract<FromInterpreter, { type: "done" }>): void {
    this.#questions.forget(cell);
    this.#executions.done(cell, outcome);
    // A cell that had withstood its interrupt is over now: the interrupt is not meant for those started since.
    const others = this.#executions.running.some((other) => other !== cell);
    if (others && !this.#guardian.busy) Atomics.store(this.#link.shared.flag, 0, 0);
  }

  #ask(question: Extract<FromInterpreter, { type: "input" }>): void {
    const request = this.#executions.requestOf(question.cell);
    if (request === undefined) return;
    this.#iopub.flushStreams();
    this.#questions.ask(question, request);
  }

  #onStdin(reply: Received): void {
    const question = reply.message.header.msg_type === "input_reply" ? this.#questions.take(reply) : undefined;
    if (question === undefined) return;
    const value = asString(reply.message.content.value);
    const answer: InputAnswer = value === endOfInput ? { error: "input: the input has ended (Ctrl+D)" } : { value };
    if (!question.blocking) return this.#post({ type: "answer", cell: question.cell, ...answer });
    this.#link.answers.postMessage(answer);
    Atomics.add(this.#link.shared.control, slot.input, 1);
    Atomics.notify(this.#link.shared.control, slot.input);
  }

  #parent(cell: number): Header | undefined {
    return this.#executions.parentFor(cell);
  }

  #post(message: ToInterpreter): void {
    // Clears the interrupt of the cells before, unless one of them has withstood it; only this thread raises it.
    if (message.type === "run" && this.#executions.running.every((cell) => cell === message.id)) Atomics.store(this.#link.shared.flag, 0, 0);
    this.#link.port.postMessage(message);
  }

  #warm(): void {
    if (this.#warmed) return;
    this.#warmed = true;
    this.#language.warm(this.#settings.of().typecheck !== "off");
  }

  #interrupt(): Promise<void> {
    this.#questions.forgetAll();
    this.#executions.interrupt();
    return this.#debugging.interrupt(() => this.#guardian.interrupt());
  }

  #sent(weight: number): void {
    Atomics.sub(this.#link.shared.control, slot.backlog, weight);
    Atomics.notify(this.#link.shared.control, slot.backlog);
  }

  #watchSignals(): void {
    const worker = new Worker(new URL("./signal-watch.js", import.meta.url));
    worker.unref();
    worker.on("message", () => void this.#interrupt());
    worker.on("error", (error) => this.#log.write(`SIGINT is only heard between cells: ${error.message}`));
  }

  #synced(): void {
    Atomics.add(this.#link.shared.control, slot.synced, 1);
    Atomics.notify(this.#link.shared.control, slot.synced);
  }

  async #shutdown(): Promise<void> {
    if (this.#closing) return;
    this.#closing = true;
    this.#debugging.dispose();
    const emergency = setTimeout(kill, 2 * exitPatience + 1000);
    const finished = Promise.all([this.#language.dispose(), this.#history.flush(), endChildren()]);
    await Promise.race([finished, new Promise((resolve) => setTimeout(resolve, exitPatience))]);
    this.#native.drain();
    this.#comms.close();
    this.#iopub.flushStreams();
    await this.#sockets.close();
    clearTimeout(emergency);
    this.#post({ type: "exit" });
    // A blocking question, or code that looks at the flag, lets the main thread hear of it.
    Atomics.store(this.#link.shared.flag, 0, 1);
    Atomics.notify(this.#link.shared.control, slot.input);
    insistOnExit(this.#link.shared.control);
  }
}
