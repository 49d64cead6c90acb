import { checkFeatures, optionChecks, type OptionChecks } from "./checks.ts";
import { overlay, type CommonOptions, type Overrides, type Resolved } from "./overlay.ts";
import { atssPresets, type AtssConfig, type AtssPreset } from "./presets/atss.ts";
import { gflPresets, type GflConfig, type GflPreset } from "./presets/gfl.ts";

export interface AtssDetectorOptions extends CommonOptions, Overrides<AtssConfig, "names" | "recipe"> {
  /** Whose settings to start from. Default `tiny`. */
  readonly preset?: AtssPreset;
}

export interface GflOptions extends CommonOptions, Overrides<GflConfig, "names" | "recipe"> {
  /** Whose settings to start from. Default `tiny`. */
  readonly preset?: GflPreset;
}

export type ResolvedAtss = Resolved<AtssConfig>;
export type ResolvedGfl = Resolved<GflConfig>;

/** @throws Error for unknown options, presets and backbones, and for values that do not fit together */
export function resolveAtss(options: AtssPreset | AtssDetectorOptions): ResolvedAtss {
  const config = overlay<AtssConfig>(options, { detector: "atss", presets: atssPresets, fixed: ["names", "recipe"], optional: { coder: ["centreClamp"] } });
  const checks = optionChecks("atss");
  checkFeatures(checks, config, config.anchors.sizes.length, "anchors.sizes");
  checkAnchors(checks, config);
  checks.oneOf("coder.clamp", config.coder.clamp, ["above", "both"]);
  checks.oneOf("decode.score", config.decode.score ?? "product", ["product", "root", "root-first"]);
  return config;
}

/** @throws Error for unknown options, presets and backbones, and for values that do not fit together */
export function resolveGfl(options: GflPreset | GflOptions): ResolvedGfl {
  const config = overlay<GflConfig>(options, { detector: "gfl", presets: gflPresets, fixed: ["names", "recipe"] });
  const checks = optionChecks("gfl");
  checkFeatures(checks, config, config.anchors.sizes.length, "anchors.sizes");
  checkAnchors(checks, config);
  checks.whole("head.bins", config.head.bins, 2, 256);
  if (!(config.loss.beta >= 0)) checks.fail("loss.beta", config.loss.beta, "0 or more");
  return config;
}

function checkAnchors({ fail, whole, oneOf, inside }: OptionChecks, { anchors, assign, region }: Pick<AtssConfig, "anchors" | "assign" | "region">): void {
  if (anchors.ratios.length !== 1 || anchors.sizes.some((sizes) => sizes.length !== 1)) fail("anchors", JSON.stringify({ sizes: anchors.sizes, ratios: anchors.ratios }), "one size per level and one ratio: the head has one prior per cell");
  for (const value of [...anchors.sizes.flat(), ...anchors.ratios]) inside("anchors.sizes and anchors.ratios", value, 0, Infinity);
  oneOf("anchors.strides", anchors.strides, ["level", "image"]);
  oneOf("anchors.outer", anchors.outer, ["ratio", "size"]);
  whole("assign.candidates", assign.candidates, 1);
  oneOf("region", region, ["all", "centre", "whole"]);
}
