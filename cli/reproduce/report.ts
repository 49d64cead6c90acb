import { join } from "node:path";
import { plotlyToSvg } from "../../kernel/display/index.ts";
import type { Dataset } from "../../lib/data/dataset.ts";
import { items } from "../../lib/papers/items/index.ts";
import type { Item } from "../../lib/papers/item.ts";
import { judge } from "../../lib/papers/judge.ts";
import { cocoImages } from "../../lib/papers/scale/published.ts";
import type { Judgement } from "../../lib/papers/judgement.ts";
import type { RowResult } from "../../lib/papers/row-result.ts";
import type { Study } from "../../lib/papers/study.ts";
import { readRun, trainedLooks, writeSite, type Cut } from "../../lib/report/site/index.ts";
import type { Site } from "./job.ts";

/** An item with what its trainings have left, and the name of the data that it is about. */
export interface Answered {
  readonly item: Item;
  readonly results: readonly RowResult[];
  readonly data: string;
}

export interface ReportOptions extends Pick<Site, "profile" | "data" | "runs"> {
  /** Folder of the site. */
  readonly output: string;
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
  const [{ environment, validation, train }] = studies;
  const coco = profile === "paper" && train.images.length === cocoImages.all;
  const judged = [...(await Promise.all(studies.map(async (study): Promise<Answered> => ({ item: study.item, results: await study.results(), data: validation.name })))), ...beside];
  const results = Object.fromEntries(judged.map(({ item, results: own }) => [item.id, own]));
  const judgements = judged.map(({ item, results: own, data: of }) => judge(item, profile, own, { data: of, coco }));
  const looks = trainedLooks({ runs, validation });
  const isWhole = wholeRuns(runs);
  const index = await writeSite({
    folder: output, profile, data, runs, items, judgements, results, notebooks, environment,
    differences: Object.fromEntries(studies.map(({ item, differences }) => [item.id, differences])),
    coco, ...(cut && { cut }),
    datasets: { train: described(train), validation: described(validation) },
    draw: async (figure, size) => { signal?.throwIfAborted(); return plotlyToSvg(figure, size); },
    looks: async (folder) => { signal?.throwIfAborted(); return isWhole(folder) ? looks(folder) : undefined; }, // its page says what is broken
    writtenAt: new Date(),
  });
  return { index, judgements };
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
