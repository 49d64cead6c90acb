import { deviation, mean } from "../statistics/mean.ts";
import { studentInterval } from "../statistics/student.ts";
import type { Item, ItemRow, Metric } from "./item.ts";
import type { Summary } from "./judgement.ts";
import { isScore, metricFacts } from "./metrics.ts";
import { isPublishedRun } from "./published-run.ts";
import type { JudgedResult } from "./row-result.ts";
import { verdictLevels } from "./verdict-rules.ts";

/** What was measured of an item's rows, by row, metric and seed. */
export interface Measurements {
  readonly item: Item;
  /** Throws Error for a row that the item does not have. */
  readonly row: (id: string) => ItemRow;
  /** Finite values by ascending seed. */
  readonly values: (id: string, metric: Metric) => ReadonlyMap<number, number>;
  /** Whether the metric was measured, but there is nothing that it could be measured on (COCO's −1, or left out beside an AP). */
  readonly empty: (id: string, metric: Metric) => boolean;
  /** Why there are no numbers, of the first seed that says so. */
  readonly problem: (id: string) => string | undefined;
  /** Whether it is a detector as it was published, which is one whatever the seeds. */
  readonly published: (id: string) => boolean;
  /** AP of the run that taught a row, by the row's teacher: of the run that its results name, or the mean of the teacher's seeds. */
  readonly teacherAP: (id: string, teacher: string) => number | undefined;
  /**
   * Values of some rows at the seeds that all of them have, by row. A teacher that was trained once counts at every seed; so does,
   * beside those that it taught, the one that taught them.
   */
  readonly paired: (ids: readonly string[], metric: Metric) => Paired;
}

export interface Paired {
  readonly seeds: readonly number[];
  /** [row][seed]. */
  readonly values: readonly (readonly number[])[];
}

/** @throws Error for results of a row that the item does not have, and for two results of one row and seed */
export function measurementsOf(item: Item, results: readonly JudgedResult[]): Measurements {
  const byRow = new Map(item.rows.map((row) => [row.id, new Map<number, JudgedResult>()]));
  for (const result of results) {
    const seeds = byRow.get(result.row.id);
    if (seeds === undefined) throw new Error(`a result is of the row "${result.row.id}"; ${item.id} has ${[...byRow.keys()].join(", ")}`);
    if (seeds.has(result.seed)) throw new Error(`${item.id}: the row "${result.row.id}" has two results of seed ${result.seed}; one is allowed`);
    seeds.set(result.seed, result);
  }
  const row = (id: string) => {
    const found = item.rows.find((candidate) => candidate.id === id);
    if (found === undefined) throw new Error(`${item.id} has no row "${id}"; it has ${[...byRow.keys()].join(", ")}`);
    return found;
  };
  const resultsOf = (id: string) => [...byRow.get(row(id).id)!.values()].sort((a, b) => a.seed - b.seed);
  const values = (id: string, metric: Metric) => new Map(resultsOf(id).flatMap(({ seed, metrics }) => (usable(metric, metrics?.[metric]) ? [[seed, metrics![metric]!] as const] : [])));
  return {
    item, row, values,
    empty: (id, metric) => resultsOf(id).some(({ metrics }) => isEmpty(metric, metrics?.[metric]) || isLeftOut(metric, metrics)),
    problem: (id) => resultsOf(id).map(problemOf).find((problem) => problem !== undefined),
    published: (id) => resultsOf(id).some(({ run }) => run !== undefined && isPublishedRun(run.folder)),
    teacherAP: (id, teacher) => teacherAP(resultsOf(id), resultsOf(teacher)),
    paired: (ids, metric) => pair(ids.map((id) => {
      const taught = row(id).role === "teacher" ? teaching(resultsOf(id), ids.flatMap((other) => (other === id ? [] : resultsOf(other)))) : [];
      if (taught.length !== 1) return { values: values(id, metric), once: isOnce(row(id), resultsOf(id)) };
      return { values: new Map([...values(id, metric)].filter(([seed]) => seed === taught[0].seed)), once: true };
    })),
  };
}

const isEmpty = (metric: Metric, value: number | undefined) => metricFacts[metric].precision && value === -1;
/** Scores leave out what the images cannot tell. */
const isLeftOut = (metric: Metric, metrics: JudgedResult["metrics"]) => isScore(metric) && Number.isFinite(metrics?.AP) && metrics![metric] === undefined;
const usable = (metric: Metric, value: number | undefined) => value !== undefined && Number.isFinite(value) && !isEmpty(metric, value);

/** Those of a row's results whose runs taught some others. */
function teaching(teachers: readonly JudgedResult[], students: readonly JudgedResult[]): readonly JudgedResult[] {
  const folders = new Set(students.flatMap(({ run }) => run?.teacher ?? []));
  return teachers.filter(({ run }) => run !== undefined && folders.has(run.folder));
}

function teacherAP(students: readonly JudgedResult[], teachers: readonly JudgedResult[]): number | undefined {
  const named = teaching(teachers, students);
  const APs = (named.length > 0 ? named : teachers).flatMap(({ metrics }) => (usable("AP", metrics?.AP) ? [metrics!.AP!] : []));
  return APs.length === 0 ? undefined : mean(APs);
}

/** A teacher of which one seed was trained. */
const isOnce = ({ role }: ItemRow, results: readonly JudgedResult[]) => role === "teacher" && results.length === 1;

function problemOf({ seed, problem, metrics }: JudgedResult): string | undefined {
  if (problem !== undefined) return `seed ${seed}: ${problem}`;
  const broken = Object.entries(metrics ?? {}).find(([, value]) => !Number.isFinite(value));
  return broken && `seed ${seed}: ${broken[0]} is ${broken[1]}`;
}

interface Column {
  readonly values: ReadonlyMap<number, number>;
  readonly once: boolean;
}

function pair(columns: readonly Column[]): Paired {
  const several = columns.filter(({ once }) => !once);
  const leading = several.length === 0 ? columns : several;
  const seeds = [...(leading[0]?.values.keys() ?? [])].filter((seed) => leading.every(({ values }) => values.has(seed)));
  if (columns.some(({ values }) => values.size === 0)) return { seeds: [], values: columns.map(() => []) };
  const one = ({ values }: Column) => [...values.values()][0];
  return { seeds, values: columns.map((column) => seeds.map((seed) => (column.once && several.length > 0 ? one(column) : column.values.get(seed)!))) };
}

/** Mean, deviation and interval of values in the order of their seeds. */
export function summarise(values: readonly number[]): Summary {
  const interval = studentInterval(values, 1 - verdictLevels.alpha);
  return { values, mean: mean(values), ...(values.length > 1 && { deviation: deviation(values) }), ...(interval && { interval }) };
}

/** a − b at each seed. */
export function differences(a: readonly number[], b: readonly number[]): number[] {
  return a.map((value, i) => value - b[i]);
}
