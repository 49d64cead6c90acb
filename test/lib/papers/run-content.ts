import { readFileSync, readdirSync, statSync } from "node:fs";
import { basename, join } from "node:path";
import { readMetrics } from "../../../lib/train/metrics.ts";

/** What tells of one sitting: when, how long, by which code. */
const records = ["result.json", "code.json", "code.patch", "ro-crate-metadata.json"];

/** Every file of a runs folder by path; times and memory are left out. */
export function content(runs: string): Record<string, string> {
  const files = readdirSync(runs, { recursive: true, encoding: "utf8" }).filter((name) => statSync(join(runs, name)).isFile() && !records.includes(basename(name))).sort();
  return Object.fromEntries(files.map((name) => [name, name.endsWith("metrics.jsonl")
    ? JSON.stringify(readMetrics(join(runs, name)).map(({ seconds: _s, imagesPerSecond: _i, tensors: _t, ...step }) => step))
    : readFileSync(join(runs, name)).toString("latin1")]));
}
