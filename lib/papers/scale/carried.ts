import type { DistillerName } from "../../distill/index.ts";
import type { DetectorKind } from "../detectors.ts";
import type { MethodSpec } from "../method.ts";

/** What a published weight is multiplied by at another scale, and why. */
export interface Carried {
  readonly factor: number;
  /** As tables say it. */
  readonly reason: string;
}

/** By method: `lambda`, or an option. What is not here stays as published. */
export type CarriedWeights = Readonly<Partial<Record<DistillerName, Readonly<Record<string, Carried | Readonly<Partial<Record<DetectorKind | "other", Carried>>>>>>>>;

/** What a weight of a method is carried by for a detector. */
export function carriedBy(weights: CarriedWeights, { name, option, kind }: { readonly name: DistillerName; readonly option: string; readonly kind: DetectorKind }): Carried | undefined {
  const entry = weights[name]?.[option];
  if (entry === undefined || "factor" in entry) return entry;
  return entry[kind] ?? entry.other;
}

/** Six digits, so that 75 · 0.36 is 27. */
const tidy = (value: number) => Number(value.toPrecision(6));

/** A method with its published weights carried to another scale. */
export function carried(method: MethodSpec, { weights, kind }: { readonly weights: CarriedWeights; readonly kind: DetectorKind }): MethodSpec {
  const times = (option: string) => carriedBy(weights, { name: method.name, option, kind })?.factor ?? 1;
  const options = Object.entries(method.options ?? {}).map(([key, value]) => [key, typeof value === "number" ? tidy(value * times(key)) : value as unknown] as const);
  return {
    ...method,
    ...(method.lambda && { lambda: method.lambda.map(([start, value]) => [start, tidy(value * times("lambda"))] as const) }),
    ...(method.options && { options: Object.fromEntries(options) }),
  };
}
