import type { Metric, Published, PublishedCell, PublishedCells } from "../item.ts";
import { sixMetrics } from "../metrics.ts";

type Row = Published["rows"][string];

/** Cells in the order of `metrics`. @throws Error when there are more or fewer */
export function cellsOf(metrics: readonly Metric[], values: readonly PublishedCell[]): PublishedCells {
  if (values.length !== metrics.length) throw new Error(`${values.length} cells for ${metrics.join(", ")}`);
  return Object.fromEntries(metrics.map((metric, i) => [metric, values[i]]));
}

/** A row of a table with these metrics. */
export function row(metrics: readonly Metric[], label: string, values: readonly PublishedCell[], note?: string): Row {
  return { label, cells: cellsOf(metrics, values), ...(note !== undefined && { note }) };
}

/** A row of COCO's six metrics. */
export function six(label: string, values: readonly PublishedCell[], note?: string): Row {
  return row(sixMetrics, label, values, note);
}

/** A row that is a picture, or a curve without numbers. */
export function picture(label: string, note?: string): Row {
  return { label, cells: {}, ...(note !== undefined && { note }) };
}

/**
 * A number that the paper implies.
 * @param how what it follows from, then a colon and the place: `40.6 − 2.2: section 4.1`, `39.4: Table 1`
 */
export function derived(value: number, how: string): PublishedCell {
  return { value, derived: how };
}

/** A number that the public text has lost, and between what it must lie. */
export function lost(why: string, bounds?: readonly [low: number, high: number]): PublishedCell {
  return { lost: why, ...(bounds && { bounds }) };
}
