import { baseModule, controlsModule, define, widgetField } from "./define.ts";
import type { Base, Kind, WidgetClass } from "./define.ts";
import { flag, maybe, named, text, texts } from "./fields.ts";
import type { Fields } from "./fields.ts";
import { Layout } from "./layout.ts";
import type { LayoutState } from "./layout.ts";
import { Widget } from "./widget.ts";

/** What every widget that is seen has. */
export interface Seen {
  /** Size, margins and place, as CSS has them. */
  layout: Layout;
  /** Shown while the pointer rests on the widget. */
  tooltip: string | null;
  /** Whether Tab reaches the widget; null leaves that to the browser. */
  tabbable: boolean | null;
  /** CSS classes of the widget's element. */
  domClasses: readonly string[];
}

/** What a widget with words beside it has. */
export interface Described extends Seen {
  /** The words beside the widget. */
  description: string;
  /** Whether the description is HTML. */
  descriptionAllowHtml: boolean;
}

/** What a widget is made from: any of its properties; `layout` and `style` also as plain objects. */
export type Options<S> = { readonly [K in keyof S]?: K extends "layout" ? Layout | Partial<LayoutState> : S[K] extends Widget<infer T> ? S[K] | Partial<T> : S[K] };

/** Colours and fonts of a kind of widgets. */
export function style<S extends object>(name: string, fields: Fields): WidgetClass<S> {
  return define<S>({ name, fields, model: controlsModule, view: { ...baseModule, name: "StyleView" } });
}

const seen: Fields = { layout: widgetField("a Layout"), tooltip: maybe(text()), tabbable: maybe(flag()), domClasses: named("_dom_classes", texts()) };

export const described: Fields = { description: text(), descriptionAllowHtml: flag() };

/** How a kind of controls is described: its style's class, and what differs from other kinds. */
export interface ControlKind extends Pick<Kind, "name" | "fields" | "settle"> {
  readonly style?: unknown;
  /** The name of its view, where that is not its own. */
  readonly view?: string;
}

/** A kind of widgets that are seen. */
export function control<S extends Seen, B extends object = object>({ name, fields, settle, style: Style, view = `${name}View` }: ControlKind, base?: Base<S, B>): WidgetClass<S, Options<S>, B> {
  const kinds: Record<string, unknown> = Style === undefined ? { layout: Layout } : { layout: Layout, style: Style };
  return define<S, Options<S>, B>({
    name, model: controlsModule, view: { ...controlsModule, name: view },
    fields: { ...seen, ...(Style === undefined ? {} : { style: widgetField("a style") }), ...fields },
    ...(settle ? { settle } : {}),
    parts: (options) => Object.fromEntries(Object.entries(kinds).filter(([part]) => !(options[part] instanceof Widget)).map(([part, Part]) => [part, new (Part as WidgetClass<object>)(options[part] ?? {})])),
  }, base);
}

