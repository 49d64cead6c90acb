import type { BackendInfo } from "../backend/info.ts";
import type { Dataset } from "../data/dataset.ts";
import type { Experiment } from "./experiment.ts";
import type { Item, ItemRow } from "./item.ts";
import type { PlannedRun } from "./plan.ts";
import type { RowResult, StudyState } from "./row-result.ts";
import type { Profile } from "./sssd.ts";

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
  /** Ids of rows; default, and where empty, all. What they are compared with comes along. */
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

export interface StudyRunOptions {
  /** Stop at the first training that fails, and throw its error. Default false: it is recorded, and the others go on. */
  readonly failFast?: boolean;
  /** Stops between two iterations; the same call goes on later. */
  readonly signal?: AbortSignal;
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
  readonly differences: readonly StudyDifference[];
  /**
   * What a row trains; undefined where it trains nothing.
   * @throws Error for a row that the study does not have
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
