import type { Fields } from "./fields.ts";
import { Widget } from "./widget.ts";
import type { Closable, WidgetSpec } from "./widget.ts";

/** A widget whose properties are those of its state, and what its kind can do beyond. */
export type Synced<S extends object, B = object> = Widget<S> & S & B;

/** A kind of widgets, made from any of its properties. */
export type WidgetClass<S extends object, O = Partial<S>, B = object> = new (options?: O) => Synced<S, B>;

/** A class that kinds of widgets extend. */
export type Base<S extends object, B> = new (spec: WidgetSpec, options: Readonly<Record<string, unknown>>, owned: readonly Closable[]) => Widget<S> & B;

/** How a kind of widgets is described. */
export interface Kind {
  /** Its name, to which the protocol adds `Model` and `View`. */
  readonly name: string;
  readonly fields: Fields;
  readonly model: ModelModule;
  readonly view: ModelModule & { readonly name: string };
  readonly settle?: (state: Record<string, unknown>) => void;
  /** Makes the widgets that this one is made of and that nobody gave it. */
  readonly parts?: (options: Readonly<Record<string, unknown>>) => Readonly<Record<string, Closable>>;
}

/** A JavaScript module of the frontend. */
export interface ModelModule {
  readonly module: string;
  readonly version: string;
}

export const controlsModule: ModelModule = { module: "@jupyter-widgets/controls", version: "2.0.0" };
export const baseModule: ModelModule = { module: "@jupyter-widgets/base", version: "2.0.0" };

/** A widget stands here. */
export const widgetField = (what: string) => ({ initial: null, allowed: what, accepts: (value: unknown) => value instanceof Widget });

/** Makes the class of a kind of widgets. */
export function define<S extends object, O = Partial<S>, B extends object = object>(kind: Kind, base: Base<S, B> = Widget as unknown as Base<S, B>): WidgetClass<S, O, B> {
  const { name, fields, settle, parts } = kind;
  const spec: WidgetSpec = { name, fields, identity: identityOf(kind), ...(settle ? { settle } : {}) };
  const Parent = base as unknown as new (...from: ConstructorParameters<Base<object, object>>) => Widget;
  const made = class extends Parent {
    constructor(options: object = {}) {
      if (typeof options !== "object" || options === null) throw new TypeError(`${name} takes an object of its properties, received ${String(options)}: new ${name}({ … }).`);
      const own = parts?.({ ...options }) ?? {};
      super(spec, { ...options, ...own }, Object.values(own));
    }
  };
  Object.defineProperty(made, "name", { value: name });
  for (const field of Object.keys(fields)) Object.defineProperty(made.prototype, field, accessor(field));
  return made as unknown as WidgetClass<S, O, B>;
}

function identityOf({ name, model, view }: Kind): Record<string, unknown> {
  return {
    _model_module: model.module, _model_module_version: model.version, _model_name: `${name}Model`,
    _view_module: view.module, _view_module_version: view.version, _view_name: view.name, _view_count: null,
  };
}

function accessor(name: string): PropertyDescriptor {
  return {
    get(this: Widget) { return this.get(name); },
    set(this: Widget, value: unknown) { this.set({ [name]: value }); },
    enumerable: true, configurable: true,
  };
}
