import { baseModule, define } from "./define.ts";
import type { Synced } from "./define.ts";
import { maybe, oneOf, text } from "./fields.ts";

const names = [
  "alignContent", "alignItems", "alignSelf", "borderBottom", "borderLeft", "borderRight", "borderTop", "bottom", "display", "flex",
  "flexFlow", "gridArea", "gridAutoColumns", "gridAutoFlow", "gridAutoRows", "gridColumn", "gridGap", "gridRow", "gridTemplateAreas",
  "gridTemplateColumns", "gridTemplateRows", "height", "justifyContent", "justifyItems", "left", "margin", "maxHeight", "maxWidth",
  "minHeight", "minWidth", "objectPosition", "order", "overflow", "padding", "right", "top", "width",
] as const;

/** CSS properties, with CSS's values: `"50%"`, `"1px solid red"`; null leaves a property to the page. */
export type LayoutState = { [K in (typeof names)[number]]: string | null } & {
  objectFit: "contain" | "cover" | "fill" | "scale-down" | "none" | null;
  visibility: "visible" | "hidden" | "inherit" | "initial" | "unset" | null;
};

/**
 * Size, margins and place of a widget. One layout may serve several widgets.
 * @example
 * new Button({ description: "wide", layout: { width: "50%" } });
 */
export const Layout = define<LayoutState>({
  name: "Layout",
  model: baseModule,
  view: { ...baseModule, name: "LayoutView" },
  fields: {
    ...Object.fromEntries(names.map((name) => [name, maybe(text())])),
    objectFit: maybe(oneOf("contain", "cover", "fill", "scale-down", "none")),
    visibility: maybe(oneOf("visible", "hidden", "inherit", "initial", "unset")),
  },
});
export type Layout = Synced<LayoutState>;
