import type { BackboneConfig, HeadConfig, NeckConfig } from "./config.ts";
import type { DecodeOptions } from "./decode/dense.ts";

/** @throws Error naming the keys of `given` that `what` does not have */
export function refuseUnknown(what: string, given: object, allowed: readonly string[]): void {
  const unknown = Object.keys(given).filter((key) => !allowed.includes(key));
  if (unknown.length > 0) throw new Error(`${what} has no option ${unknown.map((key) => `"${key}"`).join(", ")}; allowed: ${allowed.join(", ")}`);
}

export interface OptionChecks {
  readonly fail: (option: string, received: unknown, allowed: string) => never;
  /** A whole number from `low` to `high` (default ∞). */
  readonly whole: (option: string, value: number, low: number, high?: number) => void;
  /** A number strictly between; an upper bound of 1 is itself allowed. */
  readonly inside: (option: string, value: number, low: number, high: number) => void;
  readonly oneOf: (option: string, value: string, allowed: readonly string[]) => void;
}

/** Checks whose errors name the detector, the option, what it is and what it may be. */
export function optionChecks(detector: string): OptionChecks {
  const fail = (option: string, received: unknown, allowed: string): never => {
    throw new Error(`${detector} option ${option} is ${String(received)}; it must be ${allowed}`);
  };
  return {
    fail,
    whole: (option, value, low, high = Infinity) => {
      if (!Number.isInteger(value) || value < low || value > high) fail(option, value, `a whole number ${high === Infinity ? `from ${low}` : `from ${low} to ${high}`}`);
    },
    inside: (option, value, low, high) => {
      if (!(value > low && value < high) && !(high === 1 && value === 1)) fail(option, value, `between ${low} and ${high}`);
    },
    oneOf: (option, value, allowed) => {
      if (!allowed.includes(value)) fail(option, `"${value}"`, allowed.map((item) => `"${item}"`).join(", "));
    },
  };
}

interface CommonConfig {
  readonly classes: number;
  readonly channels: number;
  readonly seed: number;
  readonly backbone: Pick<BackboneConfig, "frozenStages">;
  readonly neck: NeckConfig;
  readonly head: HeadConfig;
  readonly decode: DecodeOptions;
}

/**
 * Checks what every dense detector has.
 * @param perLevel entries of the option that has one per level, and its name
 */
export function checkFeatures({ fail, whole, inside, oneOf }: OptionChecks, config: CommonConfig, perLevel: number, option: string): void {
  const { classes, channels, seed, backbone, neck, head, decode } = config;
  whole("classes", classes, 1);
  whole("channels", channels, 1);
  if (!Number.isFinite(seed)) fail("seed", seed, "a finite number");
  whole("backbone.frozenStages", backbone.frozenStages, -1, 4);
  whole("neck.first", neck.first, 2, 5);
  whole("neck.last", neck.last, neck.first, 5);
  whole("neck.extraLevels", neck.extraLevels, 0, 4);
  oneOf("neck.extraFrom", neck.extraFrom, ["c5", "lateral", "p5", "pool"]);
  oneOf("neck.initialiser", neck.initialiser, ["kaiming-uniform", "xavier-uniform"]);
  whole("head.convs", head.convs, 0, 16);
  inside("head.prior", head.prior, 0, 1);
  if (![true, false, "after"].includes(decode.clip)) fail("decode.clip", decode.clip, 'true, false or "after"');
  whole("decode.perLevel", decode.perLevel, 1);
  whole("decode.maxDetections", decode.maxDetections, 1);
  const levels = neck.last - neck.first + 1 + neck.extraLevels;
  if (perLevel !== levels) fail(option, `${perLevel} levels`, `one entry per level of the pyramid (${levels})`);
}
