import { backboneConfig, type BackboneConfig } from "./backbones/config.ts";
import { deepOverlay } from "./deep-overlay.ts";
import type { Recipe } from "./presets/recipe.ts";

interface Base {
  readonly names: unknown;
  readonly backbone: BackboneConfig;
  readonly recipe: Recipe;
}

interface Given {
  readonly preset?: string;
  readonly classes?: number;
  readonly seed?: number;
  readonly name?: string;
  readonly backbone?: string | Partial<BackboneConfig>;
}

/** A preset with options put over it. */
export type Resolved<C> = C & { readonly name: string; readonly classes: number; readonly seed: number };

/**
 * The preset (default `tiny`) with the options put over it, part by part; a preset's name alone means its origin's classes and
 * seed 0. Names and recipe are the origin's.
 * @param title how the detector is called in reports, before the preset's name
 * @throws Error for an unknown option, preset or backbone
 */
export function overPreset<C extends Base>(detector: string, presets: Readonly<Record<string, C>>, options: string | Given, title: (config: Omit<C, keyof Base>) => string = () => detector): Resolved<C> {
  const given: Given = typeof options === "string" ? { preset: options } : options;
  const { preset = "tiny", name, backbone: asked, classes, seed, ...changes } = given;
  if (!Object.hasOwn(presets, preset)) throw new Error(`preset "${preset}" of ${detector} is unknown; allowed: ${Object.keys(presets).join(", ")}`);
  const { names, recipe, backbone: own, ...base } = presets[preset];
  const whole = typeof options === "string" ? { classes: recipe.classes, seed: 0 } : { classes, seed };
  const backbone = backboneConfig(detector, own, asked);
  const merged = deepOverlay(detector, base, changes);
  return { ...merged, ...whole, names, recipe, backbone, name: name ?? `${title(merged)}-${preset}-${backbone.name}` } as unknown as Resolved<C>;
}
