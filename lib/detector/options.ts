import { backboneConfig, type BackboneConfig } from "./backbones/config.ts";
import { optionChecks, refuseUnknown, type OptionChecks } from "./checks.ts";
import type { RetinaNetConfig } from "./config.ts";
import { retinaNetPresets, type RetinaNetPreset } from "./presets.ts";

/** Parts of the preset that may be replaced, each partly. */
type Overrides = {
  readonly [K in Exclude<keyof RetinaNetConfig, "names" | "recipe" | "losses" | "normaliser" | "region" | "backbone">]?: Partial<RetinaNetConfig[K]>;
};

export interface RetinaNetOptions extends Overrides {
  /** Whose settings to start from. Default `tiny`. */
  readonly preset?: RetinaNetPreset;
  /** Number of classes K. */
  readonly classes: number;
  /** Channels C of the pyramid and of the head. Default 256; 32 for `tiny`. */
  readonly channels?: number;
  /** Seed of the initial weights. */
  readonly seed: number;
  /** A name (`resnet-50`, `regnet-x-400mf`, `tiny-8`), what `resnet()` and `regnet()` return, or the settings in detail. */
  readonly backbone?: string | Partial<BackboneConfig>;
  readonly normaliser?: RetinaNetConfig["normaliser"];
  readonly region?: RetinaNetConfig["region"];
  /** Shown in reports. Default made of preset and backbone. */
  readonly name?: string;
}

export interface ResolvedRetinaNet extends RetinaNetConfig {
  readonly name: string;
  readonly classes: number;
  readonly channels: number;
  readonly seed: number;
}

/**
 * The preset with the options put over it; a preset's name alone means its origin's classes (80 of COCO; torchvision 91)
 * and seed 0.
 * @throws Error for an unknown option, preset or backbone, and for values that do not fit together
 */
export function resolveRetinaNet(given: RetinaNetPreset | RetinaNetOptions): ResolvedRetinaNet {
  const options = typeof given === "string" ? { preset: given, classes: retinaNetPresets[given]?.recipe.classes, seed: 0 } : given;
  const preset = options.preset ?? "tiny";
  const base: RetinaNetConfig | undefined = retinaNetPresets[preset];
  if (base === undefined) throw new Error(`preset "${String(preset)}" is unknown; allowed: ${Object.keys(retinaNetPresets).join(", ")}`);
  const { names: _n, recipe: _r, losses: _l, ...sections } = base;
  refuseUnknown("retinanet", options, ["preset", "classes", "channels", "seed", "name", ...Object.keys(sections)]);
  const merge = <K extends keyof Overrides>(key: K): RetinaNetConfig[K] => {
    refuseUnknown(`retinanet ${key}`, options[key] ?? {}, allowedKeys[key]);
    return { ...base[key], ...options[key] };
  };
  const backbone = backboneConfig("retinanet", base.backbone, options.backbone);
  const resolved: ResolvedRetinaNet = {
    names: base.names,
    recipe: base.recipe,
    losses: base.losses,
    backbone,
    neck: merge("neck"),
    head: merge("head"),
    anchors: merge("anchors"),
    assign: merge("assign"),
    region: options.region ?? base.region,
    coder: merge("coder"),
    focal: merge("focal"),
    boxLoss: merge("boxLoss"),
    decode: merge("decode"),
    normaliser: options.normaliser ?? base.normaliser,
    name: options.name ?? `retinanet-${preset}-${backbone.name}`,
    classes: options.classes,
    channels: options.channels ?? (preset === "tiny" ? 32 : 256),
    seed: options.seed,
  };
  check(resolved);
  return resolved;
}

const allowedKeys: { readonly [K in keyof Required<Overrides>]: readonly (keyof RetinaNetConfig[K])[] } = {
  neck: ["first", "last", "extraLevels", "extraFrom", "extraRelu", "initialiser"],
  head: ["convs", "norm", "prior"],
  anchors: ["sizes", "ratios", "rounded", "outer", "strides"],
  assign: ["positive", "negative", "lowQuality", "minPositive"],
  coder: ["weights", "clamp", "centreClamp", "single"],
  focal: ["alpha", "gamma"],
  boxLoss: ["kind", "beta", "weight"],
  decode: ["scoreThreshold", "perLevel", "nms", "maxDetections", "clip", "minSize"],
};

const { fail, whole, inside, oneOf }: OptionChecks = optionChecks("retinanet");

function check(c: ResolvedRetinaNet): void {
  whole("classes", c.classes, 1);
  whole("channels", c.channels, 1);
  if (!Number.isFinite(c.seed)) fail("seed", c.seed, "a finite number");
  whole("neck.first", c.neck.first, 2, 5);
  whole("neck.last", c.neck.last, c.neck.first, 5);
  whole("neck.extraLevels", c.neck.extraLevels, 0, 4);
  whole("head.convs", c.head.convs, 0, 16);
  inside("head.prior", c.head.prior, 0, 1);
  const levels = c.neck.last - c.neck.first + 1 + c.neck.extraLevels;
  if (c.anchors.sizes.length !== levels) fail("anchors.sizes", `${c.anchors.sizes.length} levels`, `one list of sizes per level of the pyramid (${levels})`);
  if (c.anchors.sizes.some((sizes) => sizes.length === 0 || sizes.length !== c.anchors.sizes[0].length)) fail("anchors.sizes", JSON.stringify(c.anchors.sizes), "equally many sizes on every level, as the head is shared");
  for (const value of [...c.anchors.sizes.flat(), ...c.anchors.ratios]) inside("anchors.sizes and anchors.ratios", value, 0, Infinity);
  inside("assign.positive", c.assign.positive, 0, 1);
  if (!(c.assign.negative <= c.assign.positive)) fail("assign.negative", c.assign.negative, `at most assign.positive (${c.assign.positive})`);
  whole("decode.perLevel", c.decode.perLevel, 1);
  whole("decode.maxDetections", c.decode.maxDetections, 1);
  oneOf("neck.extraFrom", c.neck.extraFrom, ["c5", "lateral", "p5", "pool"]);
  oneOf("neck.initialiser", c.neck.initialiser, ["kaiming-uniform", "xavier-uniform"]);
  oneOf("anchors.outer", c.anchors.outer, ["ratio", "size"]);
  oneOf("anchors.strides", c.anchors.strides, ["level", "image"]);
  oneOf("assign.lowQuality", c.assign.lowQuality, ["none", "own", "served", "served-first"]);
  if (![true, false, "after"].includes(c.decode.clip)) fail("decode.clip", c.decode.clip, 'true, false or "after"');
  oneOf("region", c.region, ["all", "centre", "whole"]);
  oneOf("coder.clamp", c.coder.clamp, ["above", "both"]);
  oneOf("boxLoss.kind", c.boxLoss.kind, ["l1", "smooth-l1", "giou"]);
  oneOf("normaliser", c.normaliser, ["image", "batch", "moving-average"]);
  if (c.boxLoss.kind === "smooth-l1") inside("boxLoss.beta", c.boxLoss.beta, 0, Infinity);
}
