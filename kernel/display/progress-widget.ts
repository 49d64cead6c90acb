import { commMark } from "../language/link.ts";
import { watchComm } from "../comm/watch.ts";
import { Model } from "../widgets/model.ts";
import type { ModelState } from "../widgets/model.ts";
import { escapeHtml } from "./escape.ts";
import type { MimeBundle } from "./mime.ts";
import type { ProgressState } from "./progress.ts";

const controls = { _model_module: "@jupyter-widgets/controls", _model_module_version: "2.0.0", _view_module: "@jupyter-widgets/controls", _view_module_version: "2.0.0" };
const base = { _model_module: "@jupyter-widgets/base", _model_module_version: "2.0.0", _view_module: "@jupyter-widgets/base", _view_module_version: "2.0.0" };

/**
 * A progress bar with a button that cancels, for frontends that show Jupyter's widgets.
 *
 * A loop that computes without a pause cannot hear the click: the thread that reads the sockets marks it in shared memory.
 */
export class ProgressWidget {
  readonly #marks = new Int32Array(new SharedArrayBuffer(4 * Object.keys(commMark).length));
  readonly #models: Model[] = [];
  readonly #bar: Model | undefined;
  readonly #words: Model;
  readonly #box: Model;
  readonly #clicked: Promise<void>;

  /** @param state how far the loop is; without a total there is no bar */
  constructor(state: ProgressState) {
    let clicked = (): void => undefined;
    this.#clicked = new Promise((resolve) => { clicked = resolve; });
    this.#bar = state.total === undefined ? undefined : this.#openBar(state.total);
    this.#words = this.#control("HTML", { value: words(state) }, {});
    const button = this.#openButton(() => { Atomics.store(this.#marks, commMark.clicked, 1); clicked(); });
    // The words last: their width changes, and a button should not move away from the pointer.
    const children = [this.#bar, button, this.#words].filter((model) => model !== undefined).map(({ reference }) => reference);
    this.#box = this.#control("HBox", { children, _view_count: 0 }, { align_items: "center" });
    watchComm(button.id, this.#marks);
    watchComm(this.#box.id, this.#marks);
  }

  /** Whether the button was clicked. */
  get cancelled(): boolean {
    return Atomics.load(this.#marks, commMark.clicked) !== 0;
  }

  /** Whether a frontend has drawn the widget: then nothing else has to be updated. */
  get seen(): boolean {
    return Atomics.load(this.#marks, commMark.seen) !== 0;
  }

  /** Resolves when the button is clicked, for loops that wait. */
  get clicked(): Promise<void> {
    return this.#clicked;
  }

  get bundle(): MimeBundle {
    return { "application/vnd.jupyter.widget-view+json": { version_major: 2, version_minor: 0, model_id: this.#box.id } };
  }

  update(state: ProgressState): void {
    this.#bar?.update({ value: state.value });
    this.#words.update({ value: words(state) });
  }

  close(): void {
    for (const model of this.#models.reverse()) model.close();
  }

  #openBar(total: number): Model {
    const style = this.#open({ ...controls, _view_module: base._view_module, _model_name: "ProgressStyleModel", _view_name: "StyleView" });
    return this.#control("FloatProgress", { value: 0, min: 0, max: Math.max(total, Number.MIN_VALUE), style: style.reference }, { width: "16em" }, "ProgressView");
  }

  #openButton(click: () => void): Model {
    const style = this.#open({ ...controls, _view_module: base._view_module, _model_name: "ButtonStyleModel", _view_name: "StyleView" });
    const layout = { width: "auto", flex: "0 0 auto", margin: "2px 12px 2px 12px" };
    return this.#control("Button", { description: "Cancel", tooltip: "End the loop after the item it works on", style: style.reference }, layout, "ButtonView", ({ event }) => { if (event === "click") click(); });
  }

  #control(name: string, state: ModelState, layout: ModelState, view = `${name}View`, custom?: (content: Readonly<Record<string, unknown>>) => void): Model {
    const { reference } = this.#open({ ...base, ...layout, _model_name: "LayoutModel", _view_name: "LayoutView" });
    return this.#open({ ...controls, ...state, layout: reference, _model_name: `${name}Model`, _view_name: view }, custom);
  }

  #open(state: ModelState, custom?: (content: Readonly<Record<string, unknown>>) => void): Model {
    const model = new Model(state, custom ? { custom } : {});
    this.#models.push(model);
    return model;
  }
}

const words = ({ label, text }: ProgressState): string => escapeHtml(label === undefined ? text : `${label}: ${text}`);
