import { checkFeatures, optionChecks, type OptionChecks } from "./checks.ts";
import { overlay, type CommonOptions, type Overrides, type Resolved } from "./overlay.ts";
import { fcosPresets, type FcosConfig, type FcosPreset } from "./presets/fcos.ts";

export interface FcosOptions extends CommonOptions, Overrides<FcosConfig, "names" | "recipe"> {
  /** Whose settings to start from. Default `tiny`. */
  readonly preset?: FcosPreset;
}

export type ResolvedFcos = Resolved<FcosConfig>;

/** @throws Error for unknown options, presets and backbones, and for values that do not fit together */
export function resolveFcos(options: FcosPreset | FcosOptions): ResolvedFcos {
  const config = overlay<FcosConfig>(options, { detector: "fcos", presets: fcosPresets, fixed: ["names", "recipe"] });
  check(config);
  return config;
}

const checks: OptionChecks = optionChecks("fcos");

function check(config: ResolvedFcos): void {
  const { fail, oneOf } = checks;
  const { head, points, assign, boxLoss, normaliser, decode } = config;
  checkFeatures(checks, config, assign.ranges.length, "assign.ranges");
  for (const [low, high] of assign.ranges) if (!(low < high)) fail("assign.ranges", JSON.stringify([low, high]), "pairs from – to in pixels, the first below the second");
  if (!(assign.radius > 0)) fail("assign.radius", assign.radius, "above 0 (in strides), or Infinity to sample no centres");
  if (!(points.offset >= 0 && points.offset < 1)) fail("points.offset", points.offset, "from 0 to below 1 (a part of a cell)");
  oneOf("points.strides", points.strides, ["level", "image"]);
  oneOf("assign.bounds", assign.bounds, ["inclusive", "exclusive"]);
  oneOf("head.centerness", head.centerness, ["class", "box"]);
  oneOf("head.activation", head.activation, ["exp", "relu"]);
  oneOf("head.units", head.units, ["pixels", "strides"]);
  oneOf("boxLoss.kind", boxLoss.kind, ["log", "giou"]);
  oneOf("boxLoss.weighting", boxLoss.weighting, ["centerness", "equal"]);
  oneOf("normaliser", normaliser, ["batch", "moving-average"]);
  oneOf("decode.score", decode.score ?? "product", ["product", "root", "root-first"]);
}
