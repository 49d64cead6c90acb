import type { BackendInfo } from "../backend/info.ts";
import { loadBackend } from "../backend/load.ts";
import type { Dataset } from "../data/dataset.ts";
import type { Transforms } from "../data/transforms.ts";
import { isTrained, publishedSeed, type Experiment } from "./experiment.ts";
import type { Item, ItemRow, Setting } from "./item.ts";
import { itemOf } from "./items/index.ts";
import { outcomesOf, rowResult } from "./outcome.ts";
import type { Workplace } from "./perform.ts";
import { lineOf, planOf, runId, type PlannedRun, type Request } from "./plan.ts";
import type { RowResult, StudyState } from "./row-result.ts";
import { runStudy, type StudyRunOptions } from "./run-study.ts";
import { teacherRow } from "./testable.ts";
import { checkIterations, differences, experimentFor, openProfileData, testTransforms } from "./scale/index.ts";
import type { Profile } from "./sssd.ts";

export type { StudyRunOptions } from "./run-study.ts";

export interface StudyOptions {
  readonly profile: Profile;
  /** A COCO-format folder, or `synthetic`. */
  readonly data: string;
  /** Repetitions, each with the next seed. Default 1. */
  readonly seeds?: number;
  /** The first. Default 0. */
  readonly seed?: number;
  /** Folder of all runs. Default `runs`. */
  readonly runs?: string;
  readonly requireGpu?: boolean;
  /** Of the papers' 2x in place of the small profile's, the other schedules in proportion; default, and where 0, the profile's. */
  readonly iterations?: number;
  /** Ids of rows; default, and where empty, all. What they are compared with and whom they learn from comes along. */
  readonly rows?: readonly string[];
}

/** What a profile does otherwise than the paper. */
export interface StudyDifference {
  readonly what: string;
  readonly paper: string;
  readonly here: string;
  /** Labels of the rows that it holds for; absent where it holds for all. */
  readonly rows?: readonly string[];
}

/** An item in one profile on one dataset: what would be trained, and what has come of it. Every run of it is kept. */
export interface Study {
  readonly item: Item;
  readonly profile: Profile;
  /** Every seed that rows are trained with. */
  readonly seeds: readonly number[];
  readonly environment: BackendInfo;
  readonly train: Dataset;
  readonly validation: Dataset;
  /** Folder of all runs, as given. */
  readonly runs: string;
  /** Trainings in the order in which they can be done. */
  readonly planned: readonly PlannedRun[];
  /** How many those are. */
  readonly total: number;
  /** Rows that cannot be trained in this profile or on these data, and why. */
  readonly refused: readonly { readonly row: string; readonly problem: string }[];
  readonly differences: readonly StudyDifference[];
  /**
   * What a row trains; undefined where it trains nothing.
   * @throws Error for a row that the study does not have, or cannot train
   */
  experimentOf(row: string | ItemRow): Experiment | undefined;
  /**
   * Trains and measures what is not there yet. Leaving the loop early keeps everything that can be continued.
   * @throws the error of a failed training where `failFast` asks for it; an interrupt in any case
   */
  run(options?: StudyRunOptions): AsyncGenerator<StudyState, void>;
  /** What is there, by row and seed, in the item's order; nothing is trained. */
  results(): Promise<readonly RowResult[]>;
}

/** What a study is made of, once its data and device are open. */
export interface StudyParts {
  readonly item: Item;
  readonly profile: Profile;
  readonly seeds: readonly number[];
  readonly environment: BackendInfo;
  readonly place: Workplace;
  /** Ids of rows; where empty, all. */
  readonly rows: readonly string[];
  /** @throws Error for a setting that the profile cannot train, by name */
  readonly experimentFor: (setting: Setting, role: ItemRow["role"]) => Experiment;
  /** How images are prepared when a setting's detector is scored. */
  readonly transformsFor: (setting: Setting) => Transforms;
  readonly differences: (setting: Setting) => readonly Omit<StudyDifference, "rows">[];
}

/**
 * Opens the data and TensorFlow; trains nothing yet.
 * @param id `<paper>/<item>`
 * @throws Error for an item, row or seed that is none, and when a GPU is required and absent; DatasetError for unusable data
 */
export async function openStudy(id: string, options: StudyOptions): Promise<Study> {
  return (await openStudies([itemOf(id)], options))[0];
}

/**
 * Several items on the same data, which are opened once.
 * @throws as `openStudy`
 */
export async function openStudies(items: readonly Item[], options: StudyOptions): Promise<Study[]> {
  seedList(options); // said before the data are read
  return studiesOf(items, options, await openProfileData(options.profile, options.data));
}

/** Nobody's data: enough to tell what the paper profile would train, which does not depend on them. */
const noData: Dataset = {
  name: "no data", hash: "", categories: [], images: [],
  annotations: () => [],
  pixels: async () => Promise.reject(new Error("there are no data to train on: these studies only tell what would be trained")),
};

/** The paper profile's studies for those who have not its data: to be looked at, not to be run. */
export async function openStudiesWithoutData(items: readonly Item[], options: StudyOptions): Promise<Study[]> {
  return studiesOf(items, options, { train: noData, validation: noData });
}

async function studiesOf(items: readonly Item[], options: StudyOptions, { train, validation }: Pick<Workplace, "train" | "validation">): Promise<Study[]> {
  const { profile, runs = "runs", requireGpu = false, rows = [] } = options;
  const iterations = options.iterations || undefined;
  checkIterations(profile, iterations);
  const environment = await loadBackend({ requireGpu });
  return items.map((item) => studyOf({
    item, profile, seeds: seedList(options), environment, rows,
    place: { train, validation, runs, requireGpu },
    experimentFor: (setting, role) => experimentFor(setting, { profile, train, role, ...(iterations !== undefined && { iterations }) }),
    transformsFor: (setting) => testTransforms(setting, profile),
    differences: (setting) => differences(setting, profile, iterations),
  }));
}

/** @throws RangeError for seeds that are no whole numbers */
function seedList({ seed: first = 0, seeds: count = 1 }: Pick<StudyOptions, "seed" | "seeds">): number[] {
  if (!Number.isSafeInteger(first) || first < 0) throw new RangeError(`seed is ${first}; it must be a whole number from 0`);
  if (!Number.isSafeInteger(count) || count < 1 || count > 1000) throw new RangeError(`seeds is ${count}; it must be a whole number from 1 to 1000`);
  return Array.from({ length: count }, (_, i) => first + i);
}

/** What a row trains, or why the profile cannot. */
type Trained = Pick<Request, "experiment" | "transforms"> | { readonly problem: string };

/** A study of opened data. */
export function studyOf(parts: StudyParts): Study {
  const { item, profile, seeds, environment, place } = parts;
  const rows = chosenRows(item, parts.rows);
  const trained = new Map(rows.flatMap((row) => (row.setting === undefined ? [] : [[row.id, trainedBy(row, parts)] as const])));
  const own = rows.flatMap((row) => (trained.has(row.id) ? seedsOf(trained.get(row.id)!, seeds).map((seed) => ({ item, row, seed, ...trained.get(row.id)! })) : []));
  const asked = [...own, ...teachersOf(own, rows).map(({ row, seed }) => ({ item, row, seed, ...trainedBy(row, parts) }))];
  const requests = asked.filter((one) => !("problem" in one)) as Request[];
  const refused = rows.flatMap((row) => { const one = trained.get(row.id); return one !== undefined && "problem" in one ? [{ row: row.id, problem: one.problem }] : []; });
  const planned = planOf(requests, place.train.hash);
  const runOf = ({ experiment, seed }: Request) => planned.find(({ id }) => id === runId(experiment, seed, place.train.hash))!;
  const resultsOf = async (runs: readonly PlannedRun[], wanted: typeof asked): Promise<RowResult[]> => {
    const outcomes = await outcomesOf(runs, place);
    return wanted.map((one) => ("problem" in one ? { row: one.row, seed: one.seed, problem: one.problem } : rowResult(one, runOf(one), { outcomes, place })));
  };
  return {
    item, profile, seeds, environment, planned, refused,
    train: place.train, validation: place.validation, runs: place.runs, total: planned.length,
    differences: differencesOf(rows, parts),
    experimentOf: (row) => experimentIn(trained, rowOf(rows, typeof row === "string" ? row : row.id, item)),
    run: (options) => runStudy({ planned, refused, place, label: item.id, resultsOf: (run) => resultsOf(lineOf(run, planned), requests.filter((request) => runOf(request).id === run.id)) }, options),
    results: () => resultsOf(planned, asked),
  };
}

/** Rows of teachers that were not asked for, at the seeds at which they teach: without them nobody knows whether there was anything to learn. */
function teachersOf(asked: readonly ({ readonly item: Item; readonly row: ItemRow } & Trained)[], chosen: readonly ItemRow[]): { readonly row: ItemRow; readonly seed: number }[] {
  const found = asked.flatMap((one) => {
    const run = "problem" in one ? undefined : one.experiment.teacher?.run;
    const row = teacherRow(one.item.rows, one.row);
    return typeof run !== "object" || row === undefined || chosen.includes(row) ? [] : [{ row, seed: run.seed ?? 0 }];
  });
  return [...new Map(found.map((one) => [`${one.row.id}/${one.seed}`, one])).values()];
}

/** What is published is the same at every seed. */
function seedsOf(one: Trained, seeds: readonly number[]): readonly number[] {
  return "problem" in one || isTrained(one.experiment) ? seeds : [publishedSeed];
}

/** Of a row with a setting. */
function trainedBy({ setting, role }: ItemRow, { experimentFor: make, transformsFor }: StudyParts): Trained {
  try {
    return { experiment: make(setting!, role), transforms: transformsFor(setting!) };
  } catch (error) {
    return { problem: (error as Error).message };
  }
}

function experimentIn(trained: ReadonlyMap<string, Trained>, { id }: ItemRow): Experiment | undefined {
  const one = trained.get(id);
  if (one !== undefined && "problem" in one) throw new Error(`${id}: ${one.problem}`);
  return one?.experiment;
}

function rowOf(rows: readonly ItemRow[], id: string, item: Item): ItemRow {
  const row = rows.find((one) => one.id === id);
  if (row === undefined) throw new Error(`${item.id} has no row "${id}"; it has ${rows.map((one) => one.id).join(", ")}`);
  return row;
}

/** The rows that are asked for and, for each, what it is compared with; in the item's order. */
function chosenRows(item: Item, ids: readonly string[]): readonly ItemRow[] {
  if (ids.length === 0) return item.rows;
  const wanted = new Set<string>();
  const take = (id: string): void => {
    const { against } = rowOf(item.rows, id, item);
    if (!wanted.has(id)) { wanted.add(id); if (against !== undefined) take(against); }
  };
  for (const id of ids) take(id);
  return item.rows.filter(({ id }) => wanted.has(id));
}

/** Each difference once, with the rows that it holds for. */
function differencesOf(rows: readonly ItemRow[], parts: StudyParts): StudyDifference[] {
  const settings = rows.flatMap(({ label, setting }) => (setting === undefined ? [] : [{ label, list: parts.differences(setting) }]));
  const key = ({ what, paper, here }: Omit<StudyDifference, "rows">) => JSON.stringify([what, paper, here]);
  const unique = new Map(settings.flatMap(({ list }) => list.map((one) => [key(one), one] as const)));
  return [...unique].map(([own, { what, paper, here }]) => {
    const labels = settings.filter(({ list }) => list.some((one) => key(one) === own)).map(({ label }) => label);
    return { what, paper, here, ...(labels.length < settings.length && { rows: labels }) };
  });
}
