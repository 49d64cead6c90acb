import { existsSync, readFileSync, readdirSync } from "node:fs";
import { join, posix, sep } from "node:path";
import type { RowResult } from "../../papers/row-result.ts";
import { readCodeFile } from "../../provenance/code-file.ts";
import { readMetrics } from "../../train/metrics.ts";
import { runResult } from "../../train/run.ts";
import { readLooks } from "../../train/validation.ts";
import { requireDistinct } from "./places.ts";
import type { RunFiles, SiteItem, SiteRun } from "./types.ts";

type Draft = { -readonly [K in keyof SiteRun]: SiteRun[K] } & { answers: SiteRun["answers"][number][]; pupils: string[] };

/** Every training that the results name, with its teacher; a teacher that is no row has a page, too. By folder. */
export function runsOf(items: readonly SiteItem[]): SiteRun[] {
  const drafts = new Map<string, Draft>();
  const draft = (folder: string): Draft => {
    const known = drafts.get(folder) ?? { folder, ...namesIn(folder), answers: [], pupils: [] };
    drafts.set(folder, known);
    return known;
  };
  for (const entry of items) {
    for (const result of entry.results) if (result.run !== undefined) gather(draft, entry, result);
  }
  for (const { folder, teacher } of [...drafts.values()]) if (teacher !== undefined) draft(teacher).pupils.push(folder);
  requireDistinct([...drafts.keys()]);
  return [...drafts.values()].sort((a, b) => (a.folder < b.folder ? -1 : 1));
}

function gather(draft: (folder: string) => Draft, { item, results }: SiteItem, result: RowResult): void {
  const record = result.run!;
  const own = draft(record.folder);
  own.record ??= record;
  if (record.teacher !== undefined) own.teacher ??= record.teacher;
  own.answers.push({ item, result });
  const alone = result.row.role === "method" ? results.find(({ row, seed }) => row.id === result.row.against && row.role === "student" && seed === result.seed)?.run : undefined;
  if (alone !== undefined) own.alone ??= alone.folder;
}

/** `<experiment>/<hash>/seed-<n>`. */
function namesIn(folder: string): { readonly experiment: string; readonly seed: number } {
  const experiment = posix.dirname(posix.dirname(folder.replaceAll("\\", "/")));
  return { experiment, seed: Number(/seed-(\d+)\/?$/.exec(folder)?.[1] ?? 0) };
}

/** Files that come and go: of a training under way, and answers that are kept for this site. */
const passing = /\.tmp$|^lock$|^detections-/;

/** What a run's folder holds; empty where it is gone. A file that cannot be read is named, and the others are there. */
export function readRun(path: string): RunFiles {
  if (!existsSync(path)) return { steps: [], curve: [], names: [], broken: [] };
  const broken: string[] = [];
  const tried = <T>(read: () => T): T | undefined => {
    try {
      return read();
    } catch (error) {
      broken.push((error as Error).message.replaceAll(`${path}${sep}`, ""));
      return undefined;
    }
  };
  const names = readdirSync(path, { withFileTypes: true }).filter((entry) => entry.isFile() && !passing.test(entry.name)).map(({ name }) => name).sort();
  const config = tried(() => readJson(join(path, "config.json")));
  const result = tried(() => runResult(path));
  const looks = tried(() => readLooks(join(path, "validation.jsonl"))) ?? [];
  const steps = tried(() => readMetrics(join(path, "metrics.jsonl"))) ?? [];
  tried(() => readCodeFile(path));
  const curve = looks.flatMap(({ iteration, AP, images }) => (AP === undefined ? [] : [{ iteration, AP, ...(images !== undefined && { images }) }]));
  return { steps, curve, names, broken, ...(config !== undefined && { config }), ...(result && { result }) };
}

function readJson(path: string): unknown {
  if (!existsSync(path)) return undefined;
  try {
    return JSON.parse(readFileSync(path, "utf8")) as unknown;
  } catch (error) {
    throw new Error(`${path} is not JSON. Remove the run's folder to train it again`, { cause: error });
  }
}
