import type { Synced } from "./define.ts";
import { maybe, text } from "./fields.ts";
import type { Fields } from "./fields.ts";
import { style } from "./kinds.ts";

const colours = (...names: readonly string[]): Fields => Object.fromEntries(names.map((name) => [name, maybe(text())]));
const fonts = colours("fontFamily", "fontSize", "fontStyle", "fontVariant", "fontWeight", "textColor", "textDecoration");
const described: Fields = { descriptionWidth: text() };

interface Fonts { fontFamily: string | null; fontSize: string | null; fontStyle: string | null; fontVariant: string | null; fontWeight: string | null; textColor: string | null; textDecoration: string | null }
interface DescriptionWidth {
  /** How much room the description has: `"initial"` for as much as it needs. */
  descriptionWidth: string;
}

export const DescriptionStyle = style<DescriptionWidth>("DescriptionStyle", described);
export type DescriptionStyle = Synced<DescriptionWidth>;

interface ProgressLook extends DescriptionWidth { barColor: string | null }
export const ProgressStyle = style<ProgressLook>("ProgressStyle", { ...described, ...colours("barColor") });
export type ProgressStyle = Synced<ProgressLook>;

interface SliderLook extends DescriptionWidth { handleColor: string | null }
export const SliderStyle = style<SliderLook>("SliderStyle", { ...described, ...colours("handleColor") });
export type SliderStyle = Synced<SliderLook>;

interface ButtonLook extends Fonts { buttonColor: string | null }
export const ButtonStyle = style<ButtonLook>("ButtonStyle", { ...fonts, ...colours("buttonColor") });
export type ButtonStyle = Synced<ButtonLook>;

interface ToggleLook extends Fonts, DescriptionWidth {}
export const ToggleButtonStyle = style<ToggleLook>("ToggleButtonStyle", { ...fonts, ...described });
export type ToggleButtonStyle = Synced<ToggleLook>;

interface CheckboxLook extends DescriptionWidth { background: string | null }
export const CheckboxStyle = style<CheckboxLook>("CheckboxStyle", { ...described, ...colours("background") });
export type CheckboxStyle = Synced<CheckboxLook>;

interface TextLook extends DescriptionWidth { background: string | null; fontSize: string | null; textColor: string | null }
const textLook = { ...described, ...colours("background", "fontSize", "textColor") };
export const TextStyle = style<TextLook>("TextStyle", textLook);
export type TextStyle = Synced<TextLook>;
export const HTMLStyle = style<TextLook>("HTMLStyle", textLook);
export type HTMLStyle = Synced<TextLook>;

interface LabelLook extends Fonts, DescriptionWidth { background: string | null }
export const LabelStyle = style<LabelLook>("LabelStyle", { ...described, ...fonts, ...colours("background") });
export type LabelStyle = Synced<LabelLook>;
