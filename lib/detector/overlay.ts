import { backboneConfig, type BackboneConfig } from "./backbones/config.ts";
import { refuseUnknown } from "./checks.ts";

/** Parts of a preset that may be replaced: records partly, everything else whole. */
export type Overrides<C, Fixed extends keyof C> = {
  readonly [K in Exclude<keyof C, Fixed | "backbone" | "channels">]?: C[K] extends readonly unknown[] ? C[K] : C[K] extends object ? Partial<C[K]> : C[K];
};

/** What every detector's options say beside the parts of its preset. */
export interface CommonOptions {
  /** Number of classes K. */
  readonly classes: number;
  /** Channels C of the pyramid and of the head. Default the preset's. */
  readonly channels?: number;
  /** Seed of the initial weights. */
  readonly seed: number;
  /** A name (`resnet-50`, `regnet-x-400mf`, `tiny-8`), what `resnet()` and `regnet()` return, or the settings in detail. */
  readonly backbone?: string | Partial<BackboneConfig>;
  /** Shown in reports. Default made of preset and backbone. */
  readonly name?: string;
}

/** A preset with the options put over it. */
export type Resolved<C> = C & { readonly name: string; readonly classes: number; readonly seed: number };

interface Base {
  readonly channels: number;
  readonly backbone: BackboneConfig;
  readonly recipe: { readonly classes: number };
}

export interface OverlayRules<C> {
  /** As errors and reports call the detector. */
  readonly detector: string;
  readonly presets: Readonly<Record<string, C>>;
  /** Parts that belong to the origin. */
  readonly fixed: readonly (keyof C)[];
  /** Options of parts that presets may leave out. */
  readonly optional?: Readonly<Record<string, readonly string[]>>;
}

/**
 * The preset with the options put over it; a preset's name alone means its origin's classes and seed 0.
 * @throws Error for an unknown option, preset or backbone
 */
export function overlay<C extends Base>(given: string | (CommonOptions & { readonly preset?: string }), { detector, presets, fixed, optional = {} }: OverlayRules<C>): Resolved<C> {
  const options: Partial<CommonOptions> & { readonly preset?: string } = typeof given === "string" ? { preset: given } : given;
  const preset = options.preset ?? "tiny";
  if (!Object.hasOwn(presets, preset)) throw new Error(`preset "${preset}" of ${detector} is unknown; allowed: ${Object.keys(presets).join(", ")}`);
  const base = presets[preset];
  const parts = Object.keys(base).filter((key) => !fixed.includes(key as keyof C));
  refuseUnknown(detector, options, ["preset", "classes", "seed", "name", ...parts]);
  const backbone = backboneConfig(detector, base.backbone, options.backbone);
  const own = Object.fromEntries(parts.map((key) => [key, merged(`${detector} ${key}`, { base: (base as Record<string, unknown>)[key], given: (options as Record<string, unknown>)[key], optional: optional[key] ?? [] })]));
  const whole = typeof given === "string" ? { classes: base.recipe.classes, seed: 0 } : { classes: given.classes, seed: given.seed };
  return { ...base, ...own, ...whole, backbone, name: options.name ?? `${detector}-${preset}-${backbone.name}` };
}

function merged(what: string, { base, given, optional }: { readonly base: unknown; readonly given: unknown; readonly optional: readonly string[] }): unknown {
  if (given === undefined) return base;
  if (!isRecord(base) || !isRecord(given)) return given;
  refuseUnknown(what, given, [...Object.keys(base), ...optional]);
  return { ...base, ...given };
}

function isRecord(value: unknown): value is object {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
