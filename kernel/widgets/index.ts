export {
  Button, Checkbox, FloatProgress, FloatSlider, HBox, HTML, Image, IntProgress, IntSlider, Label, Text, Textarea, ToggleButton, Valid, VBox,
} from "./controls.ts";
export { Dropdown } from "./dropdown.ts";
export type { Choices, DropdownOptions } from "./dropdown.ts";
export { Layout } from "./layout.ts";
export type { LayoutState } from "./layout.ts";
export { Widget } from "./widget.ts";
export type { Change } from "./widget.ts";
