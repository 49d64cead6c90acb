import { join } from "node:path";
import { plotlyToSvg } from "../../kernel/display/index.ts";
import type { Dataset } from "../../lib/data/dataset.ts";
import { items } from "../../lib/papers/items/index.ts";
import type { Item } from "../../lib/papers/item.ts";
import { judge } from "../../lib/papers/judge.ts";
import { cocoImages } from "../../lib/papers/scale/published.ts";
import type { Judgement } from "../../lib/papers/judgement.ts";
import type { Study } from "../../lib/papers/study.ts";
import { readRun, trainedLooks, writeSite, type Cut } from "../../lib/report/site/index.ts";
import type { Site } from "./job.ts";

export interface ReportOptions extends Pick<Site, "profile" | "data" | "runs"> {
  /** Folder of the site. */
  readonly output: string;
  readonly studies: readonly Study[];
  /** Items that are no table of rows, and whose notebook was executed. */
  readonly beside: readonly Item[];
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
  const results = Object.fromEntries(await Promise.all(studies.map(async (study) => [study.item.id, await study.results()] as const)));
  const judgements = [...studies.map(({ item }) => judge(item, profile, results[item.id], { data: validation.name, coco })), ...beside.map((item) => judge(item, profile, []))];
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
