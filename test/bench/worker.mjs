// A process that answers lines: one line in, one line of JSON out. Contestants stay alive together this way, warm.
import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { root } from "./harness.mjs";

export class Worker {
  #child;
  #lines;
  #errors = "";

  constructor(command, args, env = {}) {
    this.#child = spawn(command, args, { cwd: root, env: { ...process.env, ...env }, stdio: ["pipe", "pipe", "pipe"] });
    this.#child.on("error", (error) => { this.#errors += error.message; });
    this.#child.stderr.setEncoding("utf8").on("data", (text) => { this.#errors = (this.#errors + text).slice(-2000); });
    this.#child.stdin.on("error", () => {}); // a dead worker is noticed by its missing answer
    this.#lines = createInterface({ input: this.#child.stdout })[Symbol.asyncIterator]();
  }

  /** Sends a line and waits for the answer. Throws with the worker's stderr when it ends instead. */
  async ask(line) {
    this.#child.stdin.write(`${line}\n`);
    const { value, done } = await this.#lines.next();
    if (done) throw new Error(`the worker ended: ${this.#errors.trim()}`);
    return JSON.parse(value);
  }

  /** Ends the process. */
  close() {
    this.#child.stdin.end();
    this.#child.kill();
  }
}

/** Serves a worker's side: calls `answer(line)` for each line of stdin and writes what it gives as JSON. */
export async function serve(answer) {
  for await (const line of createInterface({ input: process.stdin })) {
    process.stdout.write(`${JSON.stringify(await answer(line))}\n`);
  }
}
