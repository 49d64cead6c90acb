import * as tf from "@tensorflow/tfjs-core";
import { beforeAll, describe, expect, it } from "vitest";
import { loadBackend } from "../../../../lib/backend/load.ts";
import { atss } from "../../../../lib/detector/atss.ts";
import type { Detector } from "../../../../lib/detector/detector.ts";
import { fcos } from "../../../../lib/detector/fcos.ts";
import { gfl } from "../../../../lib/detector/gfl.ts";
import { retinanet } from "../../../../lib/detector/retinanet.ts";
import { levelRows } from "../../../../lib/detector/loss/rows.ts";
import { iouLoss } from "../../../../lib/detector/loss/box.ts";
import { batchWith, edge } from "../../distill/taught-run.ts";

beforeAll(async () => void (await loadBackend()));

const small = { classes: 3, seed: 1, channels: 16, backbone: "tiny-8" };
const detectors: Record<string, () => Detector> = {
  retinanet: () => retinanet({ ...small, head: { convs: 2 } }),
  fcos: () => fcos({ ...small, head: { convs: 2 } }),
  atss: () => atss({ ...small, head: { convs: 2 } }),
  gfl: () => gfl({ ...small, head: { convs: 2 } }),
};

function difference(a: readonly tf.Tensor[], b: readonly tf.Tensor[]): number {
  expect(a.map(({ shape }) => shape)).toEqual(b.map(({ shape }) => shape));
  return Math.max(...a.map((map, i) => tf.max(tf.abs(tf.sub(map, b[i]))).dataSync()[0]));
}

describe("the split head", () => {
  it.each(Object.keys(detectors))("of %s says after any number of convolutions what the whole head says", (name) => {
    const before = tf.memory().numTensors;
    const detector = detectors[name]();
    const batch = batchWith([1]);
    tf.tidy(() => {
      const pyramid = detector.extract(batch.images);
      const whole = detector.predict(pyramid, edge);
      const split = detector.headSplit!;
      expect(split.convs).toBe(2);
      for (const convs of [0, 1, 2]) {
        const half = split.until(pyramid, convs);
        const activated = (maps: readonly tf.Tensor4D[]) => (convs === 0 ? maps : maps.map((map) => tf.relu(map)));
        if (convs > 0) expect(Math.min(...half.box.map((map) => tf.min(map).dataSync()[0]))).toBeLessThan(0);
        const rest = split.from({ class: activated(half.class), box: activated(half.box) }, convs);
        expect(difference(rest.logits, whole.logits)).toBeLessThan(1e-5);
        expect(difference(rest.boxes, whole.boxes)).toBeLessThan(1e-4);
        expect(difference(rest.extra?.centerness ?? [], whole.extra?.centerness ?? [])).toBeLessThan(1e-5);
      }
    });
    batch.dispose();
    detector.dispose();
    expect(tf.memory().numTensors).toBe(before);
  });

  it.each(Object.keys(detectors))("of %s gives one box per row of logits, that overlaps itself wholly where it has an area", (name) => {
    const detector = detectors[name]();
    const batch = batchWith([1, 1]);
    tf.tidy(() => {
      const prediction = detector.forward(batch.images);
      const boxes = detector.headSplit!.boxes(prediction);
      expect(boxes.shape).toEqual([levelRows(prediction.logits, 3).shape[0], 4]);
      const area = tf.mul(tf.sub(tf.slice(boxes, [0, 2], [-1, 1]), tf.slice(boxes, [0, 0], [-1, 1])), tf.sub(tf.slice(boxes, [0, 3], [-1, 1]), tf.slice(boxes, [0, 1], [-1, 1])));
      const own = iouLoss(boxes, boxes, { kind: "giou" }).dataSync();
      const kept = Array.from(area.dataSync(), (v, i) => (v > 0 ? own[i] : undefined)).filter((loss) => loss !== undefined);
      expect(kept.length).toBeGreaterThan(0);
      expect(Math.max(...kept)).toBeLessThan(1e-3);
    });
    batch.dispose();
    detector.dispose();
  });
});
