import { backboneConfig, type BackboneConfig } from "../backbones/config.ts";
import type { Recipe } from "../presets/recipe.ts";
import type { Refuse } from "./fits.ts";
import { checkParts, isRecord, overlay, refuse, shown, type Rules, type RulesFor } from "./rules.ts";
import { finite, optional, text, whole } from "./values.ts";

/** A configuration whose parts, and their parts, may be given in part; lists are replaced whole. */
export type DeepPartial<T> = {
  readonly [K in keyof T]?: T[K] extends readonly unknown[] ? T[K] : T[K] extends object ? DeepPartial<T[K]> : T[K];
};

/** Parts of a preset that belong to its origin, and those that have rules of their own. */
type Kept = "names" | "recipe" | "losses" | "backbone";

/** A detector's options: its preset's name, and what differs from it, part by part. */
export type DetectorOptions<C, P extends string> = DeepPartial<Omit<C, Kept>> & {
  /** Whose settings to start from. Default `tiny`. */
  readonly preset?: P;
  /** Number of classes K, background not counted. */
  readonly classes: number;
  /** Channels C of the pyramid, and of the head of one-stage detectors. Default the preset's: 256; 32 for `tiny`. */
  readonly channels?: number;
  /** Seed of the initial weights and of any sampling. */
  readonly seed: number;
  /** A name (`resnet-50`, `regnet-x-400mf`, `tiny-8`), what `resnet()` and `regnet()` return, or the settings in detail. */
  readonly backbone?: string | Partial<BackboneConfig>;
  /** Shown in reports. Default made of preset and backbone. */
  readonly name?: string;
};

/** A preset with options put over it. */
export type Resolved<C> = C & { readonly name: string; readonly classes: number; readonly seed: number };

interface Base {
  readonly names: unknown;
  readonly recipe: Recipe;
  readonly backbone: BackboneConfig;
  readonly channels: number;
}

/** What the options of a detector may be. */
export interface OptionRules<C> {
  /** As errors call it, and `kind` in an experiment does. */
  readonly detector: string;
  readonly presets: Readonly<Record<string, C>>;
  /** What each option may be by itself. */
  readonly rules: RulesFor<Omit<C, Kept | "channels">>;
  /** Refuses values that do not fit together. */
  readonly fits: (config: Resolved<C>, refuse: Refuse) => void;
  /** As reports call it, before preset and backbone. Default `detector`. */
  readonly title?: (config: C) => string;
}

/**
 * The preset (default `tiny`) with the options put over it, checked; a preset's name alone means its origin's classes and seed 0.
 * Names and recipe are the origin's.
 * @throws Error for an unknown option, preset or backbone, for a value that its option cannot have, and for values that do
 *   not fit together
 */
export function resolve<C extends Base>(options: unknown, { detector, presets, rules: own, fits, title = () => detector }: OptionRules<C>): Resolved<C> {
  const given: unknown = typeof options === "string" ? { preset: options } : options;
  if (!isRecord(given)) throw new Error(`${detector} was given ${shown(given)}; it takes a preset's name (${Object.keys(presets).join(", ")}) or options, as { classes: 80, seed: 0 }`);
  const preset = presetOf(detector, presets, given.preset ?? "tiny");
  const base = presets[preset];
  const place = { detector, path: "" };
  const rules: Rules = { ...common, ...own };
  const whole = typeof options === "string" ? { classes: base.recipe.classes, seed: 0 } : {};
  const parts = overlay(rules, { base: { ...base, ...whole, backbone: undefined }, given, place });
  checkParts(rules, parts, place);
  const backbone = backboneConfig(detector, base.backbone, parts.backbone as string | Partial<BackboneConfig> | undefined);
  const { preset: _, ...changed } = parts;
  const config = { ...base, ...changed, backbone };
  const resolved = { name: `${title(config)}-${preset}-${backbone.name}`, ...config } as unknown as Resolved<C>;
  fits(resolved, (option, received, allowed) => refuse({ detector, path: option }, received, allowed));
  return resolved;
}

/** Of every detector; a preset and a backbone are looked up beside. */
const common: Rules = { preset: optional(text), classes: whole(1), seed: finite, name: optional(text), channels: whole(1), backbone: () => undefined };

function presetOf(detector: string, presets: object, preset: unknown): string {
  if (typeof preset !== "string" || !Object.hasOwn(presets, preset)) throw new Error(`preset ${shown(preset)} of ${detector} is unknown; allowed: ${Object.keys(presets).join(", ")}`);
  return preset;
}
