import { closeSync, openSync, writeSync } from "node:fs";
import { Progress } from "../kernel/run/index.ts";
import type { RunEvent, RunResult } from "../kernel/run/index.ts";

export const logLevels = ["NOTSET", "DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"] as const;
export type LogLevel = (typeof logLevels)[number];

export interface RunLogOptions {
  level: LogLevel;
  /** Undefined: shown unless outputs are logged or the notebook goes to standard output. */
  progress?: boolean | undefined;
  logOutput: boolean;
  stdoutFile?: string | undefined;
  stderrFile?: string | undefined;
  /** The notebook itself goes to standard output: only errors are told, as papermill does. */
  pipedOutput: boolean;
}

const colours = new RegExp("\u001b" + "\\[[0-9;]*[A-Za-z]", "g");

/** Tells a person on standard error how a run goes, and copies the cells' streams to files. */
export class RunLog {
  readonly #level: number;
  readonly #progress: Progress | undefined;
  readonly #logOutput: boolean;
  readonly #files: Record<string, number>;

  constructor(options: RunLogOptions) {
    const level = options.pipedOutput && options.level === "INFO" ? "ERROR" : options.level;
    this.#level = logLevels.indexOf(level);
    this.#logOutput = options.logOutput;
    const shown = options.progress ?? (!options.logOutput && !options.pipedOutput);
    this.#progress = shown ? new Progress(process.stderr) : undefined;
    const open = (name: string, path: string | undefined): [string, number][] => (path === undefined ? [] : [[name, openSync(path, "w")]]);
    this.#files = Object.fromEntries([...open("stdout", options.stdoutFile), ...open("stderr", options.stderrFile)]);
  }

  info(message: string): void {
    this.#tell("INFO", message);
  }

  readonly onEvent = (event: RunEvent): void => {
    this.#progress?.onEvent(event);
    if (event.type === "warning") this.#tell("WARNING", message(event));
    else if (event.type === "info") this.#tell("INFO", event.message);
    else if (event.type === "output") this.#output(event);
    else if (this.#logOutput && event.type === "cell-start") this.#tell("INFO", `Executing Cell ${String(event.index + 1).padEnd(40, "-")}`);
    else if (this.#logOutput && event.type === "cell-end") this.#tell("INFO", `Ending Cell ${String(event.index + 1).padEnd(43, "-")}`);
  };

  /** What came out: where it lies, and why it failed. */
  result(result: RunResult): void {
    this.#progress?.stop();
    const { error, status, seconds } = result;
    if (error !== undefined) {
      const traceback = error.traceback.join("\n").replace(colours, "");
      this.#tell("ERROR", `\n${"-".repeat(75)}\nException encountered at "In [${error.executionCount ?? "None"}]" (cell ${error.cellIndex + 1}):\n${traceback || `${error.name}: ${error.value}`}\n`);
    }
    this.#tell("INFO", `Notebook ${status} in ${seconds.toFixed(1)} s`);
    if (result.html !== undefined) this.#tell("INFO", `Report:          ${result.html}`);
  }

  close(): void {
    this.#progress?.stop();
    for (const file of Object.values(this.#files)) closeSync(file);
  }

  #output({ output, text }: Extract<RunEvent, { type: "output" }>): void {
    const stream = output.output_type === "stream" ? output.name : undefined;
    const file = stream === undefined ? undefined : this.#files[stream];
    if (file !== undefined) writeSync(file, text);
    if (this.#logOutput && text !== "") this.#tell(stream === "stderr" ? "WARNING" : "INFO", text.replace(/\n$/, ""));
  }

  #tell(level: LogLevel, text: string): void {
    if (logLevels.indexOf(level) < this.#level) return;
    this.#progress?.erase();
    process.stderr.write(`${text}\n`);
  }
}

const message = (event: { message: string }): string => event.message;
