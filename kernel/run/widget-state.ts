import { asObject, asString } from "../protocol/messages.ts";
import type { Message } from "../protocol/messages.ts";

/** The comm target of Jupyter's widgets. */
const widgetTarget = "jupyter.widget";

/** A binary value of a widget's state, as the notebook keeps it. */
interface SavedBuffer {
  readonly data: string;
  readonly encoding: "base64";
  readonly path: readonly unknown[];
}

/** One widget as a notebook keeps it (`application/vnd.jupyter.widget-state+json`, version 2). */
interface SavedWidget {
  readonly model_name: unknown;
  readonly model_module: unknown;
  readonly model_module_version: unknown;
  readonly state: Record<string, unknown>;
  buffers?: readonly SavedBuffer[];
}

/**
 * The widgets of a run, for the notebook's `metadata.widgets`: without their state a widget's view would be broken when
 * the notebook is opened. Widgets that were closed have no view and are left out.
 */
export class WidgetStates {
  readonly #state: Record<string, SavedWidget> = {};

  /** The value of `metadata.widgets`, which goes on following the messages; undefined while there are no widgets. */
  get metadata(): Record<string, unknown> | undefined {
    if (Object.keys(this.#state).length === 0) return undefined;
    return { "application/vnd.jupyter.widget-state+json": { state: this.#state, version_major: 2, version_minor: 0 } };
  }

  /** Takes a message of iopub; others than those of widgets are ignored. */
  apply({ header, content, buffers }: Message): void {
    const id = asString(content.comm_id);
    const data = asObject(content.data) ?? {};
    const state = asObject(data.state) ?? {};
    switch (header.msg_type) {
      case "comm_open":
        if (content.target_name === widgetTarget) this.#open(id, state, data.buffer_paths, buffers);
        break;
      case "comm_msg":
        if (data.method === "update") this.#update(id, state, data.buffer_paths, buffers);
        break;
      case "comm_close":
        delete this.#state[id];
    }
  }

  #open(id: string, state: Readonly<Record<string, unknown>>, paths: unknown, buffers: readonly Uint8Array[]): void {
    const { _model_name: name, _model_module: module, _model_module_version: version } = state;
    this.#state[id] = { model_name: name, model_module: module, model_module_version: version, state: {} };
    this.#update(id, state, paths, buffers);
  }

  /** A value that comes anew brings its buffers anew. */
  #update(id: string, state: Readonly<Record<string, unknown>>, paths: unknown, buffers: readonly Uint8Array[]): void {
    const widget = Object.hasOwn(this.#state, id) ? this.#state[id] : undefined;
    if (widget === undefined) return;
    Object.assign(widget.state, state);
    const fresh = savedBuffers(paths, buffers);
    const changed = new Set<unknown>([...Object.keys(state), ...fresh.map(({ path }) => path[0])]);
    const all = [...(widget.buffers ?? []).filter(({ path }) => !changed.has(path[0])), ...fresh];
    if (all.length > 0) widget.buffers = all;
    else delete widget.buffers;
  }
}

function savedBuffers(paths: unknown, buffers: readonly Uint8Array[]): SavedBuffer[] {
  const known = (Array.isArray(paths) ? paths : []).filter((path): path is unknown[] => Array.isArray(path));
  return known.slice(0, buffers.length).map((path, index) => ({ data: Buffer.from(buffers[index]).toString("base64"), encoding: "base64", path }));
}
