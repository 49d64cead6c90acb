import type { Metric } from "../../papers/item.ts";
import type { RecordedItem, RecordedRow, ResultsRecord } from "../../papers/recorded.ts";
import type { RowResult } from "../../papers/row-result.ts";
import type { ClaimVerdict, RowVerdict, Summary } from "../../papers/judgement.ts";
import { dataName } from "./item-page.ts";
import { isMeasured } from "./numbers.ts";
import type { Site, SiteDataset, SiteItem } from "./types.ts";

/** Digits that are kept of a number: more are noise of another machine's rounding. */
const digits = 6;
const short = (value: number) => Number(value.toPrecision(digits));

/**
 * Everything that the site shows as numbers and verdicts, as data: by item its rows (values by seed, in the metrics' units), its
 * claims with what was compared, and by what code, on what data and device they were made; `judgementsOf` reads it. Times and memory,
 * in which two runs of one program differ, are left out.
 */
export function resultsText(site: Site): string {
  return `${JSON.stringify(resultsRecord(site), null, 1).replaceAll(numberList, (list) => list.replaceAll(/\s+/g, " ").replace("[ ", "[").replace(" ]", "]"))}\n`;
}

/** A list of numbers over several lines. */
const numberList = /\[\s+(?:-?\d[\d.e+-]*|null)(?:,\s+(?:-?\d[\d.e+-]*|null))*\s+\]/g;

function resultsRecord(site: Site): ResultsRecord {
  const { profile, data, datasets, seeds, items, code, cut, judgedBy, coco = false } = site;
  const { binding: _binding, ...device } = site.runs.find(({ record }) => record !== undefined)?.record?.environment ?? site.environment;
  return {
    format: 1,
    profile,
    ...(cut && { cut }),
    ...(profile === "smoke" && { note: "A smoke run proves the pipeline; it reproduces no number of a paper." }),
    coco,
    data: { name: dataName(data), ...(datasets && { train: part(datasets.train), validation: part(datasets.validation) }) },
    seeds,
    environment: device,
    code,
    ...(judgedBy && { judgedBy }),
    items: items.filter(({ asked }) => asked).map((entry) => itemRecord(entry, datasets?.validation.name)),
  };
}

const part = ({ name, images, hash }: SiteDataset) => ({ name: dataName(name), images, hash });

function itemRecord({ item, judgement, results }: SiteItem, scoredOn: string | undefined): RecordedItem {
  const { data, note } = judgement;
  return {
    id: item.id, title: item.title, claim: item.claim, ...(item.label && { label: item.label }), ...(data !== undefined && data !== scoredOn && { data: dataName(data) }), note,
    rows: judgement.rows.filter(({ metric }) => !isMeasured(metric)).map((row) => rowRecord(row, results.filter((result) => result.row.id === row.row.id))),
    claims: judgement.claims.filter(({ claim }) => !isMeasured(claim.metric)).map(claimRecord),
  };
}

function rowRecord({ row, difference, verdict, why, published }: RowVerdict, results: readonly RowResult[]): RecordedRow {
  const own = [...results].sort((a, b) => a.seed - b.seed);
  const metrics = [...new Set(own.flatMap(({ metrics: all = {} }) => Object.keys(all) as Metric[]))].filter((metric) => !isMeasured(metric));
  const [teachers, problems] = [own.map(({ run }) => run?.teacher ?? null), own.map(({ problem }) => problem ?? null)];
  const value = ({ metrics: all }: RowResult, metric: Metric) => (Number.isFinite(all?.[metric]) ? short(all![metric]!) : null);
  return {
    id: row.id, label: row.label, role: row.role, ...(row.against && { against: row.against }), paper: published, seeds: own.map(({ seed }) => seed),
    runs: own.map(({ run }) => run?.folder ?? null), ...(teachers.some(isThere) && { teachers }), ...(problems.some(isThere) && { problems }),
    here: Object.fromEntries(metrics.map((metric) => [metric, own.map((result) => value(result, metric))])),
    ...(difference && { difference: summaryRecord(difference) }), verdict, why,
  };
}

const isThere = (value: string | null) => value !== null;

function claimRecord({ claim, verdict, why, comparisons, p, adjusted }: ClaimVerdict): object {
  return {
    id: claim.id, text: claim.text, source: claim.source, metric: claim.metric, verdict, why, ...probabilities({ p, adjusted }),
    comparisons: comparisons.map(({ better, worse, difference, ...tests }) => ({ better, worse, difference: summaryRecord(difference), ...probabilities(tests) })),
  };
}

function summaryRecord({ values, mean, deviation, interval }: Summary): object {
  return { values: values.map(short), mean: short(mean), ...(deviation !== undefined && { deviation: short(deviation) }), ...(interval && { interval: interval.map(short) }) };
}

function probabilities(of: { readonly [name: string]: number | undefined }): object {
  return Object.fromEntries(Object.entries(of).filter(([, value]) => value !== undefined && Number.isFinite(value)).map(([name, value]) => [name, short(value!)]));
}
