import { parse, stringify } from "yaml";
import { checkCardMetadata, type CardMetadata, type CardResult } from "./card-schema.ts";
import { withoutLeaks, type Machine } from "./leaks.ts";
import type { Named } from "./people.ts";
import type { RunFacts } from "./run-facts.ts";

/** Scores of the exported weights on one dataset. */
export interface CardScore {
  readonly of: "boxes" | "masks";
  readonly data: { readonly name: string; readonly hash: string; readonly images: number };
  /** COCO's numbers in points, 0 to 100: AP, AP50, AP75, APs, APm, APl. */
  readonly points: Readonly<Partial<Record<string, number>>>;
}

export interface CardOptions {
  /** The exported file. */
  readonly weights: { readonly file: string; readonly bytes: number; readonly sha256: string };
  readonly scores?: readonly CardScore[];
  /** Terms of the weights; default `unknown`, which the card then says. */
  readonly licence?: Named;
  readonly machine: Machine;
}

const meanings: Readonly<Record<string, string>> = { AP: "AP, mean over IoU 0.50 to 0.95", AP50: "AP at IoU 0.50", AP75: "AP at IoU 0.75", APs: "AP of small objects (area below 32² pixels)", APm: "AP of medium objects (32² to 96² pixels)", APl: "AP of large objects (from 96² pixels)" };

const typeOf = (name: string): string => name.toLowerCase().replace(/[^a-z0-9]+/g, "-").replace(/^-|-$/g, "") || "dataset";

function result({ of, data, points }: CardScore): CardResult[] {
  const metrics = Object.entries(points).flatMap(([name, value]) => (value === undefined ? [] : [{ type: name.toLowerCase(), name: `${meanings[name] ?? name}, ${of}, points of 100`, value, verified: false as const }]));
  return metrics.length === 0 ? [] : [{ task: { type: "object-detection", name: of === "masks" ? "Instance segmentation" : "Object detection" }, dataset: { type: typeOf(data.name), name: data.name, revision: data.hash, args: { images: data.images } }, metrics }];
}

/** A licence as the hub names it: one of its identifiers, or `other` with a name. */
function terms(licence: Named | undefined): Pick<CardMetadata, "license" | "license_name" | "license_link"> {
  if (licence === undefined) return { license: "unknown" };
  const spdx = licence.name.toLowerCase();
  if (/^[a-z0-9][a-z0-9.+-]*$/.test(spdx)) return { license: spdx, ...(licence.url && { license_link: licence.url }) };
  return { license: "other", license_name: licence.name, ...(licence.url && { license_link: licence.url }) };
}

function backboneOf({ config: { config } }: RunFacts): string | undefined {
  const backbone = config?.detector?.backbone;
  if (typeof backbone === "string") return backbone;
  const name = (backbone as { readonly name?: unknown } | undefined)?.name;
  return typeof name === "string" ? name : undefined;
}

const listed = (items: readonly (string | undefined | false)[]): string => items.filter(Boolean).map((item) => `- ${item}`).join("\n");
const number = (value: number): string => (value >= 100 ? value.toFixed(0) : value.toPrecision(3));

function training({ config: { config = {}, started }, result }: RunFacts): string {
  const { training: schedule, data, method, seed } = config;
  return listed([
    data?.name !== undefined && `Data: ${data.name}${data.hash ? ` (SHA-256 ${data.hash})` : ""}`,
    data?.classes && `Classes: ${data.classes.length} (${data.classes.slice(0, 20).join(", ")}${data.classes.length > 20 ? ", …" : ""})`,
    schedule?.iterations === 0 && "Schedule: none; the published weights are kept as they are",
    schedule?.iterations !== undefined && schedule.iterations > 0 && `Schedule: ${schedule.iterations} iterations${data?.batchSize === undefined ? "" : ` of ${data.batchSize} images`}, seed ${seed ?? "not recorded"}; the whole of it is in config.json`,
    schedule?.iterations !== 0 && (method?.name ? `Method: ${method.name}` : "Method: none, trained on labels alone"),
    started?.weights?.sha256 ? `Started from: ${started.weights.name} (SHA-256 ${started.weights.sha256})` : "Started from: random weights",
    started?.teacher?.sha256 && `Teacher: weights with SHA-256 ${started.teacher.sha256}`,
    result && `Computed on: ${result.environment.deviceName} (${result.environment.device}), ${result.environment.name} ${result.environment.tensorflowVersion}, ${number(result.seconds / 3600)} hours, ${number(result.peakMemoryBytes / 1e9)} GB at most`,
  ]);
}

function provenance({ code }: RunFacts): string {
  if (code === undefined) return "The code that trained it is not recorded.";
  const { code: own } = code;
  if (own.source === "package") return `Trained by ${own.package?.name ?? "potstill"} ${own.package?.version ?? ""} (no commit: ${own.why}; SHA-256 ${own.sha256} over its ${own.files} files).`;
  return `Trained by ${own.package?.name ?? "potstill"} ${own.package?.version ?? ""}, commit ${own.commit}${own.changed ? ", with changes that are not in the commit" : ""}.`;
}

function scoreTable(scores: readonly CardScore[]): string {
  if (scores.length === 0) return "None of the scores of these weights are recorded. `potstill weights export … --data FOLDER` scores them.";
  const rows = scores.flatMap(({ of, data, points }) => Object.entries(points).flatMap(([name, value]) => (value === undefined ? [] : [`| ${data.name} (${data.images} images) | ${of} | ${meanings[name] ?? name} | ${value.toFixed(1)} |`])));
  return ["| data | of | metric | points (0 to 100) |", "|---|---|---|---|", ...rows].join("\n");
}

function limits({ config: { config = {} } }: RunFacts, scores: readonly CardScore[]): string {
  const data = config.data?.name ?? "its training data";
  const trained = config.training?.iterations !== 0;
  return listed([
    `It knows the ${config.data?.classes?.length ?? "listed"} classes above and no others${trained ? `; what it has not seen in ${data} it has not learnt` : ""}.`,
    trained && "One training with one seed: another seed moves AP. On COCO that is about 0.3 points, on small data several.",
    scores.some(({ data: { images } }) => images < 1000) && "It was scored on few images: small differences between such scores mean nothing.",
    data.startsWith("synthetic") && "It was trained on drawn scenes: it proves a pipeline and is of no use on photographs.",
    "It was made to compare methods of training, not to decide about people or safety.",
  ]);
}

function metadataOf(facts: RunFacts, { scores = [], licence }: CardOptions): CardMetadata {
  const { config } = facts.config;
  const tags = ["object-detection", config?.detector?.kind ?? "retinanet", backboneOf(facts), config?.method?.name, ...(config?.method ? ["knowledge-distillation"] : [])].filter((tag) => tag !== undefined);
  return { ...terms(licence), library_name: "potstill", pipeline_tag: "object-detection", tags: [...new Set(tags)], "model-index": [{ name: config?.name ?? "detector", results: scores.flatMap(result) }] };
}

/**
 * The README.md of exported weights: YAML with the hub's `model-index`, then what was trained on what, scores with units,
 * limits, terms, and the hash of the file.
 * @throws Error when a run says so little that its metadata are none
 */
export function modelCard(facts: RunFacts, options: CardOptions): string {
  const { weights: { file, bytes, sha256 }, scores = [], licence, machine } = options;
  const metadata = metadataOf(facts, options);
  checkCardMetadata(metadata);
  const { config } = facts.config;
  const head = `${config?.detector?.kind ?? "retinanet"}${backboneOf(facts) ? ` with ${backboneOf(facts)}` : ""}${config?.method?.name ? `, taught by ${config.method.name}` : ""}`;
  const body = [
    `# ${config?.name ?? "Detector"}`,
    `An object detector: ${head}. Trained by Potstill, a kit that reproduces papers on the distillation of detectors.`,
    "## Training", training(facts), provenance(facts),
    "## Scores", scoreTable(scores),
    "## Limits", limits(facts, scores),
    "## Terms", `Potstill's code is licensed under Apache-2.0. ${licence ? `These weights: ${licence.name}${licence.url ? ` (${licence.url})` : ""}.` : "The terms of these weights are not stated; the data and the weights that they started from have terms of their own."}`,
    "## Files", `\`${file}\`: ${bytes} bytes, SHA-256 \`${sha256}\` (safetensors, float32, TensorFlow's layout). \`config.json\`: what was trained.`,
  ].join("\n\n");
  return withoutLeaks(`---\n${stringify(metadata, { lineWidth: 0 })}---\n\n${body}\n`, machine);
}

/** The metadata of a card. @throws Error when the text has none, or impossible ones */
export function cardMetadata(text: string): CardMetadata {
  const [, yaml] = /^---\n([\s\S]*?)\n---\n/.exec(text) ?? [];
  if (yaml === undefined) throw new Error("the model card has no metadata: it must begin with YAML between two lines of ---");
  const metadata: unknown = parse(yaml);
  checkCardMetadata(metadata);
  return metadata;
}
