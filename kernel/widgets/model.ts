import { Comm } from "../comm/comm.ts";
import type { CommEvent } from "../comm/comm.ts";
import { insertBuffers, separateBuffers } from "./buffers.ts";

/** The version of Jupyter's widget protocol that is spoken here. */
export const widgetProtocol = "2.1.0";

/** A model's state with the names and values of the protocol: `bar_style`, `IPY_MODEL_…`. */
export type ModelState = Record<string, unknown>;

/** What a frontend does to a model. */
export interface ModelEvents {
  /** The view changed the state, for example because somebody typed. */
  changed(state: ModelState): unknown;
  /** A message that is no state: a click. */
  custom(content: Readonly<Record<string, unknown>>, buffers: readonly Uint8Array[]): unknown;
}

/** The models that are open, by id: a page that is loaded again asks for all of them. */
const models = new Map<string, Model>();

export const openModels = (): ReadonlyMap<string, Model> => models;

/** One widget model: a comm, and the state that both sides share. */
export class Model {
  readonly state: ModelState;
  readonly #comm: Comm;
  readonly #events: Partial<ModelEvents>;

  /** Opens the model in the frontend. */
  constructor(state: ModelState, events: Partial<ModelEvents> = {}) {
    this.state = { ...state };
    this.#events = events;
    const { state: data, paths, buffers } = separateBuffers(state);
    this.#comm = new Comm("jupyter.widget", { data: { state: data, buffer_paths: paths }, buffers, metadata: { version: widgetProtocol } });
    this.#comm.onMessage((event) => this.#hear(event));
    this.#comm.onClose(() => void models.delete(this.id));
    models.set(this.id, this);
  }

  get id(): string {
    return this.#comm.id;
  }

  get closed(): boolean {
    return this.#comm.closed;
  }

  /** How other models refer to this one. */
  get reference(): string {
    return `IPY_MODEL_${this.id}`;
  }

  /** Changes the state on both sides. */
  update(changes: ModelState): void {
    Object.assign(this.state, changes);
    if (!this.closed && Object.keys(changes).length > 0) this.#send("update", changes);
  }

  /** Sends a message that is no state. */
  custom(content: Readonly<Record<string, unknown>>, buffers: readonly Uint8Array[] = []): void {
    this.#comm.send({ method: "custom", content }, { buffers });
  }

  close(): void {
    this.#comm.close();
  }

  #send(method: string, changes: ModelState): void {
    const { state, paths, buffers } = separateBuffers(changes);
    this.#comm.send({ method, state, buffer_paths: paths }, { buffers });
  }

  /** What this returns may be a promise, whose failure is shown to the user. */
  #hear({ data, buffers }: CommEvent): unknown {
    if (data.method === "request_state") return this.#send("update", this.state);
    if (data.method === "custom") return this.#events.custom?.(objectOf(data.content), buffers);
    if (data.method !== "update") return undefined;
    const state = insertBuffers(objectOf(data.state), Array.isArray(data.buffer_paths) ? data.buffer_paths : [], buffers);
    // All views of the model hear of the change; the one that made it waits for this.
    this.#send("echo_update", state);
    Object.assign(this.state, state);
    return this.#events.changed?.(state);
  }
}

function objectOf(value: unknown): Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Record<string, unknown>) : {};
}
