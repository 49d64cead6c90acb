import { existsSync } from "node:fs";
import { InvalidArgumentError, Option, type Command } from "commander";
import { silentReporter, terminalReporter } from "../../lib/backend/setup/progress.ts";
import { checkpoints, findCheckpoint, type Checkpoint } from "../../lib/detector/weights/catalogue.ts";
import { checkpointPath, fetchCheckpoint, readPin, verifyCheckpoint, weightsFolder, type Verified } from "../../lib/detector/weights/fetch.ts";
import { NonFiniteWeightsError } from "../../lib/detector/weights/source.ts";
import type { CardScore } from "../../lib/provenance/index.ts";
import { UsageError } from "../errors.ts";

interface FetchFlags {
  readonly mirror?: string;
  readonly accept?: string;
  readonly quiet: boolean;
}

/** `potstill weights list`, `fetch NAME…`, `verify [NAME…]`, `convert IN OUT`, `export RUN OUT`. */
export function register(program: Command): void {
  const weights = program.command("weights").description("fetch, check and convert published weights (torchvision, mmdetection, detectron2)");
  weights
    .command("list")
    .description("the checkpoints that can be fetched by name, with address, hash and where they lie")
    .argument("[words...]", "only names and descriptions with all of these words")
    .option("--json", "print them as JSON", false)
    .action(list);
  weights
    .command("fetch")
    .description("bring checkpoints into the cache; a stopped download goes on; prints their paths")
    .argument("<names...>", "names as potstill weights list shows them")
    .addOption(new Option("--mirror <url>", "address that stands for the publishers': asked for the original's path, then for the file's name; http, https or file").env("POTSTILL_WEIGHTS_MIRROR"))
    .option("--accept <sha256>", "take a file with this SHA-256 although it is not the published or pinned one", parseHash)
    .option("--quiet", "no progress", false)
    .addHelpText("after", "\nWhere: weights/ in POTSTILL_CACHE, else XDG_CACHE_HOME/potstill, else ~/.cache/potstill.")
    .action(fetchAll);
  weights
    .command("verify")
    .description("compare what lies in the cache with published and pinned hashes (exit code 1 when a file is wrong or, asked for by name, absent)")
    .argument("[names...]", "default: everything that was fetched")
    .action(verify);
  weights
    .command("convert")
    .description("write a .pth, .pkl or .safetensors as safetensors (float32, the file's own names); nothing in the file is executed")
    .argument("<in>", "weight file, or the name of one that was fetched")
    .argument("<out>", "safetensors file to write")
    .option("--keep-non-finite", "keep NaN and infinite values instead of refusing the file", false)
    .action(convert);
  weights
    .command("export")
    .description("put a finished training's weights into a folder, with a model card (README.md) and what was trained; potstill detect takes the folder")
    .argument("<run>", "a run's folder, as potstill train prints it")
    .argument("<out>", "folder to write")
    .option("--data <folder>", "score the weights on the validation part of a folder in COCO format, or synthetic, and put that into the card")
    .option("--license <terms>", "terms of the weights: an SPDX name, or a name and an address as \"Name <https://…>\" (default: not stated)")
    .action(exportRun);
}

function parseHash(text: string): string {
  if (!/^[0-9a-fA-F]{64}$/.test(text)) throw new InvalidArgumentError("It must be the 64 hexadecimal digits of a SHA-256.");
  return text.toLowerCase();
}

/** Wrong names are wrong usage. */
function find(name: string): Checkpoint {
  try {
    return findCheckpoint(name);
  } catch (error) {
    throw new UsageError((error as Error).message);
  }
}

function list(words: readonly string[], { json }: { readonly json: boolean }): void {
  const wanted = checkpoints.filter(({ name, about }) => words.every((word) => `${name} ${about}`.toLowerCase().includes(word.toLowerCase())));
  if (json) {
    process.stdout.write(`${JSON.stringify(wanted.map((checkpoint) => ({ ...checkpoint, path: checkpointPath(checkpoint) })), null, 2)}\n`);
    return;
  }
  const width = Math.max(...wanted.map(({ name }) => name.length));
  const lines = wanted.map((checkpoint) =>
    [`${checkpoint.name.padEnd(width)}  ${checkpoint.about}${checkpoint.epsilon === undefined ? "" : `; load with epsilon: ${checkpoint.epsilon}`}`, checkpoint.url, hashLine(checkpoint), ...placeLine(checkpoint)].join("\n    "));
  if (lines.length === 0) process.exitCode = 1;
  process.stdout.write(lines.length === 0 ? `no checkpoint has all of: ${words.join(" ")}\n` : `${lines.join("\n")}\nKept in ${weightsFolder()}\n`);
}

function hashLine(checkpoint: Checkpoint): string {
  const { hash } = checkpoint;
  if (hash !== undefined) return `${hash.algorithm === "md5" ? "MD5" : "SHA-256"} ${hash.prefix}…`;
  const pinned = readPin(checkpointPath(checkpoint));
  return pinned === undefined ? "no published hash: pinned at the first download" : `no published hash; pinned: SHA-256 ${pinned}`;
}

function placeLine(checkpoint: Checkpoint): string[] {
  const path = checkpointPath(checkpoint);
  return existsSync(path) ? [`fetched: ${path}`] : [];
}

async function fetchAll(names: readonly string[], { mirror, accept, quiet }: FetchFlags): Promise<void> {
  const wanted = names.map(find);
  if (accept !== undefined && wanted.length !== 1) throw new UsageError("--accept is for one file; name one checkpoint");
  const reporter = quiet ? silentReporter : terminalReporter();
  for (const checkpoint of wanted) {
    const { path } = await fetchCheckpoint(checkpoint, { reporter, ...(mirror !== undefined && { mirror }), ...(accept !== undefined && { accept }) });
    process.stdout.write(`${path}\n`);
  }
}

async function verify(names: readonly string[]): Promise<void> {
  const results: Verified[] = [];
  for (const checkpoint of names.length === 0 ? checkpoints : names.map(find)) results.push(await verifyCheckpoint(checkpoint));
  const shown = names.length === 0 ? results.filter(({ state }) => state !== "absent") : results;
  for (const { name, state, detail, path } of shown) process.stdout.write(`${state.padEnd(6)}  ${name}: ${detail}${state === "absent" ? "" : ` (${path})`}\n`);
  if (shown.length === 0) process.stdout.write(`nothing is in ${weightsFolder()} yet\n`);
  if (shown.some(({ state }) => state !== "sound")) process.exitCode = 1;
}

async function convert(from: string, to: string, { keepNonFinite }: { readonly keepNonFinite: boolean }): Promise<void> {
  const { convertWeights } = await import("../../lib/detector/weights/save.ts"); // brings TensorFlow.js along
  const other = /\.(?:pth?|pkl)$/i.exec(to)?.[0];
  if (other !== undefined) throw new UsageError(`<out> is ${to}, but what is written is safetensors and no ${other} file; name it ${to.slice(0, -other.length)}.safetensors`);
  const { tensors, counters, values, format } = inOwnWords(() => convertWeights(fileOf(from), to, { nonFinite: keepNonFinite ? "keep" : "refuse" }));
  const left = counters === 0 ? "" : `; ${counted(counters, "counter")} (num_batches_tracked) left out`;
  process.stdout.write(`${to}: ${counted(tensors, "tensor")}, ${counted(values, "value")}, from ${format}${left}\n`);
}

/** The library's remedy is an option of its own; here it is a flag. */
function inOwnWords<T>(work: () => T): T {
  let finding: string;
  try {
    return work();
  } catch (error) {
    if (!(error instanceof NonFiniteWeightsError)) throw error;
    ({ finding } = error);
  }
  throw new Error(`${finding}. Fetch it again, or keep such values with --keep-non-finite`);
}

async function exportRun(run: string, out: string, { data, license }: { readonly data?: string; readonly license?: string }): Promise<void> {
  const { exportModel, named } = await import("../../lib/provenance/index.ts");
  const licence = named("--license", license);
  const scores = data === undefined ? [] : await scored(run, data);
  for (const path of await exportModel(run, out, { scores, ...(licence && { licence }) })) process.stdout.write(`${path}\n`);
}

/** Box scores of a run's weights, as a card has them. */
async function scored(run: string, data: string): Promise<CardScore[]> {
  const [{ openTrained }, { scoreCard }, { openValidation }] = await Promise.all([import("../../lib/papers/trained.ts"), import("../../lib/papers/score-card.ts"), import("../data.ts")]);
  const { dataset } = await openValidation(data);
  const { detector, transforms } = await openTrained(run, { dataset });
  try {
    return await scoreCard(detector, dataset, transforms);
  } finally {
    detector.dispose();
  }
}

function counted(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? "" : "s"}`;
}

/** A file as it is named; a checkpoint's name is its file in the cache. */
function fileOf(from: string): string {
  const checkpoint = existsSync(from) ? undefined : checkpoints.find(({ name }) => name === from);
  if (checkpoint === undefined) return from;
  const path = checkpointPath(checkpoint);
  if (!existsSync(path)) throw new UsageError(`${from} was not fetched yet: npx potstill weights fetch ${from}`);
  return path;
}
