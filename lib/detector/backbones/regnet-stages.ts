/** One stage of equal blocks. */
export interface RegNetStage {
  readonly blocks: number;
  /** Output channels. */
  readonly width: number;
  /** Channels per group of the 3×3 convolutions. */
  readonly groupWidth: number;
}

/** The quantised linear rule of a family member: depth d, slope w_a, start w_0, ratio w_m, group width g. */
interface Rule {
  readonly depth: number;
  readonly start: number;
  readonly slope: number;
  readonly ratio: number;
  readonly groupWidth: number;
}

function rule(depth: number, start: number, slope: number, ratio: number, groupWidth: number): Rule {
  return { depth, start, slope, ratio, groupWidth };
}

/**
 * Radosavovic et al. 2020, "Designing Network Design Spaces", tables 9 and 10 in the appendix (X: without, Y: with
 * squeeze-and-excitation), as torchvision has them; Y-128GF is Goyal et al. 2022 (SWAG). `tiny` is our own.
 */
const rules = {
  "x-400mf": rule(22, 24, 24.48, 2.54, 16),
  "x-800mf": rule(16, 56, 35.73, 2.28, 16),
  "x-1.6gf": rule(18, 80, 34.01, 2.25, 24),
  "x-3.2gf": rule(25, 88, 26.31, 2.25, 48),
  "x-8gf": rule(23, 80, 49.56, 2.88, 120),
  "x-16gf": rule(22, 216, 55.59, 2.1, 128),
  "x-32gf": rule(23, 320, 69.86, 2, 168),
  "y-400mf": rule(16, 48, 27.89, 2.09, 8),
  "y-800mf": rule(14, 56, 38.84, 2.4, 16),
  "y-1.6gf": rule(27, 48, 20.71, 2.65, 24),
  "y-3.2gf": rule(21, 80, 42.63, 2.66, 24),
  "y-8gf": rule(17, 192, 76.82, 2.19, 56),
  "y-16gf": rule(18, 200, 106.23, 2.48, 112),
  "y-32gf": rule(20, 232, 115.89, 2.53, 232),
  "y-128gf": rule(27, 456, 160.83, 2.52, 264),
  "x-tiny": rule(4, 16, 16, 1.7, 8),
  "y-tiny": rule(4, 16, 16, 1.7, 8),
} as const satisfies Record<string, Rule>;

export type RegNetName = keyof typeof rules;
export const regNetNames = Object.keys(rules) as RegNetName[];

export function isRegNet(name: string): name is RegNetName {
  return Object.hasOwn(rules, name);
}

/**
 * How a width becomes a multiple of the group width: the nearest, halves to the even one (the paper, mmdetection,
 * detectron2), or as torchvision has it halves upwards and never below nine tenths of the width.
 */
export type RegNetRounding = "nearest" | "torchvision";

/**
 * The stages of a member. Block j asks for u_j = w_0 + w_a · j channels (eq. 2), which is rounded to w_0 · w_m^s with
 * whole s (eq. 3, 4) and to a multiple of 8; blocks of equal width make a stage, whose width then becomes a multiple of
 * the group width (at most the stage's own width). The rounding matters to X-400MF, Y-800MF and Y-8GF alone.
 */
export function regNetStages(name: RegNetName, rounding: RegNetRounding = "torchvision"): RegNetStage[] {
  const { depth, start, slope, ratio, groupWidth }: Rule = rules[name];
  const widths = Array.from({ length: depth }, (_, j) => {
    const exponent = halfToEven(Math.log((start + slope * j) / start) / Math.log(ratio));
    return halfToEven((start * ratio ** exponent) / 8) * 8;
  });
  return [...new Set(widths)].map((width) => {
    const group = Math.min(groupWidth, width);
    const groups = rounding === "nearest" ? halfToEven(width / group) : upwards(width / group);
    return { blocks: widths.filter((other) => other === width).length, width: groups * group, groupWidth: group };
  });
}

function halfToEven(value: number): number {
  const below = Math.floor(value);
  return value - below === 0.5 ? below + (below % 2) : Math.round(value);
}

function upwards(value: number): number {
  const nearest = Math.round(value);
  return nearest < 0.9 * value ? nearest + 1 : nearest;
}
