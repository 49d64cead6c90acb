import type { BackendInfo } from "../../backend/info.ts";
import type { Item } from "../../papers/item.ts";
import type { Judgement } from "../../papers/judgement.ts";
import type { Profile } from "../../papers/sssd.ts";
import type { CurvePoint, RowResult, RunRecord } from "../../papers/row-result.ts";
import type { StudyDifference } from "../../papers/study.ts";
import type { RunResult } from "../../train/run.ts";
import type { Step } from "../../train/step.ts";
import type { Figure } from "../figures.ts";
import type { Look } from "../look.ts";

export interface SiteOptions {
  /** Where the site goes; made if absent. Files of an earlier site that this one lacks are removed, others stay. */
  readonly folder: string;
  readonly profile: Profile;
  /** A COCO folder, of which the last part is shown, or `synthetic`. */
  readonly data: string;
  /** Everything that can be reproduced, in the order of the index; what has no judgement is listed as not run. */
  readonly items: readonly Item[];
  readonly judgements: readonly Judgement[];
  /** By item. */
  readonly results: Readonly<Record<string, readonly RowResult[]>>;
  /** By item. */
  readonly differences?: Readonly<Record<string, readonly StudyDifference[]>>;
  /** HTML of the executed notebooks, by item: files that are copied into the site, or lie in it. */
  readonly notebooks: Readonly<Record<string, string>>;
  /** The folder that `RunRecord.folder` is relative to. */
  readonly runs: string;
  readonly environment: BackendInfo;
  /** What was trained and scored on, for `results.json`. */
  readonly datasets?: { readonly train: SiteDataset; readonly validation: SiteDataset };
  /** Whether the data are the papers' own, so that absolute numbers mean the same. */
  readonly coco?: boolean;
  /** The code that judges, for `results.json`. */
  readonly judgedBy?: TrainedBy;
  /** What was asked for of less than everything; it is told on every page. */
  readonly cut?: Cut;
  /** Draws a figure as SVG without a browser, for print and for pages without scripts. */
  readonly draw: DrawFigure;
  /** What the detector that a run left sees in some validation images; undefined where it left none. */
  readonly looks?: (folder: string) => Promise<readonly Look[] | undefined>;
  /** Shown on every page. */
  readonly writtenAt?: Date;
}

export interface Cut {
  /** Iterations of the papers' 2x schedule, in place of the profile's. */
  readonly iterations?: number;
  /** Ids of rows. */
  readonly rows?: readonly string[];
}

/** A dataset's name, number of images and SHA-256. */
export interface SiteDataset {
  readonly name: string;
  readonly images: number;
  readonly hash: string;
}

export type DrawFigure = (figure: Figure, size: { readonly width: number; readonly height: number }) => Promise<string>;

/** An item with what became of it. */
export interface SiteItem {
  readonly item: Item;
  readonly judgement: Judgement;
  readonly results: readonly RowResult[];
  readonly differences: readonly StudyDifference[];
  /** The executed notebook's page, from the site's folder. */
  readonly notebook?: string;
  /** Nobody asked for it: its judgement only says so. */
  readonly asked: boolean;
}

/** A training with a page of its own. */
export interface SiteRun {
  /** Below the folder of runs. */
  readonly folder: string;
  readonly experiment: string;
  readonly seed: number;
  /** Absent of teachers and encoders that are no row of their own. */
  readonly record?: RunRecord;
  /** Rows that it answers, with their scores. */
  readonly answers: readonly { readonly item: Item; readonly result: RowResult }[];
  /** Folder of the teacher or encoder that it learnt from. */
  readonly teacher?: string;
  /** Folder of the same student's training alone, with the same seed. */
  readonly alone?: string;
  /** Folders of the trainings that learnt from it. */
  readonly pupils: readonly string[];
}

/** What a run's folder holds. */
export interface RunFiles {
  readonly steps: readonly Step[];
  readonly config?: unknown;
  readonly result?: RunResult;
  /** Of boxes. */
  readonly curve: readonly CurvePoint[];
  readonly names: readonly string[];
  /** Which of its files cannot be read, and what can be done. */
  readonly broken: readonly string[];
}

/** Code that trained a run. */
export interface TrainedBy {
  /** Of code that git keeps: 40 hex digits. */
  readonly commit?: string;
  /** SHA-256 of the patch with which it differed from the commit. */
  readonly patch?: string;
  /** Files that git did not keep, and changed ones that the patch leaves out. */
  readonly besides?: number;
  /** Of an installed package: over its code files. */
  readonly sha256?: string;
}

/** What every page is made from. */
export interface Site extends Pick<SiteOptions, "profile" | "data" | "datasets" | "coco" | "cut" | "judgedBy" | "environment" | "looks" | "writtenAt"> {
  /** Those of the rows; a teacher has its own. */
  readonly seeds: readonly number[];
  readonly items: readonly SiteItem[];
  readonly runs: readonly SiteRun[];
  /** The code that trained the runs, each once. */
  readonly code: readonly TrainedBy[];
  /** A run's files. */
  read(run: Pick<SiteRun, "folder">): RunFiles;
  /** Draws a figure into a file of the site. */
  still(still: Still): Promise<void>;
}

export interface Still {
  /** From the site's folder. */
  readonly path: string;
  readonly figure: Figure;
  readonly width: number;
  readonly height: number;
  /** It shows measured times or memory. */
  readonly measured: boolean;
}

/** A page of the site. */
export interface SitePage {
  /** From the site's folder. */
  readonly path: string;
  readonly html: string;
}
