import { createHash } from "node:crypto";
import { createReadStream, existsSync, statSync } from "node:fs";
import { basename } from "node:path";
import { normalisation, type Normalisation, type NormalisationName } from "../data/normalise.ts";
import type { Transforms } from "../data/transforms.ts";
import type { Detector } from "../detector/detector.ts";
import { checkpoints, findCheckpoint, type Checkpoint } from "../detector/weights/catalogue.ts";
import { checkpointPath, fetchCheckpoint, weightsFolder, type FetchOptions } from "../detector/weights/fetch.ts";
import { loadWeights } from "../detector/weights/load.ts";

/** What a training starts from. */
export interface WeightsSpec {
  /** A name of the catalogue (`detectron2/MSRA/R-50`; `potstill weights list`), or a path of a file. */
  readonly from: string;
  /** `backbone`: of an ImageNet classifier or any detector (default); `detector`: everything, in the detector's own names. */
  readonly part?: "backbone" | "detector";
  /** Parameters that keep their start where the file has none, or one of another shape; a name, or its beginning and `*`. */
  readonly optional?: readonly string[];
}

export type WeightsSource = Pick<FetchOptions, "folder" | "mirror" | "reporter" | "signal">;

/** What the run directory says of them. */
export interface WeightsRecord {
  /** The catalogue's name, or the file's. */
  readonly name: string;
  readonly sha256: string;
  readonly part: NonNullable<WeightsSpec["part"]>;
  /** Parameters that were set. */
  readonly parameters: number;
}

export interface FoundWeights {
  readonly name: string;
  readonly path: string;
  readonly sha256: string;
  readonly checkpoint?: Checkpoint;
}

/** @throws Error for a part, a source or names that are none */
export function specOf(weights: string | WeightsSpec): WeightsSpec {
  const spec = typeof weights === "string" ? { from: weights } : weights;
  const part: unknown = spec.part ?? "backbone";
  if (part !== "backbone" && part !== "detector") throw new Error(`weights.part is ${JSON.stringify(part)}; it must be "backbone" or "detector"`);
  if (typeof spec.from !== "string") throw new Error(`weights.from is ${JSON.stringify(spec.from) ?? "left out"}; it must be a file, or a checkpoint of \`potstill weights list\``);
  const optional: unknown = spec.optional ?? [];
  if (!Array.isArray(optional) || !optional.every((name) => typeof name === "string")) throw new Error(`weights.optional is ${JSON.stringify(optional)}; it must be a list of names of parameters, as ["bbox_head.*"]`);
  return spec;
}

const listed = (from: string): Checkpoint | undefined => checkpoints.find(({ name }) => name === from);

/** @throws Error when it is neither in the catalogue nor a file */
function requireFile(from: string): string {
  if (statSync(from, { throwIfNoEntry: false })?.isFile()) return from;
  const similar = /[\\/]/.test(from) && !from.startsWith(".") && !from.startsWith("/");
  let catalogue = "";
  try {
    if (similar) findCheckpoint(from);
  } catch (error) {
    catalogue = `; ${(error as Error).message}`;
  }
  throw new Error(`weights: there is no file ${from}${catalogue}. Name a file (.pth, .pkl, .safetensors), or a checkpoint of \`potstill weights list\``);
}

/** SHA-256 (hex) of a file. */
export async function hashOf(path: string): Promise<string> {
  const hash = createHash("sha256");
  for await (const block of createReadStream(path, { highWaterMark: 1 << 20 })) hash.update(block as Buffer);
  return hash.digest("hex");
}

/**
 * What identifies weights in a run's name: the catalogue's name, whose file is checked against its publisher's hash or the pin
 * of its first download, or a file's content, wherever it lies. Nothing is fetched.
 * @throws Error when it is neither in the catalogue nor a file
 */
export async function weightsIdentity(weights: string | WeightsSpec): Promise<object> {
  const { from, ...spec } = specOf(weights);
  return listed(from) ? { from, ...spec } : { sha256: await hashOf(requireFile(from)), ...spec };
}

/**
 * The file of weights: of the catalogue from the cache, or fetched into it.
 * @throws Error when it is neither there nor to be had, with how to get it
 */
export async function findWeights(weights: string | WeightsSpec, { mirror = process.env.POTSTILL_WEIGHTS_MIRROR, folder = weightsFolder(), ...source }: WeightsSource = {}): Promise<FoundWeights> {
  const { from } = specOf(weights);
  const checkpoint = listed(from);
  if (checkpoint === undefined) {
    const path = requireFile(from);
    return { name: basename(path), path, sha256: await hashOf(path) };
  }
  const place = checkpointPath(checkpoint, folder);
  const present = existsSync(place);
  try {
    const { path, sha256 } = await fetchCheckpoint(checkpoint, { folder, ...source, ...(mirror !== undefined && { mirror }) });
    return { name: from, path, sha256, checkpoint };
  } catch (error) {
    if (present || source.signal?.aborted) throw error;
    throw new Error(`the weights "${from}" are not in ${folder} and cannot be fetched: ${(error as Error).message}. Or fetch them where there is a network (potstill weights fetch ${from}), and copy the file to ${place}`, { cause: error });
  }
}

/**
 * Sets a detector's parameters from the file.
 * @param transforms how its images will be prepared: what the weights were trained on, when the catalogue knows
 * @throws Error when the file does not fit the detector or the images, before anything is changed
 */
export function startFrom(detector: Pick<Detector, "parameters">, weights: string | WeightsSpec, { found, transforms }: { readonly found: FoundWeights; readonly transforms: Transforms }): WeightsRecord {
  const { part = "backbone", optional } = specOf(weights);
  if (found.checkpoint) checkPixels(found.checkpoint, transforms);
  const { loaded } = loadWeights(detector, found.path, {
    ...(part === "backbone" && { only: "backbone" as const }),
    ...(optional && { optional }),
    ...(found.checkpoint?.epsilon !== undefined && { epsilon: found.checkpoint.epsilon }),
  });
  return { name: found.name, sha256: found.sha256, part, parameters: loaded.length };
}

function checkPixels({ name, pixels: { order, mean, deviation } }: Checkpoint, transforms: Transforms): void {
  requirePixels(`the weights "${name}" were`, { order: order === "RGB" ? "rgb" : "bgr", mean, std: deviation }, transforms);
}

/**
 * Images must be prepared as those that weights were trained on: channels in the same order, deviations within 10 %. Other means
 * by a pixel's width do no harm (MSRA's exist in two).
 * @param whose "the weights X were": the message's beginning
 * @param trained how those images were prepared
 * @throws Error with both, and what to set
 */
export function requirePixels(whose: string, trained: NormalisationName | Normalisation, { normalise = "torchvision" }: Transforms): void {
  const [own, given] = [normalisation(trained), normalisation(normalise)];
  if (given.order === own.order && given.std.every((value, i) => Math.abs(value / own.std[i] - 1) < 0.1)) return;
  throw new Error(`${whose} trained on ${own.order.toUpperCase()} pixels with deviations ${own.std.join(", ")}, the images are prepared as ${given.order.toUpperCase()} with ${given.std.join(", ")}. Set data.transforms.normalise to ${JSON.stringify(trained)}`);
}
