import type { BackendInfo } from "../backend/info.ts";
import type { EntropyMeasure } from "../distill/index.ts";
import type { ItemRow, Metric } from "./item.ts";

/** A row's AP while it trains: box AP (mask AP where the item is of masks) in points on a few validation images. */
export interface CurvePoint {
  /** Iterations done. */
  readonly iteration: number;
  readonly AP: number;
  /** How many images were looked at; runs of older versions do not say it. */
  readonly images?: number;
}

/** The training behind a row's numbers. */
export interface RunRecord {
  /** Relative to the runs' folder, with `/`. */
  readonly folder: string;
  /** The experiment's name. */
  readonly experiment: string;
  readonly seed: number;
  readonly iterations: number;
  /** Spent in steps, over all sittings. */
  readonly seconds: number;
  /** Highest resident set of the process that finished it. */
  readonly peakMemoryBytes: number;
  readonly environment: BackendInfo;
  /** Empty where nobody looked while it trained. */
  readonly curve: readonly CurvePoint[];
  /** Folder of the run that taught it, relative to the runs' folder. */
  readonly teacher?: string;
}

/**
 * What a row came to at one seed: its metrics, or why there are none. Every row has one result per seed, but those without a
 * setting, which have none. Students of all seeds learn from one teacher.
 */
export interface RowResult {
  readonly row: ItemRow;
  readonly seed: number;
  readonly metrics?: Readonly<Partial<Record<Metric, number>>>;
  readonly problem?: string;
  readonly run?: RunRecord;
  /** Of a region, in bits, by what "richness" may mean; `metrics.entropy` is that of pixels. */
  readonly entropies?: Readonly<Partial<Record<EntropyMeasure, number>>>;
}

/** What judging reads of a result. */
export interface JudgedResult extends Pick<RowResult, "row" | "seed" | "metrics" | "problem"> {
  readonly run?: Pick<RunRecord, "folder" | "teacher">;
}

/** Where a study stands. */
export interface StudyState {
  /** Trainings that are over, failed ones too. */
  readonly done: number;
  readonly total: number;
  /** What runs, or has ended. */
  readonly label: string;
  /** Of the training that runs. */
  readonly iteration?: number;
  readonly iterations?: number;
  /** The process that trains what is waited for: "process 7 on host". */
  readonly waitsFor?: string;
  /** From the measured seconds of similar trainings; absent while there are none. */
  readonly secondsLeft?: number;
  /** What a training that has ended means to a row, where one shows it. */
  readonly result?: RowResult;
  /** Why a training has failed. */
  readonly problem?: string;
}
