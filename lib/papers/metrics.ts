import type { Metric } from "./item.ts";

/** COCO's six, in the order in which the papers print them. */
export const sixMetrics = ["AP", "AP50", "AP75", "APs", "APm", "APl"] as const satisfies readonly Metric[];

/** Whether it is one of COCO's six, of which scores leave out those that the images cannot tell. */
export function isScore(metric: Metric): boolean {
  return (sixMetrics as readonly Metric[]).includes(metric);
}

interface MetricFacts {
  /** As axes and headings say it. */
  readonly name: string;
  readonly unit?: string;
  readonly decimals?: number;
  readonly better: "higher" | "lower";
  /** Whether it is one of COCO's average precisions. */
  readonly precision: boolean;
  /** Less is never a difference. */
  readonly noise?: number;
}

const precision = (name: string): MetricFacts => ({ name, unit: "points", decimals: 1, better: "higher", precision: true });

/** What metrics are called, in which unit, and which side of them is the better one. */
export const metricFacts: Readonly<Record<Metric, MetricFacts>> = {
  AP: precision("AP"),
  AP50: precision("AP50"),
  AP75: precision("AP75"),
  APs: precision("APs"),
  APm: precision("APm"),
  APl: precision("APl"),
  lateAP: precision("AP late in the training"),
  // Shares are printed with two digits, and the λ that was found with none.
  share: { name: "λL_distill / L_total", decimals: 3, better: "higher", precision: false, noise: 0.005 },
  lambda: { name: "λ", decimals: 1, better: "higher", precision: false, noise: 0.5 },
  hours: { name: "training time", unit: "h", better: "lower", precision: false },
  memory: { name: "peak memory", unit: "GB", better: "lower", precision: false },
  // Regions of the same images under other teachers differ by next to nothing, which says nothing of other images: our own bound.
  entropy: { name: "entropy", unit: "bits", decimals: 2, better: "higher", precision: false, noise: 0.1 },
};

/** A metric's value as tables print it: APs with one decimal, as the papers do; a true minus sign. */
export function metricText(metric: Metric, value: number): string {
  const { decimals } = metricFacts[metric];
  return minus(decimals === undefined ? String(Number(value.toPrecision(3))) : value.toFixed(decimals));
}

/** A difference with its sign: APs with two decimals. */
export function differenceText(metric: Metric, value: number): string {
  const { decimals, precision: points } = metricFacts[metric];
  const text = decimals === undefined ? String(Number(value.toPrecision(3))) : value.toFixed(points ? 2 : decimals);
  return minus(value >= 0 ? `+${text.replace("-", "")}` : text);
}

/** A p-value: two significant digits, never below what its computation resolves. */
export function pText(p: number): string {
  return p < 0.0001 ? "p < 0.0001" : `p = ${Number(p.toPrecision(2))}`;
}

const minus = (text: string) => text.replace("-", "−");
