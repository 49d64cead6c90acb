import type { MessagePort } from "node:worker_threads";
import { installCellApi, flush, forgetPending } from "../display/cell-api.ts";
import { mimeBundle } from "../display/index.ts";
import { carryCells } from "./carried-callbacks.ts";
import { createCellContext } from "./cell-context.ts";
import { watchChildProcesses } from "./child-processes.ts";
import { CommLink } from "./comm-link.ts";
import { installDebugHelper } from "./debug-helper.ts";
import { ConsoleGroups } from "./console-groups.ts";
import { cleanFunctionText } from "./function-text.ts";
import { InterruptedError, Interrupts } from "./interrupts.ts";
import { EndSignals, leave } from "./leave.ts";
import type { CellRequest, FromInterpreter, SharedState, ToInterpreter } from "./link.ts";
import { createModules } from "./modules.ts";
import type { NotebookModules } from "./modules.ts";
import { captureStreams, createBarrier, createOutput } from "./output.ts";
import type { Output } from "./output.ts";
import { guardProcessExit, reportStrayErrors, silenceLoaderWarning } from "./process-guard.ts";
import { makeImmediatesSafe } from "./safe-immediates.ts";
import { CellSession } from "./session.ts";
import { Stdin } from "./stdin.ts";
import { plainTraceback, Tracebacks } from "./traceback.ts";
import { installTypeScriptRequire } from "./typescript-modules.ts";

/** The lines between the main thread and the wire worker. */
export interface InterpreterLink {
  readonly port: MessagePort;
  /** Answers to blocking questions. */
  readonly answers: MessagePort;
  readonly shared: SharedState;
}

/**
 * Makes this thread run user code: hears {@link ToInterpreter} messages, tells what happens as {@link FromInterpreter}.
 * @param folder the notebook's folder: what relative imports, `require` and `__dirname` mean
 */
export function startInterpreter(link: InterpreterLink, folder: string): void {
  const interpreter = new Interpreter(link, folder);
  // Cells start from a message event: terminating one that began in an immediate of Node's own would break their queue.
  link.port.on("message", (message: ToInterpreter) => interpreter.hear(message));
}

class Interpreter {
  readonly #link: InterpreterLink;
  readonly #session: CellSession;
  readonly #interrupts: Interrupts;
  readonly #stdin: Stdin;
  readonly #comms: CommLink;
  readonly #modules: NotebookModules;
  readonly #cells = new Map<number, CellRequest>();
  readonly #exit: (code: number) => never;
  readonly #endSignals: EndSignals;
  readonly #groups: ConsoleGroups;

  constructor(link: InterpreterLink, folder: string) {
    this.#link = link;
    this.#exit = guardProcessExit();
    silenceLoaderWarning();
    cleanFunctionText();
    makeImmediatesSafe();
    const context = createCellContext();
    carryCells(context);
    this.#interrupts = new Interrupts(link.shared, context);
    this.#interrupts.publish();
    this.#stdin = new Stdin(this.#post, link.answers, link.shared);
    const tracebacks = new Tracebacks();
    tracebacks.install();
    const modules = this.#modules = createModules(folder);
    this.#session = new CellSession({ context, interrupts: this.#interrupts, tracebacks, modules, shared: link.shared, render: mimeBundle, flush });
    const output = createOutput(this.#post, link.shared, () => this.#session.cell);
    captureStreams(output);
    this.#groups = new ConsoleGroups(console, () => this.#session.cell);
    watchChildProcesses(createBarrier(this.#post, link.shared));
    const report = (error: unknown): void => {
      if (error instanceof InterruptedError) return;
      // Where Node does not know which cell a promise belongs to, the error's stack tells.
      const cell = context.current() ?? tracebacks.cellOf(error);
      context.run(cell, () => output.write("stderr", plainTraceback(tracebacks.describe(error))));
    };
    reportStrayErrors(report);
    this.#comms = new CommLink({ context, cell: () => this.#session.cell, post: this.#post, report });
    this.#defineGlobals(modules.require, folder, output);
    installDebugHelper((id) => tracebacks.cell(id));
    process.on("SIGINT", () => this.#post({ type: "sigint" }));
    this.#endSignals = new EndSignals(() => this.#post({ type: "end" }));
  }

  hear(message: ToInterpreter): void {
    this.#session.noticeTermination();
    this.#comms.noticeTermination();
    switch (message.type) {
      case "prepare": return this.#prepare(message);
      case "discard": this.#cells.delete(message.id); return this.#session.discard(message.id);
      case "paths": return this.#modules.map(message.paths);
      case "run": return void this.#run(message);
      case "interrupt": return this.#interrupt();
      case "abandon": return this.#abandon(message.id, message.terminated);
      case "answer": return this.#stdin.deliver(message.cell, message);
      case "comm": return this.#comms.hear(message);
      case "exit": return leave(this.#exit, this.#link.shared.control);
    }
  }

  #interrupt(): void {
    this.#post({ type: "responsive" });
    this.#stdin.forgetAll();
    forgetPending();
    this.#interrupts.interrupt();
  }

  #prepare({ cell, script, report }: Extract<ToInterpreter, { type: "prepare" }>): void {
    this.#cells.set(cell.id, cell);
    this.#session.prepare(cell, script);
    if (report !== true) return;
    const { code, map } = this.#session.prepared(cell.id) ?? { code: "", map: "" };
    this.#post({ type: "compiled", id: cell.id, code, map });
  }

  async #run({ id, ready }: Extract<ToInterpreter, { type: "run" }>): Promise<void> {
    if (ready) this.#prepare({ type: "prepare", ...ready });
    const cell = this.#cells.get(id);
    if (cell === undefined) return;
    this.#cells.delete(id);
    this.#endSignals.cellBegins();
    const outcome = await this.#session.run(cell, (result) => this.#post({ type: "result", cell: id, ...result }));
    this.#stdin.forget(id);
    this.#groups.close(id);
    this.#endSignals.cellEnds();
    this.#post({ type: "done", cell: id, outcome });
  }

  #abandon(id: number, terminated: boolean): void {
    if (this.#session.abandon(id, terminated)) return;
    // The cell has ended, but the termination may have hit the report of it; a second report does no harm.
    const { name, message } = new InterruptedError();
    this.#post({ type: "done", cell: id, outcome: { status: "error", ename: name, evalue: message, traceback: [`${name}: ${message}`] } });
  }

  readonly #post = (message: FromInterpreter): void => {
    // Node's own postMessage answers true, which would become a cell's result.
    this.#link.port.postMessage(message);
  };

  #defineGlobals(require: NodeJS.Require, folder: string, output: Output): void {
    installTypeScriptRequire(require);
    const values = { require, __dirname: folder, __filename: `${folder}/notebook.ts` };
    for (const [name, value] of Object.entries(values)) {
      Object.defineProperty(globalThis, name, { value, writable: true, configurable: true });
    }
    installCellApi({
      display: (data, { id, update = false, metadata = {} }) => output.display({ data, metadata, id, update }),
      clearOutput: (wait) => this.#post({ type: "clear", cell: this.#session.cell, wait }),
      input: (prompt, { password }) => this.#stdin.ask(this.#session.request, prompt, password),
      inputSync: (prompt, { password }) => this.#stdin.askSync(this.#session.request, prompt, password),
    });
  }
}
