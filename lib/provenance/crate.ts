import { createHash } from "node:crypto";
import { statSync } from "node:fs";
import { join } from "node:path";
import { codeEntities } from "./crate-code.ts";
import { fileEntities } from "./crate-files.ts";
import { fileId, refer, references, type Entity, type Reference } from "./crate-graph.ts";
import { peopleEntities } from "./crate-people.ts";
import { withoutLeaks, type Machine } from "./leaks.ts";
import type { People } from "./people.ts";
import type { RunFacts } from "./run-facts.ts";
import { isoTime } from "./times.ts";

/** The profile that crates conform to. 0.6 needs RO-Crate 1.3, which validators do not know yet. */
export const processRunVersion = "0.5";
/** The RO-Crate that the profile is written for. */
export const roCrateVersion = "1.1";

const profile = `https://w3id.org/ro/wfrun/process/${processRunVersion}`;
const base = `https://w3id.org/ro/crate/${roCrateVersion}`;

/** How a run ended where it left no result. */
export interface Failure {
  /** What went wrong, in words. */
  readonly message: string;
  readonly ended: string;
}

export interface CrateOptions {
  readonly people?: People;
  /** The command that trained it, where there was one. */
  readonly command?: string;
  readonly failure?: Failure;
  /** What must not be told. */
  readonly machine: Machine;
}

/** A name-based UUID of a text, so that the same run has the same name in every crate. */
function uuid(text: string): string {
  const hex = createHash("sha1").update(`potstill run ${text}`).digest("hex");
  const variant = ((parseInt(hex[16], 16) & 0x3) | 0x8).toString(16);
  return `urn:uuid:${hex.slice(0, 8)}-${hex.slice(8, 12)}-5${hex.slice(13, 16)}-${variant}${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
}

/** What made the weights: of what is published there was no training. */
const deedOf = ({ config: { config } }: RunFacts): string => (config?.training?.iterations === 0 ? "Copy" : "Training");

/** `retinanet with sssd, 600 iterations of 4 images, seed 0, on …`; what is not trained knows neither seed nor data. */
function summary({ config: { config = {} } }: RunFacts): string {
  const { detector, method, training, data, seed } = config;
  const what = [detector?.kind ?? "retinanet", ...(method?.name ? [`with ${method.name}`] : [])].join(" ");
  if (training?.iterations === 0) return `${what}, published weights as they are`;
  const how = [training?.iterations !== undefined && `${training.iterations} iterations`, data?.batchSize !== undefined && `of ${data.batchSize} images`].filter(Boolean).join(" ");
  return [what, how, seed !== undefined && `seed ${seed}`, data?.name !== undefined && `on ${data.name}`].filter(Boolean).join(", ");
}

/** What the hash of data is, which no tool for files gives. */
const dataHash = "SHA-256 that names the data and is of no file: for a folder in COCO format over its annotation file's SHA-256 and each image's name and size in bytes; for drawn scenes over what they are drawn by; for a part of a dataset over the whole's and the positions of the images. `potstill dataset croissant` writes a folder's as its content hash.";

interface Consumed {
  readonly things: readonly Entity[];
  /** What the things are described with. */
  readonly words: readonly Entity[];
}

/** What it consumed that lies outside the directory, with the words that `config.json` has for it. */
function inputs(facts: RunFacts): Consumed {
  const { name = "unnamed", hash } = facts.config.config?.data ?? {};
  if (!hash) return { things: weightsOf(facts), words: [] };
  const identifier: Entity = { "@id": "#data-hash", "@type": "PropertyValue", name: "content hash", description: dataHash, value: hash };
  const data: Entity = { "@id": "#data", "@type": "CreativeWork", name: `data: ${name}`, identifier: refer(identifier) };
  return { things: [data, ...weightsOf(facts)], words: [identifier] };
}

/** Files of weights that it consumed, named by their hashes. */
function weightsOf({ config: { started } }: RunFacts): Entity[] {
  const made = (id: string, name: string, sha256: string): Entity => ({ "@id": id, "@type": "CreativeWork", name, identifier: `sha256:${sha256}`, sha256 });
  return [
    ...(started?.weights?.sha256 ? [made("#starting-weights", `weights that it started from: ${started.weights.name ?? "unnamed"}`, started.weights.sha256)] : []),
    ...(started?.teacher?.sha256 ? [made("#teacher-weights", `the teacher's weights: ${started.teacher.name ?? "unnamed"}`, started.teacher.sha256)] : []),
  ];
}

/** Seconds and memory as values, for those who read no `result.json`. */
function usage({ result }: RunFacts): Entity[] {
  if (result === undefined) return [];
  const value = (id: string, name: string, [amount, unitText]: readonly [number, string]): Entity => ({ "@id": `#${id}`, "@type": "PropertyValue", name, value: amount, unitText });
  return [value("seconds", "time spent in steps", [result.seconds, "s"]), value("peak-memory", "highest resident set of the process", [result.peakMemoryBytes, "B"])];
}

const configurations = /^(?:config\.json|code(?:-\d+)?\.(?:json|patch))$/;
/** What was measured of the trained detector later. */
const isScore = (path: string): boolean => /^(?:score|entrop\w*)-.*\.json$/.test(path);

interface Parts {
  readonly facts: RunFacts;
  readonly options: CrateOptions;
  readonly ended: string;
}

function action({ facts, options, ended }: Parts, { instrument, agent, consumed, variables, measured }: { readonly instrument: Reference; readonly agent: Reference; readonly consumed: readonly Reference[]; readonly variables: readonly Reference[]; readonly measured: readonly Reference[] }): Entity {
  const { command, failure } = options;
  const result = facts.files.filter(({ path }) => !configurations.test(path) && !isScore(path)).map(({ path }) => ({ "@id": fileId(path) }));
  const configured = facts.files.filter(({ path }) => path === "config.json").map(({ path }) => ({ "@id": fileId(path) }));
  const { fingerprint = "", config } = facts.config;
  return {
    "@id": uuid(`${fingerprint} ${facts.code?.started ?? ""} ${config?.name ?? ""}`),
    "@type": "CreateAction",
    name: `${deedOf(facts)} of ${config?.name ?? "a detector"}${config?.seed === undefined ? "" : `, seed ${config.seed}`}`,
    description: command ?? summary(facts),
    ...(facts.code && { startTime: facts.code.started }),
    endTime: ended,
    instrument,
    agent,
    object: references([...configured, ...consumed]),
    result: references(result),
    environment: references(variables),
    resourceUsage: references(measured),
    actionStatus: `http://schema.org/${failure ? "FailedActionStatus" : "CompletedActionStatus"}`,
    error: failure?.message,
  };
}

/**
 * The text of a run directory's `ro-crate-metadata.json`: a Process Run Crate. The same files and options give the same text.
 * @param folder the run directory, for the time of a result that does not say it
 */
export function crateText(facts: RunFacts, folder: string, options: CrateOptions): string {
  const ended = options.failure?.ended ?? facts.result?.ended ?? isoTime(statSync(join(folder, "result.json")).mtimeMs);
  const { agent, author, publisher, license, entities: people } = peopleEntities(options.people ?? {});
  const { instrument, variables, entities: code } = codeEntities(facts);
  const { things: consumed, words } = inputs(facts);
  const [measured, files] = [usage(facts), fileEntities(facts.files)];
  const training = action({ facts, options, ended }, { instrument, agent, consumed, variables, measured });
  const name = facts.config.config?.name ?? "a training";
  const root: Entity = {
    "@id": "./", "@type": "Dataset", conformsTo: { "@id": profile },
    name: `Run ${name}${facts.config.config?.seed === undefined ? "" : `, seed ${facts.config.config.seed}`}`,
    description: `${deedOf(facts)} of ${summary(facts)}, with what it was computed from and by.`,
    datePublished: ended, license, author, publisher,
    hasPart: references(files), mentions: refer(training),
  };
  const graph: Entity[] = [
    { "@id": "ro-crate-metadata.json", "@type": "CreativeWork", conformsTo: { "@id": base }, about: { "@id": "./" } },
    root,
    { "@id": profile, "@type": "CreativeWork", name: "Process Run Crate", version: processRunVersion },
    training, ...consumed, ...words, ...measured, ...code, ...people, ...files,
  ];
  const context = [`${base}/context`, "https://w3id.org/ro/terms/workflow-run/context"];
  return `${withoutLeaks(JSON.stringify({ "@context": context, "@graph": graph }, null, 2), options.machine)}\n`;
}
