import { createHmac, randomUUID } from "node:crypto";
import { spawn } from "node:child_process";
import { eventually, sleep } from "../kernel-driver.ts";
import { plain, unless } from "./feature.ts";
import type { Feature } from "./feature.ts";

const group = "Safety";

function alive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

export const safety: readonly Feature[] = [
  {
    group, title: "a recorded message sent again is not run again",
    check: async ({ kernel, dialect }) => {
      await kernel.run(dialect.language === "py" ? "n = 0" : "let n = 0");
      const { frames, id } = kernel.frames("execute_request", { code: dialect.language === "py" ? "n = n + 1" : "n = n + 1; undefined", silent: false, store_history: true, user_expressions: {}, allow_stdin: false, stop_on_error: true });
      await kernel.raw(frames);
      await kernel.result(id);
      await kernel.raw(frames);
      await sleep(500);
      const { messages } = await kernel.run(dialect.language === "py" ? "'n=' + str(n)" : "'n=' + n");
      return unless(plain(JSON.stringify(messages.map(({ content }) => content))).includes("n=1"), "it ran twice");
    },
  },
  {
    group, title: "forged messages are ignored and learn nothing from the kernel",
    check: async ({ kernel, dialect }) => {
      await kernel.run(dialect.print("first"));
      const { frames } = kernel.frames("execute_request", { code: dialect.print("forged"), silent: false }, { key: randomUUID() });
      const right = createHmac("sha256", kernel.key).update(frames.slice(2).join("")).digest("hex");
      await kernel.raw(frames);
      await sleep(500);
      await kernel.run("1 + 1");
      const heard = JSON.stringify(kernel.iopub.map(({ content }) => content));
      return unless(!heard.includes(right) && !heard.includes("forged"), heard.includes(right) ? "it publishes the right signature" : "it ran");
    },
  },
  {
    group, title: "malformed messages do no harm",
    check: async ({ kernel, dialect }) => {
      for (const frames of [["x"], ["<IDS|MSG>"], ["<IDS|MSG>", "", "{", "{", "{", "{"], [""], ["<IDS|MSG>", "00", "{}", "{}", "{}", "[]"]]) {
        for (const channel of ["shell", "control", "stdin"] as const) await kernel.raw(frames, channel);
      }
      const { messages } = await kernel.run(dialect.print("still here"));
      return unless(JSON.stringify(messages.map(({ content }) => content)).includes("still here"), "it does not run cells any more");
    },
  },
  {
    group, title: "the kernel ends when its client was killed",
    check: async ({ contestant, kernel }) => {
      // A client of its own: it starts a kernel as Jupyter does, and is killed.
      await kernel.stop();
      const other = new (kernel.constructor as new () => typeof kernel)();
      const file = await other.writeConnectionFile();
      const argv = contestant.argv.map((word) => word.replace("{connection_file}", file));
      const program = `const { spawn } = require("child_process"); const k = spawn(${JSON.stringify(argv[0])}, ${JSON.stringify(argv.slice(1))}, { stdio: "ignore", detached: true, env: { ...process.env, JPY_PARENT_PID: String(process.pid) } }); console.log(k.pid); setInterval(() => {}, 1000)`;
      const client = spawn(process.execPath, ["-e", program], { stdio: ["ignore", "pipe", "inherit"], env: { ...process.env, ...contestant.env } });
      const pid = await new Promise<number>((resolve) => client.stdout.once("data", (data: Buffer) => resolve(Number(data.toString()))));
      other.process = client;
      try {
        await other.connect();
        client.kill("SIGKILL");
        return unless(await eventually(() => !alive(pid), 15_000), "it lives on");
      } finally {
        if (alive(pid)) process.kill(pid, "SIGKILL");
        client.kill("SIGKILL");
        await other.stop();
      }
    },
  },
];
