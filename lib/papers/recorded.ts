import type { Item, Metric } from "./item.ts";
import { itemOf } from "./items/index.ts";
import { judge } from "./judge.ts";
import type { Judgement } from "./judgement.ts";
import type { JudgedResult } from "./row-result.ts";
import { profiles, type Profile } from "./sssd.ts";

/** A row's numbers in `results.json`. */
export interface RecordedRow {
  readonly id: string;
  /** Ascending. */
  readonly seeds: readonly number[];
  /** By metric a value for every seed, in the metric's unit; null where there is none. */
  readonly here: Readonly<Partial<Record<Metric, readonly (number | null)[]>>>;
  /** Folder of each seed's training, and of the one that taught it; null where there is none. */
  readonly runs: readonly (string | null)[];
  readonly teachers?: readonly (string | null)[];
  /** What went wrong, by seed. */
  readonly problems?: readonly (string | null)[];
  readonly [more: string]: unknown;
}

export interface RecordedItem {
  readonly id: string;
  /** Name of its data, where those are not what was scored on. */
  readonly data?: string;
  readonly rows: readonly RecordedRow[];
  readonly [more: string]: unknown;
}

/** `results.json` of a report site, as far as it is read again. */
export interface ResultsRecord {
  readonly format: 1;
  readonly profile: Profile;
  /** Whether absolute numbers mean the same as the papers'. */
  readonly coco: boolean;
  readonly data: { readonly name: string; readonly validation?: { readonly name: string } };
  readonly items: readonly RecordedItem[];
  readonly [more: string]: unknown;
}

/**
 * What `results.json` comes to by the rules of today: its numbers are judged anew, its own verdicts are not read.
 * @throws Error for another format, and for items or rows that this version does not have
 */
export function judgementsOf(record: ResultsRecord): Judgement[] {
  const { format, profile, data, coco, items } = record;
  if (format !== 1 || !profiles.includes(profile)) throw new Error(`results have format ${JSON.stringify(format)} and profile ${JSON.stringify(profile)}; this version reads format 1 of ${profiles.join(", ")}`);
  const name = data.validation?.name;
  return items.map(({ id, rows, data: own = name }) => {
    const item = itemOf(id);
    return judge(item, profile, rows.flatMap((row) => resultsOf(item, row)), { ...(own !== undefined && { data: own }), coco });
  });
}

function resultsOf(item: Item, { id, seeds, here, runs, teachers, problems }: RecordedRow): JudgedResult[] {
  const row = item.rows.find((one) => one.id === id);
  if (row === undefined) throw new Error(`${item.id} has no row ${JSON.stringify(id)}; it has ${item.rows.map((one) => one.id).join(", ")}`);
  const metrics = Object.entries(here) as [Metric, readonly (number | null)[]][];
  return seeds.map((seed, i) => {
    const [problem, folder, teacher] = [problems?.[i], runs[i], teachers?.[i]];
    const known = metrics.flatMap(([metric, values]) => (values[i] === null ? [] : [[metric, values[i]]]));
    return { row, seed, ...(problem == null ? { metrics: Object.fromEntries(known) as JudgedResult["metrics"] & object } : { problem }), ...(folder != null && { run: { folder, ...(teacher != null && { teacher }) } }) };
  });
}
