import { describe, expect, it } from "vitest";
import type { ToInterpreter } from "../../../kernel/language/link.ts";
import { Executions } from "../../../kernel/server/executions.ts";
import type { ExecutionParts } from "../../../kernel/server/executions.ts";
import { received } from "./received.ts";

const ok = { status: "ok", expressions: {} } as const;
const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

function setUp(quiet: () => Promise<void> = async () => undefined) {
  const posted: string[] = [];
  const published: [type: string, count: unknown][] = [];
  const history: unknown[] = [];
  const parts = {
    iopub: { publish: (type: string, { execution_count }: { execution_count?: unknown }) => published.push([type, execution_count]), stream: () => undefined },
    history: { add: (line: number, code: string) => history.push([line, code]), addOutput: (line: number, text: unknown) => history.push([line, text]) },
    language: { client: { inspect: () => Promise.reject(new Error("the thread is gone")) }, compile: async () => undefined, commit: () => undefined },
    planner: { plan: async () => ({ settings: { typecheck: "off", tsx: false }, ended: () => undefined }) },
    debugging: { expect: () => undefined },
  } as unknown as ExecutionParts;
  const post = (message: ToInterpreter): void => {
    if (message.type === "run") expect(message.ready?.cell.id).toBe(message.id);
    posted.push("id" in message ? `${message.type} ${message.id}` : message.type === "prepare" ? `prepare ${message.cell.id}` : message.type);
  };
  const executions = new Executions(post, quiet, parts);
  const execute = (code: string, content: object = {}) => executions.execute(received("execute_request", { code, ...content }, { id: code }));
  return { executions, execute, posted, published, history };
}

describe("Executions", () => {
  it("runs several cells at the same time, each to its own end", async () => {
    const { executions, execute, posted } = setUp();
    const [one, two] = [execute("one"), execute("two")];
    await settled();
    expect(posted).toEqual(["run 1", "run 2"]);
    expect(executions.running).toEqual([1, 2]);
    executions.done(2, ok);
    expect((await two).reply).toMatchObject({ status: "ok", execution_count: 2 });
    expect([executions.running, executions.current?.msg_id]).toEqual([[1], "one"]);
    executions.done(2, ok); // a second report does no harm
    executions.done(1, { status: "error", ename: "E", evalue: "e", traceback: [] });
    expect(await one).toMatchObject({ reply: { status: "error", execution_count: 1, payload: [], user_expressions: {} }, abortQueue: true });
  });

  it("shows what a forgotten cell says in the newest: frontends show nothing that has no parent", async () => {
    const { executions, execute } = setUp();
    for (let id = 1; id <= 1001; id++) {
      const cell = execute(`cell ${id}`);
      await settled();
      executions.done(id, ok);
      await cell;
    }
    expect([1, 2].map((id) => executions.parentFor(id)?.msg_id)).toEqual(["cell 1001", "cell 2"]);
  });

  it("starts no cell while an interrupt is under way: its start would clear the interrupt of the others", async () => {
    let calm = (): void => undefined;
    const { executions, execute, posted } = setUp(() => new Promise((resolve) => { calm = resolve; }));
    const cell = execute("1");
    await settled();
    expect(posted).toEqual([]);
    calm();
    await settled();
    expect(posted).toEqual(["run 1"]);
    executions.done(1, ok);
    await cell;
  });

  it("does not start a cell that was interrupted while it waited for that", async () => {
    let calm = (): void => undefined;
    const { executions, execute, posted } = setUp(() => new Promise((resolve) => { calm = resolve; }));
    const cell = execute("1");
    executions.interrupt();
    calm();
    expect((await cell).reply).toMatchObject({ status: "error", ename: "InterruptedError" });
    expect(posted).toEqual(["discard 1"]);
  });

  it("answers with an error when a thread of the kernel is lost", async () => {
    const { execute } = setUp();
    expect((await execute("name?")).reply).toMatchObject({ status: "error", evalue: "the thread is gone" });
  });

  it("counts what is stored, and aborts no queue for a silent cell", async () => {
    const { executions, execute, published, history } = setUp();
    const run = async (id: number, cell: ReturnType<typeof execute>, failed = false) => {
      await settled();
      executions.result(id, { "text/plain": `r${id}` }, {});
      executions.done(id, failed ? { status: "error", ename: "E", evalue: "e", traceback: [] } : ok);
      const { reply, abortQueue } = await cell;
      return [reply.execution_count, abortQueue];
    };
    expect(await run(1, execute("a"))).toEqual([1, false]);
    expect(await run(2, execute("b", { store_history: false }))).toEqual([1, false]);
    expect(await run(3, execute("c", { silent: true }), true)).toEqual([1, false]);
    expect(await run(4, execute("d", { stop_on_error: false }), true)).toEqual([2, false]);
    expect(published).toEqual([["execute_input", 1], ["execute_result", 1], ["execute_input", 2], ["execute_result", 2], ["execute_input", 2], ["execute_result", 2], ["error", undefined]]);
    expect(history).toEqual([[1, "a"], [1, "r1"], [2, "d"], [2, "r4"]]);
  });

  it("remembers the parents of a thousand cells, without what they said", async () => {
    const { executions, execute } = setUp();
    for (let id = 1; id <= 1001; id++) {
      const cell = execute(`${id}`);
      await settled();
      executions.done(id, ok);
      await cell;
    }
    expect([executions.requestOf(1), executions.requestOf(2)?.message.header.msg_id]).toEqual([undefined, "2"]);
    expect(executions.requestOf(1001)?.message.content).toEqual({});
  });
});
