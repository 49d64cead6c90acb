import { join } from "node:path";
import { plotlyToSvg } from "../../kernel/display/index.ts";
import type { Dataset } from "../../lib/data/dataset.ts";
import { items } from "../../lib/papers/items/index.ts";
import { judge } from "../../lib/papers/judge.ts";
import { cocoImages } from "../../lib/papers/scale/published.ts";
import type { Judgement } from "../../lib/papers/judgement.ts";
import type { RowResult } from "../../lib/papers/row-result.ts";
import type { Study } from "../../lib/papers/study.ts";
import { loadedCode } from "../../lib/provenance/record.ts";
import { codeOf, readRun, trainedLooks, writeSite, type Cut, type SiteOptions } from "../../lib/report/site/index.ts";
import type { Site } from "./job.ts";

/** An item with what its trainings have left, on what and by what. */
export interface Answered extends Pick<Study, "item" | "train" | "environment"> {
  /** Absent where nothing was scored. */
  readonly validation?: Dataset;
  readonly results: readonly RowResult[];
}

async function answered(study: Study): Promise<Answered> {
  const { item, train, validation, environment } = study;
  return { item, train, validation, environment, results: await study.results() };
}

export interface ReportOptions extends Pick<Site, "profile" | "data" | "runs"> {
  /** Folder of the site. */
  readonly output: string;
  /** On the same data and device. */
  readonly studies: readonly Study[];
  /** Items whose trainings are of no study. */
  readonly beside: readonly Answered[];
  /** Executed notebooks' pages, by item. */
  readonly notebooks: Readonly<Record<string, string>>;
  readonly cut?: Cut;
  readonly signal?: AbortSignal;
}

const described = ({ name, images, hash }: Dataset) => ({ name, images: images.length, hash });

/**
 * Judges what the studies' runs have left, and writes the report site.
 * @returns its index
 * @throws the signal's reason once it is aborted
 */
export async function writeReport({ profile, data, runs, output, studies, beside, notebooks, cut, signal }: ReportOptions): Promise<{ readonly index: string; readonly judgements: readonly Judgement[] }> {
  const judged = [...(await Promise.all(studies.map(answered))), ...beside];
  const { environment, train } = judged[0];
  const coco = profile === "paper" && train.images.length === cocoImages.all;
  const results = Object.fromEntries(judged.map(({ item, results: own }) => [item.id, own]));
  const judgements = judged.map(({ item, results: own, validation, train: { name } }) => judge(item, profile, own, { data: (validation ?? { name }).name, coco }));
  const index = await writeSite({
    folder: output, profile, data, runs, items, judgements, results, notebooks, environment,
    differences: Object.fromEntries(studies.map(({ item, differences }) => [item.id, differences])),
    coco, ...(cut && { cut }), judgedBy: codeOf(await loadedCode()),
    draw: async (figure, size) => { signal?.throwIfAborted(); return plotlyToSvg(figure, size); },
    ...scored({ studies, runs }, signal),
    writtenAt: new Date(),
  });
  return { index, judgements };
}

/** What is shown of the data that detectors were scored on. */
function scored({ studies: [study], runs }: Pick<ReportOptions, "runs"> & { readonly studies: readonly (Study | undefined)[] }, signal: AbortSignal | undefined): Pick<SiteOptions, "datasets" | "looks"> {
  if (study === undefined) return {};
  const { train, validation } = study;
  const [looks, isWhole] = [trainedLooks({ runs, validation }), wholeRuns(runs)];
  return {
    datasets: { train: described(train), validation: described(validation) },
    looks: async (folder) => { signal?.throwIfAborted(); return isWhole(folder) ? looks(folder) : undefined; }, // its page says what is broken
  };
}

/** Whether every file of a run can be read; each is asked for once, however many pages show what it sees. */
function wholeRuns(runs: string): (folder: string) => boolean {
  const known = new Map<string, boolean>();
  return (folder) => {
    const whole = known.get(folder) ?? readRun(join(runs, folder)).broken.length === 0;
    known.set(folder, whole);
    return whole;
  };
}
