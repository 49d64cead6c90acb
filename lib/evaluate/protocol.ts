import type { AreaRange, EvaluationOptions, Protocol } from "./types.ts";

/** numpy's `linspace`: `start + i·step` with the last value set to `stop`, so that thresholds agree to the last bit. */
function linspace(start: number, stop: number, count: number): Float64Array {
  const step = (stop - start) / (count - 1);
  return Float64Array.from({ length: count }, (_, i) => (i === count - 1 ? stop : i * step + start));
}

const AREAS: readonly AreaRange[] = [
  { name: "all", from: 0, to: 1e5 ** 2 },
  { name: "small", from: 0, to: 32 ** 2 },
  { name: "medium", from: 32 ** 2, to: 96 ** 2 },
  { name: "large", from: 96 ** 2, to: 1e5 ** 2 },
];

/** COCO's detection protocol. Throws when the detection limits are not three ascending positive integers. */
export function protocol({ maxDetections = [1, 10, 100] }: EvaluationOptions = {}): Protocol {
  const sound = maxDetections.length === 3 && maxDetections.every((limit, i) => Number.isSafeInteger(limit) && limit > (maxDetections[i - 1] ?? 0));
  if (!sound) throw new RangeError(`maxDetections is [${maxDetections.join(", ")}]; it must be three ascending positive integers, such as 1, 10, 100`);
  return { iouThresholds: linspace(0.5, 0.95, 10), recallThresholds: linspace(0, 1, 101), areas: AREAS, maxDetections };
}
