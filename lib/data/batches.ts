import * as tf from "@tensorflow/tfjs-core";
import { random } from "../tensor/random.ts";
import type { Batch, Target } from "./batch.ts";
import { cached } from "./cached.ts";
import type { Dataset } from "./dataset.ts";
import { imageAt } from "./image-at.ts";
import type { MaskConvention } from "./move-mask.ts";
import { rowWriter } from "./normalise.ts";
import type { OrderOptions, Place } from "./order.ts";
import { batchOrder, trainable } from "./order.ts";
import type { Plan, Transforms } from "./transforms.ts";
import { batchSizeOf, checkTransforms, moveTargets, paint, plan } from "./transforms.ts";

interface CommonOptions {
  readonly batchSize: number;
  readonly transforms?: Transforms;
  /** Batches prepared ahead; default 2. They are plain arrays: only the batch that is yielded holds a tensor. */
  readonly prefetch?: number;
  /** Bytes of decoded images kept (default 128 MiB, 0: none). Share one `cached(dataset)` among several runs instead. */
  readonly cacheBytes?: number;
  /** Make each object's mask, as run lengths; true is `polygon`. Every object but crowds must have one. Default false. */
  readonly masks?: boolean | MaskConvention;
}

export interface BatchOptions extends CommonOptions, OrderOptions {
  /** First iteration; default 0. Batch i is the same whatever `from` is. */
  readonly from?: number;
  /** Leave out images without objects (default false). */
  readonly dropEmpty?: boolean;
}

/** A batch before it becomes a tensor. */
interface Prepared {
  /** [B, height, width, 3]. */
  readonly data: Float32Array;
  readonly shape: [number, number, number, number];
  readonly targets: readonly Target[];
}

interface Job {
  readonly index: number;
  readonly plan: Plan;
}

function maskConvention(masks: boolean | MaskConvention = false): MaskConvention | undefined {
  if (typeof masks === "boolean") return masks ? "polygon" : undefined;
  if (masks !== "polygon" && masks !== "bitmap") throw new RangeError(`batches: masks received ${JSON.stringify(masks)}, allowed are true, false, "polygon" and "bitmap"`);
  return masks;
}

/** Decodes, resizes, mirrors, normalises and pads the images of one batch. */
function preparer(dataset: Dataset, { transforms = {}, cacheBytes = 128 << 20, masks }: CommonOptions): (jobs: readonly Job[]) => Promise<Prepared> {
  checkTransforms(transforms);
  const convention = maskConvention(masks);
  const source = cacheBytes > 0 ? cached(dataset, cacheBytes) : dataset;
  const labels = new Map(dataset.categories.map((category, label) => [category.id, label]));
  const write = rowWriter(transforms.normalise ?? "torchvision");
  return async (jobs) => {
    const images = await Promise.all(jobs.map(({ index }) => source.pixels(index)));
    const { width, height } = batchSizeOf(jobs.map((job) => job.plan), transforms.padTo);
    const data = new Float32Array(jobs.length * height * width * 3);
    images.forEach((pixels, b) => paint(pixels, jobs[b].plan, write, { out: data, offset: b * height * width * 3, rowLength: width * 3 }));
    return { data, shape: [jobs.length, height, width, 3], targets: jobs.map((job) => moveTargets(dataset, job.index, job.plan, { labels, masks: convention })) };
  };
}

/** Disposing twice is harmless. */
function toBatch({ data, shape, targets }: Prepared): Batch {
  const images = tf.tensor4d(data, shape);
  return { images, targets, dispose: () => images.dispose() };
}

/** Keeps `ahead` preparations under way; a preparation that nobody will ask for may fail unseen. */
async function* pipeline(start: (position: number) => Promise<Prepared> | undefined, ahead: number): AsyncGenerator<Batch, void> {
  const queue: Promise<Prepared>[] = [];
  let next = 0;
  const fill = () => {
    while (queue.length <= ahead) {
      const job = start(next);
      if (job === undefined) return;
      job.catch(() => undefined);
      queue.push(job);
      next++;
    }
  };
  for (fill(); queue.length > 0; fill()) yield toBatch(await queue.shift()!);
}

function checkCounts(counts: Readonly<Record<string, number>>): void {
  for (const [name, value] of Object.entries(counts)) {
    const least = name === "batchSize" ? 1 : 0;
    if (!Number.isSafeInteger(value) || value < least) throw new RangeError(`batches: ${name} must be a whole number of at least ${least}, received ${value}`);
  }
}

/** The augmentation stream of an image in an epoch: the same whatever batch or iteration it falls into. */
function trainingJob(dataset: Dataset, transforms: Transforms, seed: number): (place: Place) => Job {
  return ({ index, epoch }) => {
    const image = imageAt(dataset.images, index);
    return { index, plan: plan(image, transforms, random(seed, "augment", epoch, image.id)) };
  };
}

function trainingSource(dataset: Dataset, options: BatchOptions): (iteration: number) => Promise<Prepared> {
  const prepare = preparer(dataset, options);
  const order = batchOrder(trainable(dataset, options.dropEmpty), options);
  const job = trainingJob(dataset, options.transforms ?? {}, options.seed);
  return async (iteration) => prepare(order(iteration).map(job));
}

/**
 * Endless training batches. Batch i, its images, order, sizes and mirrors, depends on the seed and i alone: a run that
 * restarts with `from` continues to the bit. The consumer disposes each batch; stopping early leaves nothing behind.
 * Throws RangeError on impossible options; rejects with DatasetError when an image cannot be decoded.
 */
export function batches(dataset: Dataset, options: BatchOptions): AsyncGenerator<Batch, void> {
  const { batchSize, from = 0, prefetch = 2 } = options;
  checkCounts({ batchSize, from, prefetch });
  const source = trainingSource(dataset, options);
  return pipeline((position) => source(from + position), prefetch);
}

/** The training batch of one iteration, as `batches` yields it. The caller disposes it. */
export async function batchAt(dataset: Dataset, iteration: number, options: BatchOptions): Promise<Batch> {
  checkCounts({ batchSize: options.batchSize, iteration });
  return toBatch(await trainingSource(dataset, options)(iteration));
}

/**
 * Every image once, in order, not augmented (jittered sizes take their middle); the last batch may be smaller.
 * The consumer disposes each batch.
 */
export function evaluationBatches(dataset: Dataset, options: CommonOptions): AsyncGenerator<Batch, void> {
  const { batchSize, transforms = {}, prefetch = 2 } = options;
  checkCounts({ batchSize, prefetch });
  const prepare = preparer(dataset, { cacheBytes: 0, ...options });
  const count = dataset.images.length;
  return pipeline((position) => {
    const first = position * batchSize;
    if (first >= count) return undefined;
    const indices = Array.from({ length: Math.min(batchSize, count - first) }, (_, k) => first + k);
    return prepare(indices.map((index) => ({ index, plan: plan(imageAt(dataset.images, index), transforms) })));
  }, prefetch);
}
