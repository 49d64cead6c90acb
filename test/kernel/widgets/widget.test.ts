import { inspect } from "node:util";
import { beforeEach, describe, expect, it } from "vitest";
import { comms } from "../../../kernel/comm/index.ts";
import { displaySymbol } from "../../../kernel/display/mime.ts";
import { acceptControl } from "../../../kernel/widgets/control.ts";
import { Button, Dropdown, HBox, Image, IntProgress, IntSlider, Label, Text } from "../../../kernel/widgets/index.ts";
import { FakeFrontend } from "./fake-frontend.ts";

let frontend: FakeFrontend;
beforeEach(() => { frontend = new FakeFrontend(); });

/** What was sent to one model since the last call. */
const told = (id: string) => frontend.take().filter(({ commId }) => commId === id).map(({ data }) => data);
const update = (state: object) => ({ method: "update", state, buffer_paths: [] });

describe("a change on the page", () => {
  it("changes the property, is echoed to all views, and calls the observers", () => {
    const slider = new IntSlider({ value: 3 });
    const changes: unknown[] = [];
    const stop = slider.observe("value", (change) => changes.push(change));
    frontend.take();
    frontend.say(slider.modelId, update({ value: 7 }));
    expect(slider.value).toBe(7);
    expect(changes).toEqual([{ name: "value", old: 3, value: 7 }]);
    expect(told(slider.modelId)).toEqual([{ method: "echo_update", state: { value: 7 }, buffer_paths: [] }]);
    stop();
    frontend.say(slider.modelId, update({ value: 8 }));
    expect(changes).toHaveLength(1);
  });

  it("is put right where the value may not stand", () => {
    const slider = new IntSlider({ value: 3, max: 10 });
    frontend.take();
    frontend.say(slider.modelId, update({ value: 70 }));
    expect(told(slider.modelId).at(-1)).toEqual(update({ value: 10 }));
    frontend.say(slider.modelId, update({ value: "many", unknown: 1 }));
    expect(slider.value).toBe(10);
    expect(told(slider.modelId).at(-1)).toEqual(update({ value: 10 }));
  });

  it("lets an observer answer with other changes", () => {
    const [slider, label] = [new IntSlider(), new Label()];
    slider.observe("value", ({ value }) => { label.value = `k = ${value}`; });
    frontend.take();
    frontend.say(slider.modelId, update({ value: 2 }));
    expect(told(label.modelId)).toEqual([update({ value: "k = 2" })]);
  });

  it("shows what an observer throws on behalf of the cell that made the widget", () => {
    frontend.cell = 7;
    const slider = new IntSlider();
    frontend.cell = 8;
    slider.observe("value", () => { throw new Error("mine"); });
    frontend.say(slider.modelId, update({ value: 2 }));
    expect(frontend.errors).toMatchObject([{ cell: 7, error: { message: "mine" } }]);
  });

  it("brings binary data", () => {
    const picture = new Image();
    frontend.say(picture.modelId, { method: "update", state: { format: "jpeg" }, buffer_paths: [["value"], ["nowhere", "deep"], "nonsense"] }, [Uint8Array.of(1, 2), Uint8Array.of(3), Uint8Array.of(4)]);
    expect([...picture.value]).toEqual([1, 2]);
    expect(picture.format).toBe("jpeg");
  });
});

describe("a change in the code", () => {
  it("is sent once, and not at all when nothing changes", () => {
    const bar = new IntProgress({ max: 10 });
    frontend.take();
    bar.set({ max: 20, value: 15 });
    bar.value = 15;
    expect(told(bar.modelId)).toEqual([update({ max: 20, value: 15 })]);
  });

  it("is refused when it makes no sense, and nothing is changed or sent", () => {
    const slider = new IntSlider({ value: 3 });
    frontend.take();
    expect(() => { slider.value = 1.5; }).toThrow(/IntSlider: value must be a whole number, received 1.5/);
    expect(() => { slider.set({ min: 200 }); }).toThrow(/min must not be greater than max, received min 200 and max 100/);
    expect(() => { slider.set({ colour: "red" } as never); }).toThrow(/IntSlider has no "colour"; it has behavior, /);
    expect(() => slider.observe("colour" as never, () => undefined)).toThrow(/has no "colour"/);
    expect(() => new IntSlider({ orientation: "diagonal" as never })).toThrow(/must be one of "horizontal", "vertical", received 'diagonal'/);
    expect(() => new IntSlider(5 as never)).toThrow(/takes an object of its properties, received 5/);
    expect(slider.value).toBe(3);
  });

  it("reaches layouts and styles", () => {
    const button = new Button({ layout: { width: "10px" }, style: { buttonColor: "red" } });
    frontend.take();
    button.layout.width = "20px";
    button.style.buttonColor = null;
    expect(frontend.take().map(({ data }) => data)).toEqual([update({ width: "20px" }), update({ button_color: null })]);
  });
});

describe("events", () => {
  it("call the handlers of clicks, and resolve whoever waits for one", async () => {
    const button = new Button();
    let clicks = 0;
    const stop = button.onClick(() => clicks++);
    const clicked = button.clicked();
    frontend.say(button.modelId, { method: "custom", content: { event: "click" } });
    await clicked;
    frontend.say(button.modelId, { method: "custom", content: { event: "other" } });
    stop();
    frontend.say(button.modelId, { method: "custom", content: { event: "click" } });
    expect(clicks).toBe(1);
    expect(() => button.onClick(5 as never)).toThrow(/must be a function, received number/);
  });

  it("tell of Enter in a field", () => {
    const field = new Text();
    let submitted = "";
    field.onSubmit(() => { submitted = field.value; });
    frontend.say(field.modelId, update({ value: "done" }));
    frontend.say(field.modelId, { method: "custom", content: { event: "submit" } });
    expect(submitted).toBe("done");
  });

  it("show what an asynchronous handler fails with", async () => {
    const button = new Button();
    button.onClick(() => Promise.reject(new Error("later")));
    frontend.say(button.modelId, { method: "custom", content: { event: "click" } });
    await expect.poll(() => frontend.errors).toMatchObject([{ error: { message: "later" } }]);
  });
});

describe("Dropdown", () => {
  it("knows values behind labels", () => {
    const choice = new Dropdown({ options: [["one", 1], ["two", 2]], value: 2 });
    expect([choice.value, choice.label, choice.index]).toEqual([2, "two", 1]);
    frontend.say(choice.modelId, update({ index: 0 }));
    expect(choice.value).toBe(1);
    choice.value = null;
    expect(choice.index).toBeNull();
    expect(() => { choice.value = 3; }).toThrow(/must be one of \[ 1, 2 \], received 3/);
    frontend.take();
    frontend.say(choice.modelId, update({ index: 9 }));
    expect(frontend.errors).toMatchObject([{ error: { message: expect.stringContaining("index must be from 0 to 1") as string } }]);
    expect(choice.index).toBeNull();
  });
});

describe("a widget", () => {
  it("shows itself as a view of its model, and in words", () => {
    const slider = new IntSlider({ value: 3, description: "k" });
    expect(slider[displaySymbol]()).toEqual({ "application/vnd.jupyter.widget-view+json": { version_major: 2, version_minor: 0, model_id: slider.modelId }, "text/plain": "IntSlider { description: 'k', value: 3 }" });
    expect(inspect({ slider })).toBe("{ slider: IntSlider { description: 'k', value: 3 } }");
  });

  it("leaves nothing behind when it is closed", () => {
    const before = comms.open().length;
    const label = new Label({ value: "x" });
    const box = new HBox({ children: [label] });
    const own = frontend.take().length;
    expect(own).toBe(5); // two layouts, a style, the label, the box
    box.close();
    label.close();
    expect(frontend.take().map(({ kind }) => kind)).toEqual(Array(own).fill("close"));
    expect(comms.open()).toHaveLength(before);
    label.value = "y"; // the page is gone; the value is still kept
    expect(frontend.take()).toEqual([]);
    expect(label[displaySymbol]()).toEqual({ "text/plain": "Label { value: 'y' } (closed)" });
  });

  it("answers a request for its state", () => {
    const label = new Label({ value: "x" });
    frontend.take();
    frontend.say(label.modelId, { method: "request_state" });
    expect(told(label.modelId)).toMatchObject([{ method: "update", state: { _model_name: "LabelModel", value: "x" } }]);
  });
});

describe("a page that was loaded again", () => {
  const ask = (version: unknown) => {
    comms.registerTarget("jupyter.widget.control", acceptControl);
    frontend.open("control", "jupyter.widget.control", { metadata: { version } });
    frontend.say("control", { method: "request_states" });
    return frontend.take().filter(({ commId }) => commId === "control");
  };

  it("is told all widgets, with their binary data", () => {
    const picture = new Image({ value: Uint8Array.of(5, 6) });
    frontend.take();
    const [answer] = ask("1.0.0");
    const states = answer.data.states as Record<string, { state: Record<string, unknown> }>;
    expect(states[picture.modelId]).toMatchObject({ model_name: "ImageModel", model_module: "@jupyter-widgets/controls", model_module_version: "2.0.0" });
    expect(states[picture.layout.modelId].state._view_name).toBe("LayoutView");
    const at = (answer.data.buffer_paths as unknown[][]).findIndex((path) => path[0] === picture.modelId);
    expect((answer.data.buffer_paths as unknown[][])[at]).toEqual([picture.modelId, "state", "value"]);
    expect([...answer.buffers[at]]).toEqual([5, 6]);
    frontend.close("control");
  });

  it("is refused when it speaks another version", () => {
    expect(ask("7.0").map(({ kind }) => kind)).toEqual(["close"]);
    expect(frontend.errors[0].error).toMatchObject({ message: expect.stringContaining('"7.0"') as string });
  });
});
