import type { Dataset } from "../data/dataset.ts";
import { detectorTitle } from "../papers/detectors.ts";
import { calibrationTargets } from "../papers/sssd.ts";
import { judge } from "../papers/judge.ts";
import type { Profile } from "../papers/sssd.ts";
import { lineFigure } from "../report/figures.ts";
import type { Figure } from "../report/figures.ts";
import type { Displayable } from "../report/html.ts";
import { overlay } from "../report/overlay.ts";
import type { OverlayImage } from "../report/overlay.ts";
import { searchFigure, stackedSharesFigure } from "../report/share-figures.ts";
import { table } from "../report/table.ts";
import type { ReportTable } from "../report/table.ts";
import type { Step } from "../train/step.ts";
import { powerLaw } from "./power-law.ts";
import { calibration, searchRows, type SeedResult } from "./results.ts";
import type { SearchState } from "./search.ts";
import type { CalibrationStudy, ReadingEstimates } from "./study.ts";

/** The first images of a dataset with their boxes. */
export async function showExamples(dataset: Dataset, count = 6): Promise<Displayable> {
  const label = new Map(dataset.categories.map(({ id }, i) => [id, i]));
  const images = await Promise.all(dataset.images.slice(0, count).map(async ({ width, height }, i): Promise<OverlayImage> => {
    const objects = dataset.annotations(i);
    const boxes = Float32Array.from(objects.flatMap(({ xywh: [x, y, w, h] }) => [x, y, x + w, y + h]));
    const caption = `${objects.length} ${objects.length === 1 ? "object" : "objects"}`;
    const { data: pixels } = await dataset.pixels(i);
    return { pixels, width, height, caption, groundTruth: { boxes, labels: Int32Array.from(objects, ({ categoryId }) => label.get(categoryId)!) } };
  }));
  return overlay(images, { names: dataset.categories.map(({ name }) => name) });
}

/** What the paper says it did and what this run does, line by line. */
export function showCalibrationSetting({ profile, setting, dataset, environment }: CalibrationStudy): Displayable {
  const objects = dataset.images.reduce((sum, _, i) => sum + dataset.annotations(i).length, 0);
  const rows = [
    ["detector", "Faster R-CNN, ResNet-50", `${detectorTitle(setting.detector)}, ${setting.backbone}`],
    ["FPN channels C", "not stated (LGD's configurations: 256)", String(setting.channels)],
    ["data", "COCO, 80 classes", `${dataset.name}: ${dataset.images.length} images, ${objects} objects, ${dataset.categories.length} classes`],
    ["batch", "16 images", `${setting.batchSize} images`],
    ["iterations compared", "“after 1,000 iterations”; which ones is not stated (LGD's configurations: a warm-up of 1,000)", `the first ${setting.iterations}, all in the warm-up`],
    ["backbone", "frozen for 20,000 iterations", "frozen"],
    ["distillation into the student", "λ is assigned after 20,000 iterations (LGD's configurations: from 30,000)", "not yet: only the adapter learns from it"],
    ["distance", "“Jensen–Shannon distance”; reading not stated", "channel softmax, element mean inside the root, base 2"],
    ["computed on", "8 × V100", `${environment.deviceName}, ${environment.threads} threads, ${environment.name} ${environment.tensorflowVersion}`],
  ] as const;
  return table([
    { heading: "setting", value: ([what]: (typeof rows)[number]) => what },
    { heading: "paper", value: ([, paper]) => paper },
    { heading: `here (${profile})`, value: ([, , here]) => here },
  ], rows, { note: disclaimer(profile) });
}

/** What every table of a small profile says of itself. */
function disclaimer(profile: Profile): string {
  return profile === "paper" ? "Paper profile." : `The ${profile} profile is no reproduction of the paper's number${profile === "smoke" ? ": it proves the pipeline" : ""}.`;
}

/** Shares of the loss terms over a run's iterations. */
export function showShares(steps: readonly Step[], { title, target }: { readonly title?: string; readonly target?: number } = {}): Figure {
  const names = Object.keys(steps[0]?.weighted ?? {});
  return stackedSharesFigure({
    iterations: steps.map(({ iteration }) => iteration + 1),
    terms: names.map((name) => ({ name: name === "distill" ? "λ · distillation" : name, values: steps.map(({ weighted }) => weighted[name]) })),
    ...(title !== undefined && { title }),
    ...(target !== undefined && { target }),
  });
}

/** The search so far: share against λ, and the bracket closing in. */
export function showSearch(states: readonly SearchState[], target: number): Figure {
  const latest = states.at(-1);
  const probes = states.map(({ probe, bracket }) => ({ ...probe, ...(bracket && { bracket: [bracket[0].lambda, bracket[1].lambda] as const }) }));
  return searchFigure({ probes, target, ...(latest?.result && { answer: latest.result.lambda }) });
}

/** Readings of the distance that the paper's text allows. Those over channels depend on C alone, the others on the maps' size too. */
export const namedReadings: readonly { readonly key: string; readonly text: string }[] = [
  { key: "level.literal.base2", text: "one softmax per level, Σ √JS / N: the formula to the letter" },
  { key: "spatial.literal.base2", text: "spatial softmax per channel, Σ √JS / N" },
  { key: "spatial.elementMeanInsideSqrt.base2", text: "spatial softmax, element mean inside the root" },
  { key: "channel.literal.base2", text: "channel softmax per cell, mean of √JS over cells (1/N)" },
  { key: "channel.literal.base2.T12", text: "the same at temperature 12" },
  { key: "channel.elementMeanInsideSqrt.basee", text: "channel softmax, element mean inside the root, nats" },
  { key: "channel.elementMeanInsideSqrt.base2", text: "the same, base 2 (default here)" },
];

const defaultReading = "channel.elementMeanInsideSqrt.base2";
const paperChannels = calibrationTargets.channels.value;

/** λ* of each reading at each channel count, and what its power law says at 256 where that depends on C alone. */
export function showReadings({ profile }: Pick<CalibrationStudy, "profile">, estimates: readonly ReadingEstimates[]): Displayable {
  const sorted = [...estimates].sort((a, b) => a.channels - b.channels);
  const rows = namedReadings.map(({ key, text }) => {
    const law = powerLaw(sorted.map(({ channels }) => channels), sorted.map(({ lambda }) => lambda[key]));
    return { text, key, exponent: law.exponent, at256: key.startsWith("channel.") ? law.at(paperChannels) : { unknown: "map size" } };
  });
  return table([
    { heading: "reading of the distance", value: ({ text }: (typeof rows)[number]) => text },
    ...sorted.map(({ channels, lambda }) => ({ heading: `C = ${channels}`, value: ({ key }: (typeof rows)[number]) => lambda[key] })),
    { heading: "exponent", value: ({ exponent }) => exponent, decimals: 2 },
    { heading: `→ ${paperChannels}`, value: ({ at256 }) => at256 },
  ], rows, {
    caption: "λ* that gives LGD's share, by reading and channel count",
    note: `The paper: λ* = ${calibrationTargets.lambda.value}, searched in [1, 100]. Exponent: λ* ∝ C^exponent, fitted to the columns; → ${paperChannels} continues it, for readings that depend on C alone: those over space or levels also change with the maps' size, which is not the paper's here. Each λ* is s/(1−s) · mean(rest of the loss) / mean(distance) over one LGD run, one seed. ${disclaimer(profile)}`,
  });
}

/** λ* of the default reading against C, with the line through the points and the paper's point. */
export function showChannels(estimates: readonly ReadingEstimates[], key = defaultReading): Figure {
  const sorted = [...estimates].sort((a, b) => a.channels - b.channels);
  const x = sorted.map(({ channels }) => channels), y = sorted.map(({ lambda }) => lambda[key]);
  const law = powerLaw(x, y);
  const paper = calibrationTargets.lambda.value;
  const ends = [x[0], paperChannels];
  return lineFigure({
    x: { label: "FPN channels C", scale: "log" },
    y: { label: "λ*", scale: "log" },
    lines: [
      { name: "measured here", x, y, points: "only" },
      { name: `fit: λ* ∝ C^${law.exponent.toFixed(2)}`, x: ends, y: ends.map(law.at), points: false },
      { name: "the paper's point", x: [paperChannels], y: [paper], points: "only" },
      { name: "√C through the paper's point", x: ends, y: ends.map((c) => paper * Math.sqrt(c / paperChannels)), dash: "dash", points: false },
    ],
  });
}

const interval = (values: readonly number[]) => {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  return values.length === 1 ? mean : { mean, low: Math.min(...values), high: Math.max(...values) };
};

/** The answer beside the paper's: mean over seeds with the lowest and highest in brackets. */
export function showResult(study: CalibrationStudy, results: readonly SeedResult[], estimates: readonly ReadingEstimates[]): ReportTable<unknown> {
  const { profile, setting } = study;
  const law = powerLaw(estimates.map(({ channels }) => channels), estimates.map(({ lambda }) => lambda[defaultReading]));
  const { lambda, share } = calibrationTargets;
  const expected = lambda.value * Math.sqrt(setting.channels / paperChannels);
  const of = (value: (result: SeedResult) => number) => interval(results.map(value));
  const each = (value: (result: SeedResult) => string) => [...new Set(results.map(value))].join("; ");
  const all = results.length;
  const rows = [
    { what: "LGD's mean share at λ = 1", paper: `${100 * share.value} %`, here: of(({ target }) => 100 * target), unit: "%", seeds: all },
    { what: "λ* of SSSD by binary search", paper: String(lambda.value), here: of(({ search }) => search.lambda), unit: "", seeds: all },
    { what: "its bracket after the last probe", paper: "searched in [1, 100]", here: each(({ search: { bracket: [low, high] } }) => `${low.lambda.toPrecision(3)} to ${high.lambda.toPrecision(3)}`), unit: "", seeds: all },
    { what: "the search stopped by", paper: "not stated", here: each(({ search }) => search.reason), unit: "", seeds: all },
    { what: "share at λ*", paper: `≈ ${100 * share.value} %`, here: of(({ search }) => 100 * search.share), unit: "%", seeds: all },
    { what: "probes of the binary search", paper: "not stated", here: of(({ search }) => search.probes.length), unit: "", seeds: all },
    { what: "λ* by secant steps", paper: "–", here: of(({ secant }) => secant.at(-1)!.lambda), unit: "", seeds: all },
    { what: "probes of the secant", paper: "–", here: of(({ secant }) => secant.length), unit: "", seeds: all },
    { what: "exponent of C in λ*", paper: "–", here: law.exponent, unit: "", seeds: 1 },
    { what: `λ* continued to C = ${paperChannels}`, paper: String(lambda.value), here: law.at(paperChannels), unit: "", seeds: 1 },
    { what: `√C line through the paper's point, at C = ${setting.channels}`, paper: expected.toPrecision(3), here: "–", unit: "", seeds: null },
  ];
  return table([
    { heading: "quantity", value: ({ what }: (typeof rows)[number]) => what },
    { heading: "paper", value: ({ paper }) => paper, align: "right" },
    { heading: "here", value: ({ here }) => here, align: "right" },
    { heading: "unit", value: ({ unit }) => unit },
    { heading: "profile", value: () => profile },
    { heading: "seeds", value: ({ seeds }) => seeds },
  ], rows, {
    caption: "SSSD section 3.2: calibrating λ",
    note: `${all === 1 ? "One seed: no interval." : "In brackets: lowest and highest seed."} ${disclaimer(profile)}`,
  }) as ReportTable<unknown>;
}

/** What this run says of the claims, in words; a reader can check each against the tables. */
export function verdict({ profile, setting, dataset }: Pick<CalibrationStudy, "profile" | "setting"> & { readonly dataset: Pick<Dataset, "name"> }, results: readonly SeedResult[], estimates: readonly ReadingEstimates[]): string {
  const law = powerLaw(estimates.map(({ channels }) => channels), estimates.map(({ lambda }) => lambda[defaultReading]));
  const lambdas = results.map(({ search }) => search.lambda.toPrecision(3)).join(", ");
  const miss = law.at(paperChannels) / calibrationTargets.lambda.value - 1;
  const { claims, note } = judge(calibration, profile, searchRows(results), { data: dataset.name });
  return [
    `Bisection ended at λ\\* = ${lambdas} (C = ${setting.channels}, ${results.length === 1 ? "one seed" : `${results.length} seeds`}).`,
    "",
    ...claims.map(({ claim: { text }, verdict: word, why }) => `- **${text}:** ${word}. ${why}`),
    `- **λ\\* grows with √C under the default reading** (not the paper's claim, but what it would follow from)**:** exponent ${law.exponent.toFixed(2)} for 0.50, over ${estimates.length} channel counts and one seed. Continued to C = ${paperChannels} it gives ${law.at(paperChannels).toPrecision(3)}, ${Math.abs(100 * miss).toFixed(0)} % ${miss > 0 ? "above" : "below"} the paper's 50: the same order, not the same number.`,
    "",
    note,
  ].join("\n");
}
