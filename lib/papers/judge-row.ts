import { studentTest } from "../statistics/student.ts";
import type { Item, ItemRow, Metric, PublishedCells } from "./item.ts";
import type { RowVerdict, Summary } from "./judgement.ts";
import { differenceWords, notTold, sense } from "./judge-claim.ts";
import { differences, summarise } from "./measurements.ts";
import type { Measurements } from "./measurements.ts";
import { differenceText, metricFacts, metricText, pText } from "./metrics.ts";
import { cellValue, paperDifference, publishedCells, rangeWords } from "./published-cells.ts";
import { idleTeacher, missing, notTestable, obstacle, teacherRow } from "./testable.ts";
import type { Reasoned } from "./testable.ts";

/** A row before the correction over all of them. */
export interface RowOutcome {
  /** What is known without a test. */
  readonly known: Omit<RowVerdict, "verdict" | "why" | "p" | "adjusted">;
  /** Its verdict, or the p on which it waits. */
  readonly outcome: Reasoned | { readonly p: number };
}

/**
 * What a row's verdict is about: entropy of a region; AP, or the item's first metric of which the paper has something for the row;
 * where AP is lost, the first in which the paper's row can be compared with the other.
 */
export function rowMetric(item: Item, row: ItemRow): Metric {
  if (row.measure !== undefined) return "entropy";
  const own = publishedCells(item, row);
  const usual = item.metrics.includes("AP") || item.metrics.length === 0 ? "AP" : item.metrics.find((metric) => own[metric] !== undefined) ?? item.metrics[0];
  const other = item.rows.find(({ id }) => id === row.against);
  const comparable = (metric: Metric) => paperDifference(own, publishedCells(item, other!), metric) !== undefined;
  return other === undefined || comparable(usual) ? usual : item.metrics.find(comparable) ?? usual;
}

/** Gathers a row's numbers, and says why it cannot be tested where it cannot. */
export function testRow(measured: Measurements, row: ItemRow, comparable: boolean): RowOutcome {
  const metric = rowMetric(measured.item, row);
  const published = publishedCells(measured.item, row);
  const problem = measured.problem(row.id);
  const difference = differenceOf(measured, row, metric);
  const paper = paperDifferenceOf(measured, row, { metric, published });
  const teacher = teacherRow(measured.item.rows, row);
  const taught = teacher && measured.teacherAP(row.id, teacher.id);
  const known = {
    row, published, metric, here: summaries(measured, row),
    seeds: [...measured.values(row.id, metric).keys()],
    ...(difference && { difference }), ...(paper && { paperDifference: paper }), ...(problem !== undefined && { problem }), ...(taught !== undefined && { teacherAP: taught }),
  };
  const outcome = missing(measured, row.id, metric) ?? (row.against === undefined ? absolute(measured, known, comparable) : relative(measured, row.against, known));
  return { known, outcome };
}

function summaries(measured: Measurements, { id }: ItemRow): RowVerdict["here"] {
  const metrics = Object.keys(metricFacts) as Metric[];
  return Object.fromEntries(metrics.flatMap((metric) => {
    const values = [...measured.values(id, metric).values()];
    return values.length === 0 ? [] : [[metric, summarise(values)]];
  }));
}

function differenceOf(measured: Measurements, { id, against }: ItemRow, metric: Metric): Summary | undefined {
  if (against === undefined) return undefined;
  const { seeds, values: [a, b] } = measured.paired([id, against], metric);
  return seeds.length === 0 ? undefined : summarise(differences(a, b));
}

function paperDifferenceOf(measured: Measurements, { against }: ItemRow, { metric, published }: { metric: Metric; published: PublishedCells }): RowVerdict["paperDifference"] {
  return against === undefined ? undefined : paperDifference(published, publishedCells(measured.item, measured.row(against)), metric);
}

function relative(measured: Measurements, against: string, { row, metric, difference, paperDifference: paper }: RowOutcome["known"]): RowOutcome["outcome"] {
  const hindered = obstacle(measured, [row.id, against], metric) ?? idleTeacher(measured, [row.id]);
  if (hindered) return hindered;
  if (directionOf(paper, metric) === undefined) return notTestable(`The paper's difference is lost in its text, so that there is no direction; here it is ${differenceWords(metric, difference!)}.`);
  return { p: studentTest(difference!.values).twoSided };
}

/** Side of the paper's difference: 0 where it is surely less than repeated runs differ by; undefined where its cells leave the side open. */
function directionOf(paper: RowVerdict["paperDifference"], metric: Metric): -1 | 0 | 1 | undefined {
  if (paper === undefined) return undefined;
  const { noise } = sense(metric);
  if (paper.every((value) => Math.abs(value) < noise || value === 0)) return 0;
  const [low, high] = paper.map(Math.sign);
  return low === high ? (low as -1 | 1) : undefined;
}

/** A row that is compared with no other: its number itself, where that means the same as the paper's. */
function absolute(measured: Measurements, { row, metric, published }: RowOutcome["known"], comparable: boolean): Reasoned {
  const here = summarise([...measured.values(row.id, metric).values()]);
  const { name } = metricFacts[metric];
  const cell = cellValue(published[metric]);
  if (cell === undefined) return notTestable(`The paper prints no ${name} for this row; here it is ${metricText(metric, here.mean)}.`);
  if (!comparable) return notTestable(`An absolute ${name} can be held against the paper's on COCO at the paper profile alone; here it is ${metricText(metric, here.mean)}.`);
  const hindered = obstacle(measured, [row.id], metric);
  if (hindered) return hindered;
  return agreement(metric, here, cell);
}

function agreement(metric: Metric, here: Summary, cell: number): Reasoned {
  const numbers = `${metricText(metric, here.mean)} here over ${here.values.length} seeds, ${metricText(metric, cell)} in the paper`;
  const [low, high] = here.interval!;
  if (Math.abs(here.mean - cell) <= sense(metric).noise) return { verdict: "reproduced in direction", why: `${numbers}: the same to what repeated runs differ by.` };
  if (low <= cell && cell <= high) return { verdict: "within noise", why: `${numbers}: the interval over seeds holds the paper's number.` };
  return { verdict: "contradicted", why: `${numbers}: further apart than noise explains.` };
}

/** A tested row's verdict: the direction of its difference beside the paper's. */
export function rowVerdict({ metric, difference, paperDifference: paper }: RowOutcome["known"], { p, adjusted, significant }: { p: number; adjusted: number; significant: boolean }): Reasoned {
  const { noise } = sense(metric);
  const { mean } = difference!;
  const here = significant && Math.abs(mean) >= noise ? Math.sign(mean) : 0;
  const direction = directionOf(paper, metric)!;
  const numbers = `${differenceWords(metric, difference!)} (${pText(p)}, ${pText(adjusted).replace("p = ", "").replace("p ", "")} corrected), ${rangeWords(paper!, (value) => differenceText(metric, value))} in the paper`;
  if (direction === 0) return besideNothing({ here, paper: paper!, numbers });
  if (here === 0) return { verdict: "within noise", why: `${numbers}: ${significant ? "less than repeated runs differ by" : notTold(p, "rows")}.` };
  if (here === direction) return { verdict: "reproduced in direction", why: `${numbers}: the same direction.` };
  return { verdict: "contradicted", why: `${numbers}: the other direction.` };
}

/** The paper itself shows less than repeated runs differ by: only a difference here, and not on its side, goes against it. */
function besideNothing({ here, paper, numbers }: { here: number; paper: readonly [number, number]; numbers: string }): Reasoned {
  if (here === 0) return { verdict: "within noise", why: `${numbers}: no difference beyond noise in either.` };
  if (here === Math.sign(paper[0]) && here === Math.sign(paper[1])) return { verdict: "reproduced in direction", why: `${numbers}: the same direction, though the paper's own is less than repeated runs differ by.` };
  return { verdict: "contradicted", why: `${numbers}: a difference where the paper has none beyond noise.` };
}
