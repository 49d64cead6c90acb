import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { BackendInfo } from "../../../../lib/backend/info.ts";
import type { Item, ItemRow, Published, Verdict } from "../../../../lib/papers/item.ts";
import type { Judgement, Summary } from "../../../../lib/papers/judgement.ts";
import type { RowResult, RunRecord } from "../../../../lib/papers/row-result.ts";
import type { Figure } from "../../../../lib/report/figures.ts";
import type { Look } from "../../../../lib/report/look.ts";
import type { SiteOptions } from "../../../../lib/report/site/index.ts";
import type { Step } from "../../../../lib/train/step.ts";
import { random } from "../../../../lib/tensor/random.ts";
import { smallLook } from "../views.ts";

export const environment: BackendInfo = {
  name: "tensorflow", device: "cpu", deviceName: "A processor", tensorflowVersion: "2.21.0", tfjsVersion: "4.22.0", nodeVersion: "v20.20.0",
  platform: "linux-x64", threads: 1, oneDnn: true, deterministic: false,
};

const table: Published = {
  id: "frs-table-3", title: "FRS Table 3", caption: "Which terms are distilled", metrics: ["AP", "AP50"], notes: ["The same AP stands in Table 4 & elsewhere"],
  rows: {
    teacher: { label: "R101", cells: { AP: 38.9, AP50: 58 } },
    student: { label: "R50", cells: { AP: 37.4, AP50: { value: 56.7, derived: "by the stated difference" } } },
    both: { label: "both", cells: { AP: 39.7, AP50: { lost: "not in the text", bounds: [57, 59] } }, note: "Stated twice" },
  },
};

const rows: readonly ItemRow[] = [
  { id: "teacher", label: "RetinaNet R-101, teacher", role: "teacher", published: [{ table: table.id, row: "teacher" }], against: "student", group: "Table 3" },
  { id: "student", label: "RetinaNet R-50 alone", role: "student", published: [{ table: table.id, row: "student" }], group: "Table 3" },
  { id: "both", label: "FRS, both terms", role: "method", published: [{ table: table.id, row: "both" }], against: "student", group: "Table 3" },
];

export const measuredItem: Item = {
  id: "frs/table-3", paper: "frs", title: "FRS Table 3: which terms are distilled", claim: "Each of the two terms improves the student, and both together improve it most",
  notebook: "notebooks/frs-table-3.ipynb", published: [table], metrics: ["AP", "AP50", "hours"], rows,
  claims: [
    { id: "gain", text: "Under FRS the student has a higher AP than alone", source: "FRS Table 3: +2.3", metric: "AP", test: { kind: "order", rows: ["both", "student"] } },
    { id: "time", text: "FRS trains no longer", source: "nowhere", metric: "hours", test: { kind: "atLeast", better: "both", worse: "student" } },
  ],
  changes: ["More seeds: a difference of 0.2 needs about 40.", "Other weights."],
};

/** Names as nobody should give them. */
export const hostileItem: Item = {
  id: "sssd/table-1", paper: "sssd", title: "SSSD <script>alert(1)</script> & \"co\"", claim: "λ < 75 </main><img src=x onerror=alert(2)>", notebook: "notebooks/sssd-table-1.ipynb",
  published: [], metrics: ["AP"], rows: [{ id: "one", label: "'\"><b>bold</b>", role: "method", published: [] }],
  claims: [{ id: "c", text: "</script><script>alert(3)</script>", source: "<i>source</i>", metric: "AP", test: { kind: "within", row: "one", interval: [0, 1] } }], changes: ["<u>nothing</u>"],
};

export const unaskedItem: Item = {
  id: "shared-kd/table-2", paper: "shared-kd", title: "Shared-KD Table 2: masks", claim: "Shared-KD has the highest mask AP", notebook: "notebooks/shared-kd-table-2.ipynb", published: [], metrics: ["AP"],
  masks: true, label: "reconstructed", rows: [{ id: "fkd", label: "FKD", role: "method", published: [], notRun: "its code is not public" }],
  claims: [{ id: "best", text: "Shared-KD is best", source: "Shared-KD section 4.2", metric: "AP", test: { kind: "best", row: "fkd", others: [] } }], changes: ["The equations."],
};

const summary = (values: readonly number[]): Summary => {
  const mean = values.reduce((a, b) => a + b, 0) / values.length;
  return { values, mean, ...(values.length > 1 && { deviation: 1, interval: [mean - 1, mean + 1] as const }) };
};

const AP = { teacher: [52.3], student: [38.1, 37.2, 39.9], both: [46.1, 47.7, 45.0] } as const;
const seedsOf = (id: keyof typeof AP) => (id === "teacher" ? [1000] : [0, 1, 2]);

const folderOf = (id: string, seed: number) => `mini/${id}/0123456789abcdef/seed-${seed}`;

function record(id: string, seed: number): RunRecord {
  return {
    folder: folderOf(id, seed), experiment: `mini/${id}`, seed, iterations: 40, seconds: 4321.5, peakMemoryBytes: 1.5e9, environment,
    curve: [10, 20, 30, 40].map((iteration) => ({ iteration, AP: iteration })), ...(id === "both" && { teacher: folderOf("teacher", 1000) }),
  };
}

export const results: readonly RowResult[] = (Object.keys(AP) as (keyof typeof AP)[]).flatMap((id) => seedsOf(id).map((seed, i): RowResult => (
  id === "both" && seed === 2
    ? { row: rows[2], seed, problem: "the loss is not finite in /home/ada/work/runs/mini/both" }
    : { row: rows.find((row) => row.id === id)!, seed, metrics: { AP: AP[id][i], AP50: AP[id][i] + 30, hours: 1.2 }, run: record(id, seed) })));

const verdictOf = (row: ItemRow): Verdict => (row.id === "both" ? "reproduced in direction" : row.role === "student" ? "not testable at this profile" : "within noise");

export const judgement: Judgement = {
  item: measuredItem, profile: "smoke", seeds: [0, 1, 2], note: "Smoke profile: it proves the pipeline. Paired seeds: 0, 1, 2.",
  rows: rows.map((row) => {
    const own = AP[row.id as keyof typeof AP];
    return {
      row, published: table.rows[row.id].cells, metric: "AP", seeds: seedsOf(row.id as keyof typeof AP), here: { AP: summary(own), AP50: summary(own.map((value) => value + 30)), hours: summary([1.2]) },
      ...(row.id === "both" && { difference: summary([8, 10.5]), paperDifference: [2.3, 2.3] as const, p: 0.01, adjusted: 0.02, problem: "seed 2: the loss is not finite in /home/ada/work/runs/mini/both with correct-horse-battery" }),
      verdict: verdictOf(row), why: `${row.label}: −0.5 to 1.5.`,
    };
  }),
  claims: [
    { claim: measuredItem.claims[0], verdict: "reproduced in direction", why: "+9.25 AP [+8.25, +10.25].", comparisons: [{ better: "both", worse: "student", difference: summary([8, 10.5]), p: 0.01, adjusted: 0.02 }], p: 0.01, adjusted: 0.02 },
    { claim: measuredItem.claims[1], verdict: "contradicted", why: "1.2 h after 1.1 h.", comparisons: [] },
  ],
};

const hostileJudgement: Judgement = {
  item: hostileItem, profile: "smoke", seeds: [], note: "",
  rows: [{ row: hostileItem.rows[0], published: {}, metric: "AP", here: {}, seeds: [], verdict: "not run", why: "<b>failed</b>", problem: "no </td> file C:\\Users\\ada\\runs\\x.json" }],
  claims: [{ claim: hostileItem.claims[0], verdict: "not run", why: "<em>why</em>", comparisons: [] }],
};

function step(iteration: number, seed: number): Step {
  const uniform = random(`site/${seed}/${iteration}`);
  const weighted = { class: 1 / (iteration + 1) + 0.1 * uniform.next(), box: 0.5, "distill.feature": 0.2 };
  const total = Object.values(weighted).reduce((a, b) => a + b, 0);
  return {
    iteration, iterations: 40, losses: weighted, weighted, total, shares: Object.fromEntries(Object.entries(weighted).map(([name, value]) => [name, value / total])), distillShare: 0.2 / total, lambda: 1,
    learningRates: { backbone: 0.001 * Math.min(1, iteration / 10), head: 0.002 * Math.min(1, iteration / 10) }, gradientNorm: 1, imagesPerSecond: 10, seconds: 0.1, tensors: 5,
  };
}

const datasets = { train: { name: "/home/ada/data/bccd/train.json", images: 7, hash: "ab" }, validation: { name: "val.json", images: 3, hash: "cd" } } as const;

/** Runs as trainings leave them. */
export function writeRuns(folder: string): void {
  for (const { run } of results) {
    if (run === undefined) continue;
    const own = join(folder, run.folder);
    mkdirSync(own, { recursive: true });
    const config = { name: run.experiment, detector: { kind: "retinanet", preset: "tiny" }, weights: { from: "/home/ada/weights/r50.pth" }, note: "<b>not bold</b>" };
    writeFileSync(join(own, "config.json"), JSON.stringify({ fingerprint: "0123456789abcdef/0", config }));
    writeFileSync(join(own, "metrics.jsonl"), Array.from({ length: 40 }, (_, i) => `${JSON.stringify(step(i, run.seed))}\n`).join(""));
    writeFileSync(join(own, "code.json"), JSON.stringify({ format: 1, started: "2026-01-01T00:00:00Z", code: { source: "git", commit: "c0ffee", changed: true, patch: { file: "code.patch", bytes: 3, sha256: "12" }, leftOut: [], untracked: [] }, versions: {}, variables: {} }));
    writeFileSync(join(own, "result.json"), JSON.stringify({ status: "finished", iterations: 40, seconds: run.seconds, imagesPerSecond: 12.3, peakMemoryBytes: run.peakMemoryBytes, environment }));
  }
}

/** What a detector sees: the same image, boxes shifted by a little. */
export async function looks(folder: string): Promise<readonly Look[]> {
  const shift = folder.includes("teacher") ? 0 : 2;
  return [smallLook({ detections: { boxes: Float32Array.of(5 + shift, 5, 21 + shift, 21, 0, 0, 9, 9), scores: Float32Array.of(0.9, 0.2), labels: Int32Array.of(1, 0) } })];
}

/** A picture without Plotly, which is another part's. */
export async function draw(figure: Figure, { width, height }: { readonly width: number; readonly height: number }): Promise<string> {
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}"><defs id="defs-12ab3f"><clipPath id="clip12ab3fxy"><path d="M0,0"/></clipPath></defs><g clip-path="url(#clip12ab3fxy)"><text y="20">${figure.data.length} traces</text></g></svg>`;
}

/** A site of one item that was measured, one that failed and is full of markup, and one that nobody asked for. */
export function siteOptions(folder: string, changes: Partial<SiteOptions> = {}): SiteOptions {
  const runs = join(folder, "runs");
  writeRuns(runs);
  writeFileSync(join(folder, "executed.html"), "<!DOCTYPE html><html lang=\"en\"><head><title>t</title></head><body><h1>Executed</h1></body></html>");
  return {
    folder: join(folder, "site"), profile: "smoke", data: "/home/ada/data/bccd", items: [hostileItem, measuredItem, unaskedItem], judgements: [judgement, hostileJudgement],
    results: { "frs/table-3": results, "sssd/table-1": [{ row: hostileItem.rows[0], seed: 0, problem: "no </td> file C:\\Users\\ada\\runs\\x.json" }] },
    differences: { "frs/table-3": [{ what: "backbone", paper: "ResNet-50", here: "8 channels & no weights" }, { what: "teacher", paper: "R-101", here: "24 channels", rows: ["FRS, both terms"] }] },
    notebooks: { "frs/table-3": join(folder, "executed.html") }, runs, environment, datasets, draw, looks, writtenAt: new Date("2026-01-02T03:04:05Z"), ...changes,
  };
}
