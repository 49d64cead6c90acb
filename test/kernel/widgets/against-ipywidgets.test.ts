import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import type { CommMessage } from "../../../kernel/language/link.ts";
import * as widgets from "../../../kernel/widgets/index.ts";
import { jupyterPython, testPython } from "../../python.ts";
import { FakeFrontend } from "./fake-frontend.ts";

type Arguments = Record<string, unknown>;
/** A widget in the words of ipywidgets: class, arguments, and what is assigned afterwards. */
type Case = readonly [name: string, options: Arguments, changes: readonly (readonly [string, unknown])[]];

const described = { description: "words", tooltip: "more words", tabbable: false, layout: { width: "50%", flex_flow: "row wrap" } };
const cases: readonly Case[] = [
  ["IntProgress", {}, []],
  ["IntProgress", { value: 300, max: 10, bar_style: "success", style: { bar_color: "red", description_width: "initial" }, ...described }, [["value", 7], ["value", 7], ["max", 50], ["bar_style", ""]]],
  ["FloatProgress", { value: 0.5, max: 1.5, orientation: "vertical" }, [["value", 0.75]]],
  ["Button", { description: "Cancel", icon: "times", button_style: "danger", style: { button_color: "blue", font_weight: "bold" } }, [["disabled", true]]],
  ["HTML", { value: "<b>x</b>", placeholder: "" }, [["value", "y"]]],
  ["Label", { value: "words" }, []],
  ["Text", { value: "a", continuous_update: false, style: { text_color: "red" } }, [["value", "ä"]]],
  ["Textarea", { rows: 4 }, [["disabled", true]]],
  ["IntSlider", { value: 3, min: -10, max: 10, step: 2, readout_format: "x", style: { handle_color: "red" } }, [["value", -20]]],
  ["FloatSlider", { value: 0.25, max: 1, step: 0.01, behavior: "drag" }, []],
  ["Checkbox", { value: true, indent: false, style: { background: "red" } }, [["value", false]]],
  ["Dropdown", { options: ["a", "b", "c"], value: "b" }, [["value", "c"], ["index", 0]]],
  ["Dropdown", { options: [["one", 1], ["two", 2]], description: "number" }, [["value", 2]]],
  ["ToggleButton", { value: true, description: "on", icon: "check", style: { text_decoration: "underline" } }, []],
  ["Valid", { value: true, readout: "No" }, []],
  ["Image", { value: { base64: "iVBORw==" }, format: "png", width: "10" }, [["value", { base64: "AAEC" }]]],
  ["HBox", { children: [{ widget: "Label", arguments: { value: "in" } }], box_style: "info" }, []],
  ["VBox", { children: [] }, []],
];

const camel = (name: string) => name.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase());

function own(given: unknown): unknown {
  if (Array.isArray(given)) return given.map(own);
  if (typeof given !== "object" || given === null) return given;
  if ("base64" in given) return new Uint8Array(Buffer.from(String(given.base64), "base64"));
  if ("widget" in given) return make(given.widget as string, (given as unknown as { arguments: Arguments }).arguments);
  return Object.fromEntries(Object.entries(given).map(([key, value]) => [camel(key), own(value)]));
}

function make(name: string, options: Arguments): Record<string, unknown> {
  const Kind = (widgets as unknown as Record<string, new (options: unknown) => Record<string, unknown>>)[name];
  return new Kind(own(options));
}

interface Told { type: string; model: string; data: unknown; metadata: unknown; buffers: string[]; target: unknown }

/** Messages without the random ids: a model is called by its name and by how many of them came before it. */
function comparable(messages: readonly { type: string; id: string; data: unknown; metadata: unknown; buffers: string[]; target: unknown }[]): Told[] {
  const names = new Map<string, string>();
  for (const { id, data } of messages) {
    const name = (data as { state?: { _model_name?: string } }).state?._model_name;
    if (name && !names.has(id)) names.set(id, `${name} ${[...names.values()].filter((other) => other.startsWith(name)).length}`);
  }
  const renamed = (text: string) => [...names].reduce((result, [id, name]) => result.replaceAll(id, name), text);
  return messages
    .map(({ id, data, ...rest }) => ({ ...rest, model: names.get(id) ?? id, data: JSON.parse(renamed(JSON.stringify(data))) as unknown }))
    // Which of its parts a widget makes first is its own affair.
    .sort((a, b) => Number(b.type === "comm_open") - Number(a.type === "comm_open") || (a.type === "comm_open" ? a.model.localeCompare(b.model) : 0));
}

const python = process.env.POTSTILL_TEST_JUPYTER ? jupyterPython(["ipywidgets"]) : testPython(["ipywidgets"]);

describe.skipIf(python === undefined)("the messages of a widget", () => {
  const result = python === undefined ? undefined : spawnSync(python, [join(import.meta.dirname, "reference.py")], { input: JSON.stringify(cases), encoding: "utf8" });
  const reference = result === undefined ? [] : (JSON.parse(result.stdout || `{"results":${JSON.stringify([result.stderr])}}`) as { results: Parameters<typeof comparable>[0][] }).results;

  it.each(cases.map((each, index) => [index, each[0], each] as const))("%i: %s sends what ipywidgets sends: state, versions, updates, buffers", (index, name, [, options, changes]) => {
    expect(reference[index], "what ipywidgets sent").toBeInstanceOf(Array);
    const frontend = new FakeFrontend();
    const widget = make(name, options);
    for (const [key, value] of changes) widget[camel(key)] = own(value);
    const ours = frontend.take().map((message: CommMessage) => ({
      type: `comm_${message.kind}`, id: message.commId, data: message.data, metadata: message.metadata,
      buffers: message.buffers.map((buffer) => Buffer.from(buffer).toString("base64")), target: message.target ?? null,
    }));
    expect(comparable(ours)).toEqual(comparable(reference[index]));
  });
});
