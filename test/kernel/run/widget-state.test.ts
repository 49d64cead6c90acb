import { describe, expect, it } from "vitest";
import { WidgetStates } from "../../../kernel/run/widget-state.ts";
import type { Message } from "../../../kernel/protocol/messages.ts";

const message = (type: string, content: object, buffers: readonly Uint8Array[] = []): Message =>
  ({ header: { msg_type: type }, content, metadata: {}, parent_header: {}, buffers }) as unknown as Message;

const names = { _model_name: "ImageModel", _model_module: "@jupyter-widgets/controls", _model_module_version: "2.0.0" };
const open = (id: string, state: object, more: object = {}, buffers: readonly Uint8Array[] = []): Message =>
  message("comm_open", { comm_id: id, target_name: "jupyter.widget", data: { state: { ...names, ...state }, ...more } }, buffers);
const update = (id: string, state: object, more: object = {}, buffers: readonly Uint8Array[] = []): Message =>
  message("comm_msg", { comm_id: id, data: { method: "update", state, ...more } }, buffers);

function after(...messages: readonly Message[]): unknown {
  const states = new WidgetStates();
  for (const each of messages) states.apply(each);
  return states.metadata;
}

const saved = (state: object): object => ({ "application/vnd.jupyter.widget-state+json": { state, version_major: 2, version_minor: 0 } });
const widget = (state: object, buffers?: object): object =>
  ({ model_name: "ImageModel", model_module: "@jupyter-widgets/controls", model_module_version: "2.0.0", state: { ...names, ...state }, ...(buffers && { buffers }) });

describe("WidgetStates", () => {
  it("keeps each widget with its newest values, in the schema of notebooks", () => {
    expect(after(open("a", { value: 1, width: "" }), open("b", { value: "x" }), update("a", { value: 2 }))).toEqual(saved({ a: widget({ value: 2, width: "" }), b: widget({ value: "x" }) }));
  });

  it("keeps binary values in base64, the newest of each place", () => {
    const first = open("a", { format: "png" }, { buffer_paths: [["value"], ["more", 0]] }, [Buffer.from("one"), Buffer.from("two")]);
    const again = update("a", {}, { buffer_paths: [["value"]] }, [Buffer.from("three")]);
    const buffers = [{ data: "dHdv", encoding: "base64", path: ["more", 0] }, { data: "dGhyZWU=", encoding: "base64", path: ["value"] }];
    expect(after(first, again)).toEqual(saved({ a: widget({ format: "png" }, buffers) }));
    expect(after(first, update("a", { value: null, more: [] }))).toEqual(saved({ a: widget({ format: "png", value: null, more: [] }) }));
  });

  it("forgets widgets that were closed, and is nothing without widgets", () => {
    expect(after(open("a", {}), message("comm_close", { comm_id: "a", data: {} }))).toBeUndefined();
    expect(after(message("stream", { name: "stdout", text: "x" }))).toBeUndefined();
  });

  it("ignores other comms, custom messages, updates of what is not open, and malformed ones", () => {
    expect(after(
      message("comm_open", { comm_id: "c", target_name: "mine", data: { state: { value: 1 } } }),
      open("a", { value: 1 }),
      message("comm_msg", { comm_id: "a", data: { method: "custom", state: { value: 5 } } }),
      update("c", { value: 2 }), update("constructor", { value: 2 }), message("comm_msg", { comm_id: "a" }),
      update("a", {}, { buffer_paths: [3, ["gone"]] }),
    )).toEqual(saved({ a: widget({ value: 1 }) }));
  });
});
