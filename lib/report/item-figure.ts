import type { Metric } from "../papers/item.ts";
import type { Judgement } from "../papers/judgement.ts";
import { metricFacts } from "../papers/metrics.ts";
import type { Figure } from "./figures.ts";
import { rowsFigure } from "./rows-figure.ts";
import { sweepFigure, sweepsOf } from "./sweep-figure.ts";
import { taughtFigure, taughtRows } from "./taught-figure.ts";

export interface ItemFigureOptions {
  /** Default: what the item's verdicts are about. */
  readonly metric?: Metric;
  /** Default: the item's title. */
  readonly title?: string;
}

/**
 * An item as a figure, the paper beside what was measured here, each on its own scale: means with 95 % Student intervals and the
 * single seeds as points. A sweep has its weight on the axis, a study of teachers the teacher's AP; other items a line per row.
 * @throws RangeError for a metric that the item does not have
 */
export function itemFigure(judgement: Judgement, { metric = mainMetric(judgement), title = judgement.item.title }: ItemFigureOptions = {}): Figure {
  const { metrics, id } = judgement.item;
  if (!metrics.includes(metric) && metric !== mainMetric(judgement)) throw new RangeError(`${id} has no metric "${metric}"; it has ${metrics.join(", ")}`);
  const sweeps = sweepsOf(judgement.rows, metric);
  if (sweeps.length > 0) return sweepFigure(judgement, sweeps, { metric, title });
  const taught = metricFacts[metric].precision ? taughtRows(judgement) : [];
  return taught.length > 0 ? taughtFigure(judgement, taught, { metric, title }) : rowsFigure(judgement, { metric, title });
}

/** The metric of most rows: the one that the figure shows. */
export function mainMetric({ rows }: Pick<Judgement, "rows">): Metric {
  const counts = new Map<Metric, number>();
  for (const { metric } of rows) counts.set(metric, (counts.get(metric) ?? 0) + 1);
  return [...counts].sort((a, b) => b[1] - a[1])[0]?.[0] ?? "AP";
}
