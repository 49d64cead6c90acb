import type { BackendInfo } from "../../lib/backend/info.ts";
import { isSearched, plannedSearch, type SearchPlanOptions } from "../../lib/calibrate/planned-search.ts";
import type { Dataset } from "../../lib/data/dataset.ts";
import { openCocoFolder } from "../../lib/data/coco-folder.ts";
import { plan, type Transforms } from "../../lib/data/transforms.ts";
import { detectorTitle } from "../../lib/papers/detectors.ts";
import { dryRunOf, type DryRun, type DryRunOptions, type EstimatedSearch, type NeededWeights, type PlannedTraining, type StepTime } from "../../lib/papers/dry-run.ts";
import { isTrained, type Experiment } from "../../lib/papers/experiment.ts";
import type { Item } from "../../lib/papers/item.ts";
import { measurable, measureStep } from "../../lib/papers/measure-step.ts";
import { learningRateRule } from "../../lib/papers/preflight.ts";
import { cocoImages } from "../../lib/papers/scale/published.ts";
import { openStudies, openStudiesWithoutData, type Study, type StudyOptions } from "../../lib/papers/study.ts";
import type { MethodSpec } from "../../lib/papers/method.ts";

export type { StepTime } from "../../lib/papers/dry-run.ts";

/** `iterations`, `tolerance` and `interval` are the search's, too. */
export interface DryRunFlags extends StudyOptions, Pick<SearchPlanOptions, "tolerance" | "interval"> {
  readonly stepSeconds?: StepTime;
  /** A step is measured on this device: of so many images, or as many as it takes. */
  readonly measureStep?: number | true;
  readonly json: boolean;
}

/** COCO 2017 as published; the MD5 sums are those that copies of its archives are checked by. */
const coco = {
  name: "COCO 2017",
  archives: { "train2017.zip": "cced6f7f71b7629ddf16f17bbcfab6b2", "val2017.zip": "442b8da7639aecaf257c1dceb8ba8c80", "annotations_trainval2017.zip": "f4bbac642086de4f52a3fdda2de5fa2c" },
  images: { train: cocoImages.all, validation: 5_000 },
} as const;

/** What the data of the plan are, and what is wrong with them. */
interface DataReport {
  readonly train: { readonly name: string; readonly images: number; readonly hash: string } | undefined;
  readonly validation: { readonly name: string; readonly images: number; readonly hash: string } | undefined;
  /** For the paper profile. */
  readonly wanted?: typeof coco;
  /** Why there are none, or that they are not the profile's. */
  readonly problem?: string;
}

export interface DryRunReport extends DryRun {
  readonly profile: string;
  readonly seeds: number;
  readonly data: DataReport;
  /** What stands in the way, by name. */
  readonly missing: readonly string[];
}

/**
 * What `reproduce` would do, for a person or as JSON. Nothing is fetched or written, and nothing trained but a few steps in
 * memory where `measureStep` asks for them.
 * @throws as `openStudies`, but where the paper profile's data are missing: that is told with the rest; as `measureStep`
 */
export async function dryRun(items: readonly Item[], flags: DryRunFlags): Promise<{ readonly text: string; readonly missing: readonly string[] }> {
  const report = await reportOf(items, flags);
  return { text: flags.json ? `${JSON.stringify(report, null, 2)}\n` : textOf(report), missing: report.missing };
}

/** @throws Error (when it is asked) without a training that can be measured */
function measuredBy({ stepSeconds, measureStep: images }: DryRunFlags, environment: BackendInfo): DryRunOptions["measured"] {
  if (images === undefined) return stepSeconds;
  return async (experiments) => {
    const chosen = measurable(experiments);
    if (chosen === undefined) throw new Error("none of these trainings can be measured without photographs: they learn from masks, or train nothing. Name another item");
    process.stderr.write(`measuring a step of the student of ${chosen.name} …\n`);
    return measureStep(chosen, { environment, ...(images !== true && { images }), onStep: (seconds, done, total) => process.stderr.write(`step ${done} of ${total}: ${seconds.toFixed(2)} s\n`) });
  };
}

async function reportOf(items: readonly Item[], flags: DryRunFlags): Promise<DryRunReport> {
  const { profile, data, seeds = 1 } = flags;
  const problem = profile === "paper" ? await dataProblem(data) : undefined;
  const studies = await studiesOf(items, flags, problem === undefined ? openStudies : openStudiesWithoutData);
  const [{ train, validation, environment }] = studies;
  const searches = await Promise.all(items.filter(isSearched).map((item) => plannedSearch(item, { ...flags, longEdge: longEdge(train), drawn: problem === undefined && data === "synthetic" })));
  const measured = measuredBy(flags, environment);
  const run = await dryRunOf({ studies, searches, opened: problem === undefined, ...(measured && { measured }) });
  const shown = ({ name, images, hash }: Dataset) => ({ name, images: images.length, hash });
  const wrong = problem ?? (profile === "paper" ? notTheirs({ train, validation }) : undefined);
  const there = problem === undefined ? { train: shown(train), validation: shown(validation) } : { train: undefined, validation: undefined };
  const report: DataReport = { ...there, ...(wrong !== undefined && { problem: wrong }) };
  const missing = [...(wrong === undefined ? [] : [`the data: ${wrong}`]), ...run.refused.map(({ row, why }) => `${row}: ${why}`)];
  return { profile, seeds, data: { ...report, ...(profile === "paper" && { wanted: coco }) }, ...run, missing };
}

/** Of what is planned; of a search alone, for its data. */
async function studiesOf(items: readonly Item[], flags: DryRunFlags, open: typeof openStudies): Promise<Study[]> {
  const planned = items.filter((item) => !isSearched(item));
  return planned.length > 0 ? open(planned, flags) : open(items, { ...flags, rows: [], iterations: 0 }); // it trains iterations of its own
}

function longEdge({ images }: Dataset): number {
  return images.reduce((edge, { width, height }) => Math.max(edge, width, height), 0);
}

/** Why there is nothing to train the paper profile on. */
async function dataProblem(data: string): Promise<string | undefined> {
  if (data === "synthetic") return "the paper profile trains on COCO 2017; give its folder: --data FOLDER, with train2017, val2017 and annotations";
  try {
    await openCocoFolder(data);
    return undefined;
  } catch (error) {
    return (error as Error).message;
  }
}

/** How data differ from those that the paper profile is for. */
function notTheirs({ train, validation }: Readonly<Record<"train" | "validation", Dataset>>): string | undefined {
  const { name, images } = coco;
  if (train.images.length === images.train && validation.images.length === images.validation) return undefined;
  return `NOT the paper's: ${number(train.images.length)} images to train on instead of ${name}'s ${number(images.train)}, and ${number(validation.images.length)} to score on instead of ${number(images.validation)}; what is trained on them is compared with no number of the paper. Give the folder of ${name}: --data FOLDER`;
}

function textOf(report: DryRunReport): string {
  const { trainings, searches, weights, notRun, refused, assumption, missing, device } = report;
  return [
    headline(report),
    ...dataLines(report.data),
    ...section("Trainings, in order", bySeeds(trainings).map((one) => trainingText(one, device))),
    ...section("Searched, not planned", searches.map((one) => searchText(one, device))),
    ...section("Weights", weights.map(weightsText)),
    ...section("Not trained on purpose", notRun.map(({ row, why }) => `${row}: ${why}`)),
    ...section("Refused", refused.map(({ row, why }) => `${row}: ${why}`)),
    ...(assumption === undefined ? [] : ["", `${assumption}.`]),
    "", missing.length === 0 ? "Nothing is missing." : `Missing:\n${missing.map((one) => `  ${one}`).join("\n")}`, "",
  ].join("\n");
}

function headline({ trainings, searches, profile, seeds, device }: DryRunReport): string {
  const published = trainings.filter(({ experiment }) => !isTrained(experiment));
  const trained = trainings.filter(({ experiment }) => isTrained(experiment));
  const finished = (list: readonly PlannedTraining[]) => list.filter(({ done }) => done).length;
  const steps = trained.reduce((sum, one) => sum + one.steps, 0);
  const hours = trained.reduce((sum, { hours: own = 0 }) => sum + own, 0);
  const parts = [
    ...(trained.length > 0 || searches.length === 0 ? [`${count(trained.length, "training")} (${finished(trained)} done), ${number(steps)} steps${hours > 0 ? `, about ${number(hours)} ${device} hours` : ""}`] : []),
    ...(published.length > 0 ? [`${count(published.length, "published detector")} (${finished(published)} scored)`] : []),
    ...searches.map((search) => `a search of ${mostOf(search, device)}`),
  ];
  return `${profile} profile, ${count(seeds, "seed")}: ${parts.join("; ")}`;
}

const count = (value: number, what: string) => `${number(value)} ${what}${value === 1 ? "" : "s"}`;
const number = (value: number) => Math.round(value).toLocaleString("en");
const section = (title: string, lines: readonly string[]) => (lines.length === 0 ? [] : ["", title, ...lines.map((line) => `  ${line}`)]);

function dataLines({ train, validation, wanted, problem }: DataReport): string[] {
  const line = (what: string, one: DataReport["train"]) => (one === undefined ? [] : [`  ${what}  ${one.name}: ${number(one.images)} images, SHA-256 ${one.hash.slice(0, 16)}…`]);
  const archives = wanted === undefined ? [] : [`  the paper's  ${wanted.name}: ${number(wanted.images.train)} + ${number(wanted.images.validation)} images; MD5 of ${Object.entries(wanted.archives).map(([name, md5]) => `${name} ${md5}`).join(", ")}`];
  return ["", "Data", ...line("trained on", train), ...line("scored on ", validation), ...archives, ...(problem === undefined ? [] : [`  MISSING  ${problem}`])];
}

const resized = ({ resize }: Transforms) => resize !== undefined && resize.kind !== "none";

/** Trainings that differ in their seed alone. */
function bySeeds(trainings: readonly PlannedTraining[]): PlannedTraining[][] {
  const groups = new Map<string, PlannedTraining[]>();
  for (const one of trainings) {
    const key = [one.folder, ...one.after].join("\n");
    groups.set(key, [...(groups.get(key) ?? []), one]);
  }
  return [...groups.values()];
}

function trainingText(seeds: readonly PlannedTraining[], device: string | undefined): string {
  const { label, folder, experiment, rows, after, weights, steps, multiplyAdds, hours } = seeds[0];
  const done = seeds.filter((one) => one.done).length;
  const title = seeds.length === 1 ? label : label.replace(/, seed \d+$/, `, seeds ${seeds.map(({ seed }) => seed).join(", ")}`);
  const { method } = experiment;
  return [
    `${done === seeds.length ? "done  " : "      "}${title} → ${folder}${done > 0 && done < seeds.length ? ` (${done} of ${seeds.length} done)` : ""}`,
    ...(rows.length > 1 ? [`for ${rows.join(", ")}`] : []),
    ...settingLines(experiment),
    ...(method === undefined ? [] : [`method ${methodText(method)}`]),
    ...(weights.length > 0 ? [`weights ${weights.join(", ")}`] : []),
    ...(after.length > 0 ? [`after ${after.join(", ")}`] : []),
    ...(hours === undefined || !isTrained(experiment) ? [] : [`${seeds.length > 1 ? "each " : ""}${number(steps)} steps of ${(multiplyAdds! / 1e12).toPrecision(3)} tera multiply-adds: about ${number(hours)} ${device} hours`]),
  ].join(below);
}

/** Where a training's further lines begin. */
const below = "\n          ";

function settingLines({ detector, data: { batchSize, transforms }, training }: Experiment): string[] {
  const trained = isTrained({ training });
  const { width, height } = plan({ width: 640, height: 480 }, transforms);
  return [
    `${detectorTitle(detector)} ${JSON.stringify({ ...detector, kind: undefined })}; ${trained ? `${batchSize} images a step, ` : ""}${resized(transforms) ? `640×480 as ${width}×${height}` : "images as stored"}`,
    trained ? learningRateRule(training) : "published weights: nothing is trained, they are scored and learnt from",
  ];
}

function searchText(search: EstimatedSearch, device: string | undefined): string {
  const { item, rows, text, probes, weights } = search;
  const experiments = probes.map(({ experiment }) => experiment);
  return [
    `      ${item} → ${[...new Set(experiments.map(({ name }) => name))].join(", ")}`,
    `for ${rows.join(", ")}`,
    ...settingLines(experiments[0]),
    `methods ${[...new Set(experiments.map(({ method }) => method!.name))].join(" and ")} ${JSON.stringify(experiments[0].method!.options)}`,
    ...(weights.length > 0 ? [`weights ${weights.join(", ")}`] : []),
    text,
    mostOf(search, device),
  ].join(below);
}

/** Mostly a search ends sooner. */
function mostOf({ probes, steps, hours }: EstimatedSearch, device: string | undefined): string {
  const trainings = probes.reduce((sum, { atMost }) => sum + atMost, 0);
  return `at most ${count(trainings, "training")}, ${number(steps)} steps${hours === undefined ? "" : `, about ${number(hours)} ${device} hours as an upper bound`}`;
}

function methodText({ name, options = {}, ...schedule }: MethodSpec): string {
  return `${name} ${JSON.stringify({ ...schedule, ...options })}`;
}

function weightsText({ name, hash, url, here }: NeededWeights): string {
  return `${here ? "here     " : "to fetch "} ${name}${hash === undefined ? (url === undefined ? "" : " (its publisher states no hash: the first download is pinned)") : ` (${hash})`}${here || url === undefined ? "" : `  ${url}`}`;
}
