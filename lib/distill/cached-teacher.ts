import { createHash } from "node:crypto";
import { existsSync, readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import * as tf from "@tensorflow/tfjs-core";
import { makeFolder } from "../backend/setup/make-folder.ts";
import type { Batch, Target } from "../data/batch.ts";
import type { Dataset } from "../data/dataset.ts";
import type { Transforms } from "../data/transforms.ts";
import type { Detector, Prediction } from "../detector/detector.ts";
import { readSafetensors, writeSafetensors, type StoredTensor } from "../detector/weights/safetensors.ts";
import { teacherOf, type Reads, type Teacher } from "./taught.ts";

export interface CachedTeacherOptions {
  /** Where answers are kept; one folder below it per teacher and data. */
  readonly folder: string;
  /** The data it is asked about. */
  readonly dataset: Pick<Dataset, "hash">;
  /** How the images are prepared. */
  readonly transforms: Transforms;
  /** What defines the network beside its weights (its specification as plain data): equal weights may lie in different networks. */
  readonly description: unknown;
  /** Bytes on disk for this teacher and data; beyond, answers are computed each time. Default 8 GiB. */
  readonly limitBytes?: number;
}

export interface CachedTeacher extends Teacher {
  /** Images computed and read since the start. */
  readonly counts: { readonly computed: number; readonly read: number };
}

/** One image's answer: tensors [1, H, W, C] by `pyramid.0`, `logits.0`, `extra.centerness.0`… */
type Answer = ReadonlyMap<string, StoredTensor>;

/**
 * A teacher whose answers are kept on disk: each image in each size and mirror is computed once, alone, in the first epoch that
 * shows it, and read in all later ones. What is full stays: with epochs in random order, forgetting the oldest would forget everything.
 * Answers belong to the teacher's weights as they are now, to the data, their normalisation and the backend that computes.
 * @throws Error for images that are cut out at random or mirrored top-bottom: the same never comes back, or cannot be told
 */
export function cachedTeacher(detector: Detector, { folder, dataset, transforms, description, limitBytes = 8 * 2 ** 30 }: CachedTeacherOptions): CachedTeacher {
  checkTransforms(transforms);
  if (!(limitBytes >= 0)) throw new RangeError(`cachedTeacher: limitBytes is ${limitBytes}; it must be a number from 0`);
  const place = join(folder, identityOf(detector, { hash: dataset.hash, normalise: transforms.normalise ?? "torchvision", description }));
  makeFolder(place);
  const source = teacherOf(detector);
  const counts = { computed: 0, read: 0 };
  let bytes = sizeOf(place);

  const answer = (asked: Asked, index: number, reads: Reads): Answer => {
    const path = join(place, `${keyOf(asked.targets[index], asked.images, reads)}.safetensors`);
    const kept = readAnswer(path);
    if (kept) {
      counts.read += 1;
      return kept;
    }
    counts.computed += 1;
    const fresh = answerOf(source, { images: asked.images, target: asked.targets[index], index }, reads);
    const size = [...fresh.values()].reduce((sum, { data }) => sum + data.byteLength, 0);
    if (bytes + size > limitBytes) return fresh;
    writeSafetensors(path, fresh);
    bytes += statSync(path).size;
    return fresh;
  };
  return {
    detector,
    counts,
    predict: (asked, reads = "prediction") => {
      const [, height, width] = asked.images.shape;
      return predictionOf(asked.targets.map((_, index) => answer(asked, index, reads)), { height, width });
    },
  };
}

type Asked = Pick<Batch, "images" | "targets">;

function checkTransforms({ crop, verticalFlip = 0 }: Transforms): void {
  const why = crop !== undefined ? "transforms.crop cuts parts out at random, which never come back" : verticalFlip > 0 ? "transforms.verticalFlip mirrors images in a way that targets do not tell" : undefined;
  if (why !== undefined) throw new Error(`cachedTeacher: ${why}. Leave that out, or let the teacher compute each time`);
}

/** SHA-256 over all that an answer depends on beside the image's place in the data, its size and mirror. */
function identityOf(detector: Detector, given: object): string {
  const hash = createHash("sha256").update(JSON.stringify([1, given, detector.name, detector.strides, tf.getBackend()]));
  for (const { name, variable } of detector.parameters()) {
    const data = variable.dataSync<"float32">();
    hash.update(`${name}:${variable.shape.join()}`).update(new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
  }
  return hash.digest("hex").slice(0, 24);
}

/** The batch's padding belongs to it: convolutions read into it. */
function keyOf({ imageId, width, height, flipped, crop }: Target, images: tf.Tensor4D, reads: Reads): string {
  if (crop !== undefined) throw new Error(`cachedTeacher: image ${imageId} is a part that was cut out at random. Leave transforms.crop out, or let the teacher compute each time`);
  return `${imageId}-${width}x${height}-in-${images.shape[2]}x${images.shape[1]}${flipped ? "-flipped" : ""}-${reads}`;
}

/** A file that is cut short or broken is none: it is written anew. */
function readAnswer(path: string): Answer | undefined {
  if (!existsSync(path)) return undefined;
  try {
    return readSafetensors(path).tensors;
  } catch {
    return undefined;
  }
}

function sizeOf(folder: string): number {
  return readdirSync(folder).reduce((sum, name) => sum + (statSync(join(folder, name), { throwIfNoEntry: false })?.size ?? 0), 0);
}

function answerOf(source: Teacher, { images, target, index }: { readonly images: tf.Tensor4D; readonly target: Target; readonly index: number }, reads: Reads): Answer {
  const answer = new Map<string, StoredTensor>();
  tf.tidy(() => {
    const one = tf.slice4d(images, [index, 0, 0, 0], [1, images.shape[1], images.shape[2], images.shape[3]]);
    const { pyramid, logits, boxes, stages = [], extra = {} } = source.predict({ images: one, targets: [target] }, reads);
    const groups = { pyramid, logits, boxes, stages, ...Object.fromEntries(Object.entries(extra).map(([name, maps]) => [`extra.${name}`, maps])) };
    for (const [name, maps] of Object.entries(groups)) maps.forEach((map, level) => answer.set(`${name}.${level}`, { shape: map.shape, data: map.dataSync<"float32">() }));
  });
  return answer;
}

/** Puts images' answers together; tensors belong to the current tidy scope. */
function predictionOf(answers: readonly Answer[], size: { readonly height: number; readonly width: number }): Prediction {
  const names = [...answers[0].keys()];
  const levels = (prefix: string) => names.filter((name) => name.slice(0, name.lastIndexOf(".")) === prefix).sort((a, b) => levelOf(a) - levelOf(b)).map((name) => stacked(answers.map((answer) => answer.get(name)!)));
  const extras = [...new Set(names.filter((name) => name.startsWith("extra.")).map((name) => name.slice("extra.".length, name.lastIndexOf("."))))];
  const stages = levels("stages");
  return {
    pyramid: levels("pyramid"), logits: levels("logits"), boxes: levels("boxes"), ...size,
    ...(stages.length > 0 && { stages }),
    ...(extras.length > 0 && { extra: Object.fromEntries(extras.map((name) => [name, levels(`extra.${name}`)])) }),
  };
}

const levelOf = (name: string) => Number(name.slice(name.lastIndexOf(".") + 1));

function stacked(parts: readonly StoredTensor[]): tf.Tensor4D {
  const [, height, width, channels] = parts[0].shape;
  const data = new Float32Array(parts.reduce((sum, part) => sum + part.data.length, 0));
  parts.reduce((offset, part) => (data.set(part.data, offset), offset + part.data.length), 0);
  return tf.tensor4d(data, [parts.length, height, width, channels]);
}
