import { runInNewContext } from "node:vm";
import { describe, expect, it } from "vitest";
import { OutputArea, settle } from "../../../kernel/run/outputs.ts";
import type { CodeCell } from "../../../kernel/notebook/index.ts";

const cell = (): CodeCell => ({ cell_type: "code", id: "a", metadata: {}, source: "", outputs: [], execution_count: 7 });
const message = (msg_type: string, content: Record<string, unknown>): { header: { msg_type: string }; content: Record<string, unknown> } => ({ header: { msg_type }, content });
const stream = (name: string, text: string): ReturnType<typeof message> => message("stream", { name, text });
const show = (type: string, text: string, id?: string): ReturnType<typeof message> => message(type, { data: { "text/plain": text }, metadata: {}, transient: id === undefined ? {} : { display_id: id } });

describe("OutputArea", () => {
  it("joins consecutive pieces of one stream, and only those", () => {
    const area = new OutputArea();
    const one = cell();
    for (const [name, text] of [["stdout", "a"], ["stdout", "b"], ["stderr", "c"], ["stdout", "d"]] as const) area.apply(one, stream(name, text));
    expect(one.outputs).toEqual([{ output_type: "stream", name: "stdout", text: "ab" }, { output_type: "stream", name: "stderr", text: "c" }, { output_type: "stream", name: "stdout", text: "d" }]);
  });

  it("clears at once, or with the next output", () => {
    const area = new OutputArea();
    const one = cell();
    area.apply(one, stream("stdout", "a"));
    area.apply(one, message("clear_output", { wait: true }));
    expect(one.outputs).toHaveLength(1);
    area.apply(one, stream("stdout", "b"));
    expect(one.outputs).toEqual([{ output_type: "stream", name: "stdout", text: "b" }]);
    area.apply(one, message("clear_output", { wait: false }));
    expect(one.outputs).toEqual([]);
  });

  it("updates every display of an id, in any cell, and stores no id", () => {
    const area = new OutputArea();
    const [one, two] = [cell(), cell()];
    area.apply(one, show("display_data", "first", "x"));
    area.apply(two, show("execute_result", "second", "x"));
    expect(one.outputs[0]).toEqual({ output_type: "display_data", data: { "text/plain": "second" }, metadata: {} });
    area.apply(two, show("update_display_data", "third", "x"));
    area.apply(two, show("update_display_data", "nobody", "y"));
    expect([one, two].map(({ outputs }) => outputs.map((output) => ("data" in output ? output.data["text/plain"] : "")))).toEqual([["third"], ["third"]]);
    expect(two.outputs[0]).toMatchObject({ output_type: "execute_result", execution_count: 7 });
  });

  it("leaves comms and unknown messages out", () => {
    const one = cell();
    for (const type of ["comm_open", "comm_msg", "debug_event", "status", "execute_input"]) new OutputArea().apply(one, message(type, {}));
    expect(one.outputs).toEqual([]);
  });
});

describe("settle", () => {
  it.each([
    ["10%\r20%\r30%\n", "30%\n"], ["abc\b\bX", "aX"], ["a\r\nb", "a\nb"], ["done\r", "done\r"], ["a\rb\r", "b\r"], ["\r", "\r"], ["x\b\b", "\b"], ["line\n\bkept", "line\n\bkept"],
  ])("%j → %j", (text, expected) => expect(settle(text)).toBe(expected));

  it("reads a long line once, not once for each of its characters", () => {
    const long = (): number => settle(`${"x".repeat(2_000_000)}\n1\r2`).length;
    // The limit only ends what would go on for hours: two million characters squared.
    expect(runInNewContext("long()", { long }, { timeout: 30_000 })).toBe(2_000_002);
  });
});
