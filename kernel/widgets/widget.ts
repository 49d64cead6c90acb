import { inspect, isDeepStrictEqual } from "node:util";
import { displaySymbol } from "../display/mime.ts";
import type { MimeBundle } from "../display/mime.ts";
import { wireName } from "./fields.ts";
import type { Fields } from "./fields.ts";
import { Model } from "./model.ts";
import type { ModelState } from "./model.ts";

/** What a kind of widget is made of. */
export interface WidgetSpec {
  /** The widget's name: `IntSlider`. */
  readonly name: string;
  readonly fields: Fields;
  /** The entries that never change: the names of model and view. */
  readonly identity: Readonly<Record<string, unknown>>;
  /** Brings a state into order, for example a value between its bounds; throws for a state that has none. */
  readonly settle?: (state: Record<string, unknown>) => void;
}

/** What a widget is made of. */
export interface Closable {
  close(): void;
}

/** What an observer is told. */
export interface Change<S, K extends keyof S = keyof S> {
  readonly name: K;
  readonly old: S[K];
  readonly value: S[K];
}

type Observer = (change: { readonly name: never; readonly old: never; readonly value: never }) => unknown;
type Values = Record<string, unknown>;

/**
 * A control in the notebook whose state the kernel and all its views share: setting a property changes the page, and
 * what a person does on the page changes the property.
 *
 * It is shown as the last value of a cell, or with `display`; any number of times, all views stay alike.
 */
export class Widget<S extends object = Values> {
  readonly #spec: WidgetSpec;
  readonly #model: Model;
  readonly #owned: readonly Closable[];
  readonly #observers = new Map<PropertyKey, Set<Observer>>();
  #values: Values;

  /** @param owned the widgets that this one is made of and that are closed with it */
  constructor(spec: WidgetSpec, options: Readonly<Values>, owned: readonly Closable[] = []) {
    this.#spec = spec;
    this.#owned = owned;
    this.#values = Object.fromEntries(Object.entries(spec.fields).map(([name, field]) => [name, field.initial]));
    this.#values = this.#checked(options);
    this.#model = new Model({ ...spec.identity, ...this.#onWire(Object.keys(this.#values)) }, {
      changed: (state) => this.#adopt(state),
      custom: (content, buffers) => this.onCustom(content, buffers),
    });
  }

  /** The model's id: frontends know the widget by it. */
  get modelId(): string {
    return this.#model.id;
  }

  get closed(): boolean {
    return this.#model.closed;
  }

  /** Changes several properties at once, which observers and views see as one step. */
  set(changes: Partial<S>): void {
    this.#apply(this.#checked(changes), (names) => this.#model.update(this.#onWire(names)));
  }

  /**
   * Calls `handler` whenever a property changes, by code or on the page. Returns how to stop that.
   * @example
   * slider.observe("value", ({ value }) => console.log(value));
   */
  observe<K extends keyof S & string>(name: K, handler: (change: Change<S, K>) => unknown): () => void {
    if (!Object.hasOwn(this.#spec.fields, name)) throw this.#unknown(name);
    const observers = this.#observers.get(name) ?? new Set();
    observers.add(handler);
    this.#observers.set(name, observers);
    return () => void observers.delete(handler);
  }

  /** Removes the widget from the page. */
  close(): void {
    this.#model.close();
    for (const part of this.#owned) part.close();
  }

  /** The value of a property; the properties themselves are shorter. */
  get<K extends keyof S & string>(name: K): S[K] {
    return this.#values[name] as S[K];
  }

  /** For kinds of widgets: a message of a view that is no change of state. */
  protected onCustom(_content: Readonly<Values>, _buffers: readonly Uint8Array[]): unknown {
    return undefined; // most views send none
  }

  toString(): string {
    const { name, fields } = this.#spec;
    const told = Object.entries(this.#values).filter(([key, value]) => !isDeepStrictEqual(value, fields[key].initial) && !(value instanceof Widget && key !== "children"));
    return told.length === 0 ? `${name} {}` : `${name} { ${told.map(([key, value]) => `${key}: ${brief(value)}`).join(", ")} }`;
  }

  [inspect.custom](): string {
    return this.toString();
  }

  [displaySymbol](): MimeBundle {
    if (this.closed) return { "text/plain": `${this.toString()} (closed)` };
    return {
      "application/vnd.jupyter.widget-view+json": { version_major: 2, version_minor: 0, model_id: this.modelId },
      "text/plain": this.toString(),
    };
  }

  /** The state with some changes, all valid. */
  #checked(changes: Readonly<Values>): Values {
    const next = { ...this.#values };
    for (const [name, value] of Object.entries(changes)) {
      if (value === undefined) continue;
      if (!Object.hasOwn(this.#spec.fields, name)) throw this.#unknown(name);
      const field = this.#spec.fields[name];
      if (!field.accepts(value)) throw new TypeError(`${this.#spec.name}: ${name} must be ${field.allowed}, received ${brief(value)}.`);
      next[name] = value;
    }
    this.#spec.settle?.(next);
    return next;
  }

  #unknown(name: string): TypeError {
    return new TypeError(`${this.#spec.name} has no ${JSON.stringify(name)}; it has ${Object.keys(this.#spec.fields).sort().join(", ")}.`);
  }

  /** Takes over a state, tells the views about what is new to them, and then the observers. */
  #apply(next: Values, tell: (names: readonly string[]) => void): void {
    const before = this.#values;
    const changed = Object.keys(next).filter((name) => !isDeepStrictEqual(next[name], before[name]));
    this.#values = next;
    tell(changed);
    for (const name of changed) {
      for (const observer of [...this.#observers.get(name) ?? []]) observer({ name: name as never, old: before[name] as never, value: next[name] as never });
    }
  }

  /** A view changed the state. Values it may not have are put back. */
  #adopt(state: ModelState): void {
    const entries = Object.entries(this.#spec.fields).map(([name, field]) => [name, field, wireName(name, field)] as const).filter(([, , wire]) => Object.hasOwn(state, wire));
    const valid = entries.filter(([, field, wire]) => field.accepts(state[wire]));
    const received = new Map(entries.map(([name, , wire]) => [name, state[wire]]));
    const next = this.#checked(Object.fromEntries(valid.map(([name, , wire]) => [name, state[wire]])));
    this.#apply(next, (changed) => {
      const known = [...new Set([...changed, ...received.keys()])];
      this.#model.update(this.#onWire(known.filter((name) => !received.has(name) || !isDeepStrictEqual(received.get(name), next[name]))));
    });
  }

  #onWire(names: readonly string[]): ModelState {
    return Object.fromEntries(names.map((name) => [wireName(name, this.#spec.fields[name]), referenced(this.#values[name])]));
  }
}

/** Other widgets travel as references to their models. */
function referenced(value: unknown): unknown {
  if (value instanceof Widget) return `IPY_MODEL_${value.modelId}`;
  return Array.isArray(value) ? value.map(referenced) : value;
}

function brief(value: unknown): string {
  if (value instanceof Uint8Array) return `${value.length} bytes`;
  return inspect(value, { depth: 1, breakLength: Infinity, maxStringLength: 40, maxArrayLength: 10 });
}
