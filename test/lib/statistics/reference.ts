import { readFileSync } from "node:fs";
import { join } from "node:path";

interface Interval {
  readonly values: readonly number[];
}

/** Values of SciPy and statsmodels; `reference.py` beside this file makes them. */
export interface Reference {
  readonly provenance: string;
  readonly student: {
    readonly central: readonly { readonly t: number; readonly freedom: number; readonly central: number }[];
    readonly quantile: readonly { readonly level: number; readonly freedom: number; readonly t: number }[];
    readonly tests: readonly (Interval & { readonly centre: number; readonly twoSided: number; readonly above: number; readonly below: number; readonly interval: readonly [number, number]; readonly deviation: number })[];
  };
  readonly normal: { readonly distribution: readonly { readonly x: number; readonly p: number }[]; readonly quantile: readonly { readonly x: number; readonly p: number }[] };
  readonly bootstrap: readonly (Interval & { readonly means: readonly number[]; readonly level: number; readonly percentile: readonly [number, number]; readonly bca: readonly [number, number] })[];
  readonly signFlip: readonly (Interval & { readonly above: number; readonly below: number })[];
  readonly trend: readonly { readonly values: readonly (readonly number[])[]; readonly statistic: number; readonly rises: number; readonly falls: number; readonly correlation?: number; readonly by: string }[];
  readonly holm: { readonly version: string; readonly cases: readonly { readonly p: readonly number[]; readonly adjusted: readonly number[] }[] } | null;
}

export const referenceScript = join(import.meta.dirname, "reference.py");
export const reference = JSON.parse(readFileSync(join(import.meta.dirname, "reference.json"), "utf8")) as Reference;
