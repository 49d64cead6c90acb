import type { AreaRange, CategoryScore, Curves, Evaluation, Protocol, Category } from "./types.ts";

type Measured = Curves & { readonly protocol: Protocol; readonly categories: readonly Category[] };

/** Which entries of the curves a number is the mean of. */
export interface Selection {
  readonly curve: "precision" | "recall";
  readonly area?: AreaRange["name"];
  readonly limit: number;
  /** One IoU threshold; all when absent. */
  readonly threshold?: number;
  /** One category by its position; all when absent. */
  readonly category?: number;
}

/** The mean of the selected entries that are not −1; −1 when there are none, or no such threshold or limit. */
export function meanOf(measured: Measured, { curve, area = "all", limit, threshold, category }: Selection): number {
  const { iouThresholds, recallThresholds, areas, maxDetections } = measured.protocol;
  const K = measured.categories.length;
  const inner = curve === "precision" ? recallThresholds.length : 1;
  const a = areas.findIndex(({ name }) => name === area);
  const m = maxDetections.indexOf(limit);
  if (m < 0) return -1;
  const values: number[] = [];
  for (let t = 0; t < iouThresholds.length; t++) {
    if (threshold !== undefined && iouThresholds[t] !== threshold) continue;
    for (let r = 0; r < inner; r++) {
      for (let k = category ?? 0; k < (category === undefined ? K : category + 1); k++) {
        const value = measured[curve][(((t * inner + r) * K + k) * areas.length + a) * maxDetections.length + m];
        if (value > -1) values.push(value);
      }
    }
  }
  return values.length === 0 ? -1 : pairwiseSum(values, 0, values.length) / values.length;
}

/** numpy's pairwise summation, so that means agree to the last bit. */
function pairwiseSum(values: readonly number[], from: number, count: number): number {
  if (count < 8) {
    let sum = 0;
    for (let i = 0; i < count; i++) sum += values[from + i];
    return sum;
  }
  if (count > 128) {
    const half = Math.floor(count / 2) - (Math.floor(count / 2) % 8);
    return pairwiseSum(values, from, half) + pairwiseSum(values, from + half, count - half);
  }
  const lane = values.slice(from, from + 8);
  let i = 8;
  for (; i + 8 <= count; i += 8) for (let j = 0; j < 8; j++) lane[j] += values[from + i + j];
  let sum = lane[0] + lane[1] + (lane[2] + lane[3]) + (lane[4] + lane[5] + (lane[6] + lane[7]));
  for (; i < count; i++) sum += values[from + i];
  return sum;
}

/** The twelve rows, in pycocotools' order. It reads the first at exactly 100 detections, whatever the limits are. */
function rows({ maxDetections }: Protocol): readonly Selection[] {
  const [low, middle, high] = maxDetections as [number, number, number];
  const sizes = ["small", "medium", "large"] as const;
  return [
    { curve: "precision", limit: 100 },
    { curve: "precision", limit: high, threshold: 0.5 },
    { curve: "precision", limit: high, threshold: 0.75 },
    ...sizes.map((area) => ({ curve: "precision", limit: high, area }) as const),
    ...[low, middle, high].map((limit) => ({ curve: "recall", limit }) as const),
    ...sizes.map((area) => ({ curve: "recall", limit: high, area }) as const),
  ];
}

/** The twelve numbers of COCO's table. */
export function statsOf(measured: Measured): Float64Array {
  return Float64Array.from(rows(measured.protocol), (row) => meanOf(measured, row));
}

/** AP, AP50, AP75 and AR of each category, all areas, at the largest limit. */
export function perCategoryOf(measured: Measured): CategoryScore[] {
  const limit = measured.protocol.maxDetections[2];
  return measured.categories.map(({ id, name }, category) => ({
    id,
    name,
    ap: meanOf(measured, { curve: "precision", limit, category }),
    ap50: meanOf(measured, { curve: "precision", limit, category, threshold: 0.5 }),
    ap75: meanOf(measured, { curve: "precision", limit, category, threshold: 0.75 }),
    ar: meanOf(measured, { curve: "recall", limit, category }),
  }));
}

/** COCO's twelve lines, character for character as pycocotools prints them. */
export function summarize({ protocol, stats }: Pick<Evaluation, "protocol" | "stats">): string {
  return rows(protocol).map((row, i) => summaryLine(protocol, row, stats[i])).join("\n");
}

function summaryLine({ iouThresholds }: Protocol, { curve, area = "all", limit, threshold }: Selection, value: number): string {
  const title = curve === "precision" ? "Average Precision  (AP)" : "Average Recall     (AR)";
  const iou = threshold === undefined ? `${iouThresholds[0].toFixed(2)}:${iouThresholds.at(-1)!.toFixed(2)}` : threshold.toFixed(2);
  return ` ${title} @[ IoU=${iou.padEnd(9)} | area=${area.padStart(6)} | maxDets=${String(limit).padStart(3)} ] = ${threeDecimals(value)}`;
}

/** Python's `{:.3f}`: like `toFixed(3)`, but exact halves, which only sixteenths can be, go to the even digit. */
function threeDecimals(value: number): string {
  const twice = value * 2000;
  if (!Number.isInteger(value * 16) || !Number.isInteger(twice) || twice % 2 === 0) return value.toFixed(3);
  const down = Math.floor(twice / 2);
  return ((down % 2 === 0 ? down : down + 1) / 1000).toFixed(3);
}
