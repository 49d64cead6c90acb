import { setTimeout as sleep } from "node:timers/promises";
import { JSDOM } from "jsdom";
import { beforeEach, describe, expect, it, vi } from "vitest";
import { flush, installCellApi } from "../../../kernel/display/cell-api.ts";
import type { CellChannel } from "../../../kernel/display/cell-api.ts";
import { displaySymbol } from "../../../kernel/display/mime.ts";
import type { ProgressState } from "../../../kernel/display/progress.ts";
import { progressBundle, progressText } from "../../../kernel/display/progress.ts";
import * as api from "../../../kernel/notebook-api.ts";
import { cellApiNames } from "../../../kernel/language/service/core.ts";

type Sent = { data: Record<string, unknown>; id?: string; update?: boolean };
let sent: Sent[];
let metadata: unknown[];
let cleared: boolean[];
let asked: [string, boolean][];
let answers: string[];

const channel: CellChannel = {
  display: (data, { id, update, metadata: about }) => (metadata.push(about), sent).push({ data, ...(id === undefined ? {} : { id }), ...(update === undefined ? {} : { update }) }),
  clearOutput: (wait) => cleared.push(wait),
  input: async (prompt, { password }) => { asked.push([prompt, password]); return answers.shift() ?? ""; },
  inputSync: (prompt, { password }) => { asked.push([prompt, password]); return answers.shift() ?? ""; },
};
beforeEach(() => { [sent, metadata, cleared, asked, answers] = [[], [], [], [], []]; installCellApi(channel); });

const texts = () => sent.map(({ data }) => data["text/plain"]);
const later = (text: string, delay: number) => ({ [displaySymbol]: async () => { await sleep(delay); return { "text/plain": text }; } });
/** What stands in the output at the end: updates replace what has their id. */
function shown(): unknown[] {
  const places: Sent[] = [];
  for (const message of sent) {
    if (message.update) { for (const [i, place] of places.entries()) if (place.id === message.id) places[i] = message; } else places.push(message);
  }
  return places.map(({ data }) => data["text/plain"]);
}

describe("installing", () => {
  it("makes every function of the module a global that can be replaced, and no others", () => {
    expect(Object.keys(api).sort()).toEqual([...cellApiNames].sort());
    for (const name of cellApiNames) {
      expect(Object.getOwnPropertyDescriptor(globalThis, name)).toMatchObject({ writable: true, configurable: true, enumerable: false, value: api[name] });
    }
  });
});

describe("display", () => {
  it("sends at once what is known at once", () => {
    api.display(1);
    api.display("two");
    expect(texts()).toEqual(["1", "'two'"]);
  });

  it("updates by handle and by id", () => {
    const handle = api.display("a", { id: "x" });
    handle.update("b");
    api.display("c", { id: "x", update: true });
    expect(sent.map(({ id, update }) => [id, update])).toEqual([["x", undefined], ["x", true], ["x", true]]);
    expect(shown()).toEqual(["'c'"]);
  });

  it("keeps the order of displays, however long each takes", async () => {
    api.display(later("slow", 60));
    api.display("quick");
    api.display(later("medium", 20));
    await flush();
    expect(shown()).toEqual(["slow", "'quick'", "medium"]);
  });

  it("keeps the order of updates of one display", async () => {
    const handle = api.display(later("first", 40));
    handle.update("second");
    handle.update(later("third", 10));
    await flush();
    expect(shown()).toEqual(["third"]);
  });

  it("lets frontends draw a figure before its still picture is made", async () => {
    const handle = api.display({ data: [{ type: "bar", y: [1, 2] }], layout: {} });
    expect(sent.map(({ data }) => Object.keys(data))).toEqual([["application/vnd.plotly.v1+json", "text/plain"]]);
    await flush();
    expect(sent.map(({ id, update, data }) => [id, update, "text/html" in data])).toEqual([[handle.id, undefined, false], [handle.id, true, true]]);
  });

  it("flushes a figure with its picture", async () => {
    api.display({ data: [{ type: "bar", y: [1, 2] }], layout: {} });
    api.display("after");
    await flush();
    expect(shown()).toEqual(["Plotly figure: 1 trace (bar)", "'after'"]);
    expect(sent.at(-1)!.data["text/html"]).toContain("data:image/png;base64,");
  });

  it("refuses ids that are none", () => {
    expect(() => api.display(1, { id: "" })).toThrow(/non-empty string, received ""/);
    expect(() => api.display(1, { update: true })).toThrow(/give the option id/);
  });

  it("takes bundles as they are, and metadata", async () => {
    const png = Buffer.from("png");
    api.display({ "image/png": png, "application/x-own+json": { a: 1 }, "text/plain": "p" }, { raw: true, metadata: { "image/png": { width: 3 } }, id: "r" });
    expect(sent).toEqual([{ data: { "image/png": png.toString("base64"), "application/x-own+json": { a: 1 }, "text/plain": "p" }, id: "r" }]);
    expect(metadata).toEqual([{ "image/png": { width: 3 } }]);
    api.display(later("x", 1), { metadata: { own: 1 } });
    await flush();
    expect(metadata.at(-1)).toEqual({ own: 1 });
  });

  it.each([
    ["a second value", [1, 2], "display takes options as an object, { id, update, raw, metadata }, received number."],
    ["an option that is none", [1, { ID: "x" }], 'display has no option "ID". Its options are id, update, raw, metadata.'],
    ["an option of another type", [1, { id: 5 }], "display's id must be a string, received 5."],
    ["a raw value that is no bundle", ["<b>", { raw: true }], `display's raw value must give an object of MIME types, received string. For example: { "text/html": "<b>hi</b>" }.`],
    ["a raw bundle with a bad type", [{ html: "x" }, { raw: true }], `A display's keys must be MIME types such as "text/html", received "html".`],
  ])("refuses %s", (_, parameters, message) => {
    expect(() => api.display(...(parameters as [unknown, object]))).toThrow(new TypeError(message));
    expect(sent).toEqual([]);
  });

  it("clears only when asked clearly", () => {
    expect(() => api.clearOutput(true as never)).toThrow("clearOutput takes options as an object, { wait }, received boolean.");
    expect(() => api.clearOutput({ wait: 1 as never })).toThrow("clearOutput's wait must be a boolean, received 1.");
    expect(cleared).toEqual([]);
  });

  it("clears", () => {
    api.clearOutput();
    api.clearOutput({ wait: true });
    expect(cleared).toEqual([false, true]);
  });
});

describe("questions", () => {
  it("go through the channel", async () => {
    answers = ["Ada", "", "Yes", "n", "", "secret"];
    expect(api.prompt("name?")).toBe("Ada");
    expect(api.prompt("name?", "Bob")).toBe("Bob");
    expect([api.confirm("sure?"), api.confirm("sure?")]).toEqual([true, false]);
    api.alert("done");
    expect(await api.input("token", { password: true })).toBe("secret");
    expect(asked).toEqual([["name?", false], ["name? [Bob]", false], ["sure? [y/N]", false], ["sure? [y/N]", false], ["done [Enter]", false], ["token", true]]);
  });
});

describe("questions asked wrongly", () => {
  it("say so and ask nobody", async () => {
    expect(() => api.prompt({ text: "?" } as never)).toThrow("prompt asks a question in words, received Object.");
    await expect(api.input("?", { passwort: true } as never)).rejects.toThrow('input has no option "passwort". Its options are password.');
    await expect(api.input([] as never)).rejects.toThrow("input asks a question in words, received Array.");
    expect(asked).toEqual([]);
  });
});

describe("vegaLite", () => {
  const spec = { mark: "bar", encoding: {} };

  it("shows a specification without $schema, and what vega-lite-api builds", () => {
    for (const value of [spec, { toSpec: () => spec, toView: () => undefined }]) api.display(api.vegaLite(value));
    const expected = { $schema: "https://vega.github.io/schema/vega-lite/v5.json", ...spec };
    expect(sent.map(({ data }) => data["application/vnd.vegalite.v5+json"])).toEqual([expected, expected]);
    expect(texts()).toEqual(["Vega-Lite bar chart", "Vega-Lite bar chart"]);
  });

  it.each([
    [{ data: {} }, "vegaLite needs a specification with one of mark, layer, facet, repeat, hconcat, vconcat, concat, spec, received an object with data."],
    ["bar", "received bar."],
    [{ $schema: "v5", mark: "bar" }, '$schema must be one of Vega\'s or Vega-Lite\'s, such as https://vega.github.io/schema/vega-lite/v5.json, received "v5".'],
  ])("refuses %o", (value, message) => expect(() => api.vegaLite(value as object)).toThrow(message));
});

describe("progress", () => {
  const states = () => sent.map(({ data }) => data["application/vnd.potstill.progress+json"] as ProgressState);

  it("yields every item of numbers, arrays, generators and asynchronous iterables", async () => {
    expect([...api.progress(3)]).toEqual([0, 1, 2]);
    expect([...api.progress(["a", "b"])]).toEqual(["a", "b"]);
    expect([...api.progress(new Set([5]))]).toEqual([5]);
    const collected: number[] = [];
    for await (const n of api.progress((async function* () { yield 1; yield 2; })(), { total: 2 })) collected.push(n);
    expect(collected).toEqual([1, 2]);
  });

  it("shows start and end, updates one display, at most ten times a second", () => {
    vi.useFakeTimers({ toFake: ["performance"] });
    try {
      for (const _ of api.progress(1000, { label: "train" })) vi.advanceTimersByTime(1);
    } finally {
      vi.useRealTimers();
    }
    expect(new Set(sent.map(({ id }) => id)).size).toBe(1);
    expect(sent.map(({ update }) => update)).toEqual([false, ...sent.slice(1).map(() => true)]);
    expect(states().map(({ value, done }) => [value, done])).toEqual([...Array.from({ length: 11 }, (_, tenth) => [100 * tenth, false]), [1000, true]]);
    expect(states()[0]).toMatchObject({ label: "train", total: 1000 });
    expect(states().at(-1)!.text).toBe("1000/1000, 1.0 s");
  });

  it("closes when the loop breaks or throws, and passes the error on", () => {
    for (const i of api.progress(10)) if (i === 4) break;
    expect(states().at(-1)).toMatchObject({ value: 4, done: true, text: expect.stringContaining("stopped") as string });
    expect(() => { for (const i of api.progress(10)) if (i === 2) throw new Error("mine"); }).toThrow("mine");
    expect(states().at(-1)).toMatchObject({ value: 2, done: true });
    const failing = (function* () { yield 1; throw new Error("source"); })();
    expect(() => [...api.progress(failing)]).toThrow("source");
    expect(states().at(-1)).toMatchObject({ value: 1, done: true });
  });

  it("shows nothing before it is used, and ends empty loops", () => {
    api.progress(5);
    expect(sent).toEqual([]);
    expect([...api.progress([])]).toEqual([]);
    expect(states().at(-1)).toMatchObject({ value: 0, total: 0, done: true });
  });

  it("draws a bar of the share that is done, and none when the total is unknown", () => {
    const bars = (state: ProgressState) => new JSDOM(progressBundle(state)["text/html"] as string).window.document.querySelectorAll<HTMLElement>("[role=progressbar] > div");
    expect([...bars({ value: 25, total: 100, text: "", done: false })].map(({ style }) => style.width)).toEqual(["25%"]);
    expect(bars({ value: 25, text: "", done: false }).length).toBe(0);
    expect(progressBundle({ label: "a", value: 1, total: 4, text: "1/4", done: false })["text/plain"]).toBe("a: █████░░░░░░░░░░░░░░░ 1/4");
  });

  it("tells the time that is left", () => {
    expect(progressText({ value: 25, total: 100, elapsed: 30, done: false, stopped: false })).toBe("25/100 (25 %), 0:30 elapsed, 1:30 left");
    expect(progressText({ value: 7, total: undefined, elapsed: 3725, done: false, stopped: false })).toBe("7 items, 1:02:05 elapsed");
  });

  it("says at the end how much was done in what time", () => {
    const ended = (count: { value: number; total?: number; elapsed: number; stopped?: boolean }): string => progressText({ total: undefined, stopped: false, ...count, done: true });
    expect(ended({ value: 30, total: 30, elapsed: 20.4 })).toBe("30/30, 20 s");
    expect(ended({ value: 7, elapsed: 79 })).toBe("7 items, 1 min 19 s");
    expect(ended({ value: 1, elapsed: 0.31 })).toBe("1 item, 0.3 s");
    expect(ended({ value: 0, total: 0, elapsed: 0 })).toBe("0/0, < 0.1 s");
    expect(ended({ value: 4, total: 10, elapsed: 59.6, stopped: true })).toBe("4/10, 1 min 0 s, stopped");
    expect(ended({ value: 9, total: 9, elapsed: 3725 })).toBe("9/9, 1 h 2 min");
  });

  it("names what it counts in every form, and keeps the name out of markup", () => {
    const bundle = progressBundle({ label: "a <b>", value: 4, total: 4, text: "4/4, 2.0 s", done: true });
    const { document } = new JSDOM(bundle["text/html"] as string).window;
    expect(document.body.textContent).toBe("a <b>: 4/4, 2.0 s");
    expect(document.querySelector("[role=progressbar]")!.getAttribute("aria-label")).toBe("a <b>");
    expect(bundle["text/plain"]).toBe("a <b>: ████████████████████ 4/4, 2.0 s");
  });

  it("reads label, share and time left from items that report on other work", () => {
    vi.useFakeTimers({ toFake: ["performance"] });
    try {
      const reports = [{ name: "a", done: 0.5, left: 90 }, { name: "b", done: 2, left: undefined }];
      for (const _ of api.progress(reports, { label: "all", total: 4, state: ({ name, done, left }) => ({ label: name, value: done, ...(left !== undefined && { left }) }) })) vi.advanceTimersByTime(10_000);
    } finally {
      vi.useRealTimers();
    }
    expect(states().map(({ label, value, text }) => [label, value, text])).toEqual([
      ["all", 0, "0/4 (0 %), 0:00 elapsed"],
      ["a", 0.5, "0/4 (12 %), 0:10 elapsed, 1:30 left"],
      ["b", 2, "2/4 (50 %), 0:20 elapsed, 0:20 left"],
      ["all", 2, "2/4, 20 s"],
    ]);
  });

  it("refuses what it cannot loop over", () => {
    expect(() => api.progress(-1)).toThrow(/whole number ≥ 0, received -1/);
    expect(() => api.progress(1.5)).toThrow(RangeError);
    expect(() => api.progress(null as unknown as number[])).toThrow(/received null/);
    expect(() => api.progress({} as unknown as number[])).toThrow(/received object/);
  });
});
