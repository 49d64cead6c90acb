import * as tf from "@tensorflow/tfjs";
import { beforeAll, describe, expect, it } from "vitest";
import type { Batch } from "../../../lib/data/batch.ts";
import type { BatchOptions } from "../../../lib/data/batches.ts";
import { batchAt, batches, evaluationBatches } from "../../../lib/data/batches.ts";
import { cached } from "../../../lib/data/cached.ts";
import { batchOrder, trainable } from "../../../lib/data/order.ts";
import { syntheticScenes } from "../../../lib/data/synthetic.ts";
import type { Transforms } from "../../../lib/data/transforms.ts";
import { box, memoryDataset, noise } from "./fixtures.ts";

beforeAll(async () => { await tf.setBackend("cpu"); });

const scenes = syntheticScenes({ images: 11, size: 48, seed: 3 });
const transforms: Transforms = { resize: { kind: "edge", short: { from: 40, to: 60 } }, flip: 0.5, verticalFlip: 0.5, padTo: 16, normalise: "simple" };
const options: BatchOptions = { batchSize: 4, seed: 9, transforms };

interface Snapshot { readonly shape: readonly number[]; readonly data: readonly number[]; readonly targets: unknown }

function snapshot(batch: Batch): Snapshot {
  const taken = { shape: batch.images.shape, data: [...batch.images.dataSync()], targets: batch.targets };
  batch.dispose();
  return taken;
}

async function take(generator: AsyncGenerator<Batch, void>, count: number): Promise<Snapshot[]> {
  const out: Snapshot[] = [];
  for await (const batch of generator) {
    out.push(snapshot(batch));
    if (out.length === count) break;
  }
  return out;
}

describe("batchOrder", () => {
  it("takes each image once per epoch, epochs following without a gap, in different orders", () => {
    const at = batchOrder([3, 5, 7, 8, 9], { batchSize: 3, seed: 1 });
    const places = Array.from({ length: 5 }, (_, i) => at(i)).flat();
    expect(places.map((place) => place.epoch)).toEqual([0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 2, 2, 2, 2, 2]);
    const epochs = [0, 1, 2].map((e) => places.filter((place) => place.epoch === e).map((place) => place.index));
    for (const epoch of epochs) expect([...epoch].sort((a, b) => a - b)).toEqual([3, 5, 7, 8, 9]);
    expect(new Set(epochs.map(String)).size).toBeGreaterThan(1);
  });

  it("is a function of seed and iteration, whatever was asked before", () => {
    const indices = Array.from({ length: 10 }, (_, i) => i);
    const forward = batchOrder(indices, { batchSize: 4, seed: 2 });
    const all = Array.from({ length: 30 }, (_, i) => forward(i));
    for (const i of [29, 0, 17, 3, 3]) expect(batchOrder(indices, { batchSize: 4, seed: 2 })(i)).toEqual(all[i]);
    expect(batchOrder(indices, { batchSize: 4, seed: 3 })(0)).not.toEqual(all[0]);
    expect(batchOrder(indices, { batchSize: 4, seed: 2, shuffle: false })(2).map((p) => p.index)).toEqual([8, 9, 0, 1]);
  });
});

describe("batches", () => {
  it("continue to the bit from any iteration, with and without prefetch and cache", async () => {
    const whole = await take(batches(scenes, options), 7);
    expect(await take(batches(scenes, { ...options, from: 4, prefetch: 0, cacheBytes: 0 }), 3)).toEqual(whole.slice(4));
    expect(snapshot(await batchAt(scenes, 5, options))).toEqual(whole[5]);
    expect(await take(batches(scenes, { ...options, seed: 10 }), 1)).not.toEqual(whole.slice(0, 1));
  });

  it("hold images of their own sizes, padded with zeros right and below", async () => {
    const { shape, data, targets } = snapshot(await batchAt(scenes, 0, options));
    const [count, height, width, channels] = shape;
    const list = targets as Batch["targets"];
    expect([count, height % 16, width % 16, channels]).toEqual([4, 0, 0, 3]);
    expect(new Set(list.map((target) => target.width)).size).toBeGreaterThan(1);
    list.forEach((target, b) => {
      for (let y = 0; y < height; y++) for (let x = 0; x < width; x++) {
        const inside = x < target.width && y < target.height;
        if (!inside) expect(data[((b * height + y) * width + x) * 3]).toBe(0);
      }
    });
  });

  it("leave no tensor behind when the consumer stops early, and none is made ahead", async () => {
    const before = tf.memory().numTensors;
    const generator = batches(scenes, { ...options, prefetch: 3 });
    const { value } = await generator.next();
    expect(tf.memory().numTensors).toBe(before + 1);
    (value as Batch).dispose();
    await generator.return();
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(tf.memory().numTensors).toBe(before);
  });

  it("prepare ahead while the consumer works", async () => {
    const dataset = memoryDataset(Array.from({ length: 20 }, (_, i) => noise(8, 8, i)));
    const generator = batches(dataset, { batchSize: 2, seed: 1, prefetch: 3, cacheBytes: 0 });
    (await generator.next()).value?.dispose();
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(dataset.decoded).toHaveLength(8);
    await generator.return();
  });

  it("leave images without objects out when asked, and refuse a dataset of such", async () => {
    const dataset = memoryDataset([noise(8, 8, 0), noise(8, 8, 1), noise(8, 8, 2)], [[], [box(1, 1, [0, 0, 4, 4])], [box(2, 2, [0, 0, 4, 4], 2, true)]]);
    expect(trainable(dataset, true)).toEqual([1]);
    expect(trainable(dataset)).toEqual([0, 1, 2]);
    expect(() => batches(memoryDataset([noise(8, 8, 0)]), { batchSize: 1, seed: 0, dropEmpty: true })).toThrow(/no image has an annotation/);
  });

  it("refuse impossible options", () => {
    expect(() => batches(scenes, { ...options, batchSize: 0 })).toThrow(/batchSize must be a whole number of at least 1, received 0/);
    expect(() => batches(scenes, { ...options, from: -1 })).toThrow(/from/);
    expect(() => batches(scenes, { ...options, transforms: { flip: 2 } })).toThrow(/flip/);
  });

  it("report a broken image to the consumer, once it is due", async () => {
    const good = memoryDataset(Array.from({ length: 6 }, (_, i) => noise(8, 8, i)));
    const broken = { ...good, pixels: async (index: number) => { if (index === 4) throw new Error("4.png: broken"); return good.pixels(index); } };
    const generator = batches(broken, { batchSize: 2, seed: 0, shuffle: false });
    for (let i = 0; i < 2; i++) (await generator.next()).value?.dispose();
    await expect(generator.next()).rejects.toThrow("4.png: broken");
  });
});

describe("evaluationBatches", () => {
  it("give every image once, in order, not augmented, the last batch smaller", async () => {
    const all = await take(evaluationBatches(scenes, { batchSize: 4, transforms }), 99);
    expect(all.map((one) => one.shape)).toEqual([[4, 64, 64, 3], [4, 64, 64, 3], [3, 64, 64, 3]]);
    const targets = all.flatMap((one) => one.targets as Batch["targets"]);
    expect(targets.map((target) => target.image)).toEqual(Array.from({ length: 11 }, (_, i) => i));
    expect(targets.every((target) => !target.flipped && target.height === 50)).toBe(true);
  });
});

describe("cached", () => {
  const pictures = Array.from({ length: 4 }, (_, i) => noise(10, 10, i));
  it("decodes each image once, forgets the least recently used, keeps within its limit", async () => {
    const dataset = memoryDataset(pictures);
    const kept = cached(dataset, 700);
    await Promise.all([kept.pixels(0), kept.pixels(0)]);
    await kept.pixels(1);
    await kept.pixels(0);
    await kept.pixels(2);
    await kept.pixels(0);
    expect(dataset.decoded).toEqual([0, 1, 2]);
    expect(await kept.pixels(1)).toBe(pictures[1]);
    expect(dataset.decoded).toEqual([0, 1, 2, 1]);
  });

  it("tries again after a failure", async () => {
    let fails = true;
    const kept = cached({ ...memoryDataset(pictures), pixels: async (index) => { if (fails) throw new Error("busy"); return pictures[index]; } });
    await expect(kept.pixels(0)).rejects.toThrow("busy");
    fails = false;
    expect(await kept.pixels(0)).toBe(pictures[0]);
  });
});
