import type { Synced } from "./define.ts";
import { bytes, flag, integer, maybe, number, oneOf, text } from "./fields.ts";
import type { Fields } from "./fields.ts";
import { control, described } from "./kinds.ts";
import type { Described, Seen } from "./kinds.ts";
import { ButtonStyle, CheckboxStyle, DescriptionStyle, HTMLStyle, LabelStyle, ProgressStyle, SliderStyle, TextStyle, ToggleButtonStyle } from "./styles.ts";
import { Clickable, Submittable } from "./events.ts";
import type { Clicks, Submits } from "./events.ts";
import { Widget } from "./widget.ts";
import type { Closable } from "./widget.ts";

const barStyle = oneOf("", "success", "info", "warning", "danger");
const buttonStyle = oneOf("", "primary", "success", "info", "warning", "danger");
const orientation = oneOf("horizontal", "vertical");

type BarStyle = "" | "success" | "info" | "warning" | "danger";
type Orientation = "horizontal" | "vertical";

/** Keeps a value between its bounds, as the views do. */
function bounded(state: Record<string, unknown>): void {
  const { value, min, max } = state as { value: number; min: number; max: number };
  if (min > max) throw new RangeError(`min must not be greater than max, received min ${min} and max ${max}. Set both at once: widget.set({ min, max }).`);
  state.value = Math.min(Math.max(value, min), max);
}

export interface ProgressState extends Described { value: number; min: number; max: number; barStyle: BarStyle; orientation: Orientation; style: ProgressStyle }
const progressFields = (kind: typeof integer): Fields => ({ ...described, value: kind(0), min: kind(0), max: kind(100), barStyle, orientation });

/**
 * A bar of whole steps.
 * @example
 * const bar = new IntProgress({ max: 10, description: "files" });
 * display(bar);
 * for (const file of files) { await load(file); bar.value++; }
 */
export const IntProgress = control<ProgressState>({ name: "IntProgress", view: "ProgressView", style: ProgressStyle, settle: bounded, fields: progressFields(integer) });
export type IntProgress = Synced<ProgressState>;

/** A bar. */
export const FloatProgress = control<ProgressState>({ name: "FloatProgress", view: "ProgressView", style: ProgressStyle, settle: bounded, fields: progressFields(number) });
export type FloatProgress = Synced<ProgressState>;

export interface SliderState extends Described {
  value: number; min: number; max: number; step: number; disabled: boolean;
  /** Whether the number stands beside the slider. */
  readout: boolean;
  /** How the number is written, in the format language of d3. */
  readoutFormat: string;
  /** Whether the value follows while the handle is dragged. */
  continuousUpdate: boolean;
  orientation: Orientation; behavior: string; style: SliderStyle;
}
const sliderFields = (kind: typeof integer, step: number, format: string): Fields => ({
  ...described, value: kind(0), min: kind(0), max: kind(100), step: kind(step), disabled: flag(), readout: flag(true), readoutFormat: text(format), continuousUpdate: flag(true), orientation,
  behavior: oneOf("drag-tap", "drag-snap", "tap", "drag", "snap"),
});

/**
 * A whole number, chosen with a slider.
 * @example
 * const slider = new IntSlider({ value: 3, max: 10, description: "k" });
 * slider.observe("value", ({ value }) => console.log(value));
 * slider;
 */
export const IntSlider = control<SliderState>({ name: "IntSlider", style: SliderStyle, settle: bounded, fields: sliderFields(integer, 1, "d") });
export type IntSlider = Synced<SliderState>;

/** A number, chosen with a slider. */
export const FloatSlider = control<SliderState>({ name: "FloatSlider", style: SliderStyle, settle: bounded, fields: sliderFields(number, 0.1, ".2f") });
export type FloatSlider = Synced<SliderState>;

export interface ButtonState extends Seen { description: string; icon: string; disabled: boolean; buttonStyle: BarStyle | "primary"; style: ButtonStyle }

/**
 * A button. `icon` is the name of a Font Awesome icon.
 * @example
 * const button = new Button({ description: "Again", icon: "repeat" });
 * button.onClick(() => console.log("clicked"));
 * button;
 */
export const Button = control<ButtonState, Clicks>({ name: "Button", style: ButtonStyle, fields: { description: text(), icon: text(), disabled: flag(), buttonStyle } }, Clickable as never);
export type Button = Synced<ButtonState, Clicks>;

export interface ToggleState extends Described { value: boolean; icon: string; disabled: boolean; buttonStyle: BarStyle | "primary"; style: ToggleButtonStyle }
/** A button that stays pressed. */
export const ToggleButton = control<ToggleState>({ name: "ToggleButton", style: ToggleButtonStyle, fields: { ...described, value: flag(), icon: text(), disabled: flag(), buttonStyle } });
export type ToggleButton = Synced<ToggleState>;

export interface CheckboxState extends Described { value: boolean; disabled: boolean; indent: boolean; style: CheckboxStyle }
/** A box to tick. */
export const Checkbox = control<CheckboxState>({ name: "Checkbox", style: CheckboxStyle, fields: { ...described, value: flag(), disabled: flag(), indent: flag(true) } });
export type Checkbox = Synced<CheckboxState>;

export interface ValidState extends Described { value: boolean; readout: string; disabled: boolean; style: DescriptionStyle }
/** A mark that says whether something is right; `readout` is shown while it is not. */
export const Valid = control<ValidState>({ name: "Valid", style: DescriptionStyle, fields: { ...described, value: flag(), readout: text("Invalid"), disabled: flag() } });
export type Valid = Synced<ValidState>;

const empty = "\u200b";
export interface WordsState<Style> extends Described { value: string; placeholder: string; style: Style }
const words: Fields = { ...described, value: text(), placeholder: text(empty) };

/** HTML, shown as it is. */
export const HTML = control<WordsState<HTMLStyle>>({ name: "HTML", style: HTMLStyle, fields: words });
export type HTML = Synced<WordsState<HTMLStyle>>;

/** Words. */
export const Label = control<WordsState<LabelStyle>>({ name: "Label", style: LabelStyle, fields: words });
export type Label = Synced<WordsState<LabelStyle>>;

export interface TextState extends WordsState<TextStyle> {
  disabled: boolean;
  /** Whether the value follows every key, or only the end of typing. */
  continuousUpdate: boolean;
}
const typed: Fields = { ...words, disabled: flag(), continuousUpdate: flag(true) };

/** A line of text to fill in; `onSubmit` hears Enter. */
export const Text = control<TextState, Submits>({ name: "Text", style: TextStyle, fields: typed }, Submittable as never);
export type Text = Synced<TextState, Submits>;

export interface TextareaState extends TextState { rows: number | null }
/** Lines of text to fill in. */
export const Textarea = control<TextareaState>({ name: "Textarea", style: TextStyle, fields: { ...typed, rows: maybe(integer(0)) } });
export type Textarea = Synced<TextareaState>;

export interface ImageState extends Seen { value: Uint8Array; format: string; width: string; height: string }
/** A picture, from a file's bytes. Changing `value` changes the picture in place. */
export const Image = control<ImageState>({ name: "Image", fields: { value: bytes(), format: text("png"), width: text(), height: text() } });
export type Image = Synced<ImageState>;

export interface BoxState extends Seen { children: readonly Closable[]; boxStyle: BarStyle }
const children = { initial: [], allowed: "an array of widgets", accepts: (value: unknown) => Array.isArray(value) && value.every((child) => child instanceof Widget) };
const box = (name: string) => control<BoxState>({ name, fields: { children, boxStyle: barStyle } });

/** Widgets side by side. */
export const HBox = box("HBox");
export type HBox = Synced<BoxState>;
/** Widgets one below the other. */
export const VBox = box("VBox");
export type VBox = Synced<BoxState>;
