import { randomUUID } from "node:crypto";
import { eventually } from "../kernel-driver.ts";
import type { KernelDriver } from "../kernel-driver.ts";
import { plain, unless } from "./feature.ts";
import type { Feature } from "./feature.ts";

const group = "Protocol";
const types = (messages: readonly { type: string }[]): string[] => messages.map(({ type }) => type);

/** Asks on the control channel while a cell computes; true when the answer comes before the cell's end. */
async function answersWhileBusy(kernel: KernelDriver, code: string, ask: () => Promise<unknown>): Promise<boolean> {
  const id = await kernel.execute(code);
  const started = () => kernel.iopub.some((m) => m.parent === id);
  if (!(await eventually(started, 10_000))) throw new Error("the cell does not start");
  const ended = () => kernel.iopub.some((m) => m.parent === id && m.content.execution_state === "idle");
  await ask();
  const early = !ended();
  await kernel.result(id, 30_000);
  return early;
}

async function answered(kernel: KernelDriver, code: string, answer: string) {
  const id = await kernel.execute(code, { allow_stdin: true });
  if (!(await eventually(() => kernel.inputRequests.some((m) => m.parent === id), 5000))) throw new Error("no input_request");
  const request = kernel.inputRequests.find((m) => m.parent === id)!;
  await kernel.send("input_reply", { status: "ok", value: answer }, "stdin");
  const { messages } = await kernel.result(id);
  return { request, result: plain(messages.find((m) => m.type === "execute_result")?.content.data["text/plain"] ?? "") };
}

export const protocol: readonly Feature[] = [
  {
    group, title: "`kernel_info` with `status` and the language's description",
    check: async ({ kernel }) => {
      const info = await kernel.request("kernel_info_request", {});
      return unless(info.status === "ok" && typeof info.language_info === "object" && typeof info.protocol_version === "string", JSON.stringify(info).slice(0, 200));
    },
  },
  {
    group, title: "heartbeat answers while a cell computes",
    check: async ({ kernel, dialect }) => unless(await answersWhileBusy(kernel, dialect.busy(3000), () => kernel.heartbeat("beat")), "only after the cell"),
  },
  {
    group, title: "control channel answers while a cell computes",
    check: async ({ kernel, dialect }) => unless(await answersWhileBusy(kernel, dialect.busy(3000), () => kernel.control("kernel_info_request", {}, 10_000)), "only after the cell"),
  },
  {
    group, title: "`iopub_welcome` tells a client that it will hear everything",
    check: async ({ kernel }) => unless(await eventually(() => kernel.iopub.some((m) => m.type === "iopub_welcome"), 3000), "none"),
  },
  {
    group, title: "`history`: what was run can be asked for",
    check: async ({ kernel }) => {
      const marker = `"${randomUUID()}"`;
      await kernel.run(marker);
      const { history } = (await kernel.request("history_request", { hist_access_type: "tail", n: 5, output: false, raw: true })) as { history?: unknown[][] };
      return unless(history?.some((entry) => entry[2] === marker) ?? false, "not there");
    },
  },
  {
    group, title: "`comm_open` for an unknown target is refused with `comm_close`",
    check: async ({ kernel }) => {
      const comm = randomUUID();
      await kernel.send("comm_open", { comm_id: comm, target_name: "potstill.nobody", data: {} });
      return unless(await eventually(() => kernel.iopub.some((m) => m.type === "comm_close" && m.content.comm_id === comm), 5000), "no comm_close");
    },
  },
  {
    group, title: "comms both ways (widgets need them)",
    check: async ({ kernel, dialect }) => {
      if (dialect.comm === undefined) return "the kernel has no comms";
      await kernel.run(dialect.comm);
      const opened = kernel.iopub.find((m) => m.type === "comm_open" && m.content.target_name === "potstill.test");
      if (opened === undefined) return "no comm_open";
      await kernel.send("comm_msg", { comm_id: opened.content.comm_id, data: { n: 7 } });
      const echo = () => kernel.iopub.find((m) => m.type === "comm_msg");
      if (!(await eventually(() => echo() !== undefined, 5000))) return "no answer";
      const { comms } = (await kernel.request("comm_info_request", {})) as { comms?: object };
      if (!Object.hasOwn(comms ?? {}, opened.content.comm_id as string)) return "comm_info does not know it";
      return unless(JSON.stringify(echo()!.content.data) === '{"echo":{"n":7}}', JSON.stringify(echo()!.content.data));
    },
  },
  {
    group, title: "input requests (`prompt`)",
    check: async ({ kernel, dialect }) => {
      if (dialect.ask === undefined) return "the kernel cannot ask";
      const { request, result } = await answered(kernel, dialect.ask, "Ada");
      return unless(String(request.content.prompt).includes("who?") && result.includes("Ada"), `${JSON.stringify(request.content)} → ${result}`);
    },
  },
  {
    group, title: "password input",
    check: async ({ kernel, dialect }) => {
      if (dialect.askSecretly === undefined) return "the kernel cannot ask for a password";
      const { request, result } = await answered(kernel, dialect.askSecretly, "sesame");
      return unless(request.content.password === true && result.includes("sesame"), `${JSON.stringify(request.content)} → ${result}`);
    },
  },
  {
    group, title: "subshells (JEP 91)",
    check: async ({ kernel }) => {
      const created = await kernel.control("create_subshell_request", {}, 6000);
      const listed = await kernel.control("list_subshell_request", {});
      return unless(created.status === "ok" && JSON.stringify(listed.subshell_id).includes(String(created.subshell_id)), JSON.stringify([created, listed]));
    },
  },
  {
    group, title: "debugger (DAP)",
    check: async ({ kernel }) => {
      const reply = await kernel.control("debug_request", { type: "request", seq: 1, command: "debugInfo", arguments: {} }, 6000);
      return unless(reply.success === true, JSON.stringify(reply).slice(0, 200));
    },
  },
  {
    group, title: "shutdown is answered, `restart` echoed, and the process ends",
    check: async ({ kernel }) => {
      const reply = await kernel.control("shutdown_request", { restart: true }, 6000);
      return unless(reply.status === "ok" && reply.restart === true && (await kernel.ended(10_000)), JSON.stringify(reply));
    },
  },
];

export const running: readonly Feature[] = [
  {
    group: "Running cells", title: "results are `execute_result` messages, as plain text without colour codes",
    check: async ({ kernel }) => {
      const { messages } = await kernel.run("1 + 2");
      return unless(messages.find((m) => m.type === "execute_result")?.content.data["text/plain"] === "3", types(messages).join());
    },
  },
  {
    group: "Running cells", title: "errors are `error` messages with name, value and traceback; the reply has them too",
    check: async ({ kernel, dialect }) => {
      const { reply, messages } = await kernel.run(dialect.language === "py" ? "raise ValueError('x')" : "throw new RangeError('x')");
      const error = messages.find((m) => m.type === "error");
      return unless(error?.content.evalue === "x" && reply.ename === error.content.ename && Array.isArray(reply.traceback), JSON.stringify(reply).slice(0, 200));
    },
  },
  {
    group: "Running cells", title: "`silent` cells leave no trace",
    check: async ({ kernel }) => {
      await kernel.run("1");
      const { messages } = await kernel.run("2", { silent: true, store_history: false });
      const { reply } = await kernel.run("3");
      return unless(messages.every((m) => m.type === "status") && reply.execution_count === 2, `${types(messages).join()}, count ${reply.execution_count}`);
    },
  },
  {
    group: "Running cells", title: "`user_expressions`",
    check: async ({ kernel }) => {
      const { reply } = await kernel.run("1", { user_expressions: { six: "2 * 3" } });
      const six = reply.user_expressions?.six as { data?: Record<string, string> } | undefined;
      return unless(plain(six?.data?.["text/plain"] ?? "") === "6", JSON.stringify(reply.user_expressions));
    },
  },
  {
    group: "Running cells", title: "an error aborts the cells queued behind it",
    check: async ({ kernel, dialect }) => {
      const failing = dialect.language === "py" ? "import time; time.sleep(0.5); raise ValueError('x')" : `${dialect.busy(500)} throw new Error('x')`;
      const first = await kernel.execute(failing);
      const second = await kernel.execute("4");
      await kernel.result(first);
      const { reply } = await kernel.result(second);
      return unless(reply.status === "aborted", String(reply.status));
    },
  },
  {
    group: "Running cells", title: "`stop_on_error: false` lets them run",
    check: async ({ kernel, dialect }) => {
      const failing = dialect.language === "py" ? "import time; time.sleep(0.5); raise ValueError('x')" : `${dialect.busy(500)} throw new Error('x')`;
      const first = await kernel.execute(failing, { stop_on_error: false });
      const second = await kernel.execute("4");
      const { reply: failed } = await kernel.result(first);
      const { reply } = await kernel.result(second);
      return unless(failed.status === "error" && reply.status === "ok", `${failed.status}, ${reply.status}`);
    },
  },
];
