import * as tf from "@tensorflow/tfjs-core";
import { beforeAll, describe, expect, it } from "vitest";
import { loadBackend } from "../../../../lib/backend/load.ts";
import type { Target } from "../../../../lib/data/batch.ts";
import { validCells } from "../../../../lib/detector/anchors.ts";
import { ignored } from "../../../../lib/detector/assign/max-iou.ts";
import { atss } from "../../../../lib/detector/atss.ts";
import type { Detector, LossTerms, Prediction } from "../../../../lib/detector/detector.ts";
import { fcos } from "../../../../lib/detector/fcos.ts";
import { gfl } from "../../../../lib/detector/gfl.ts";
import { retinanet } from "../../../../lib/detector/retinanet.ts";
import { normal } from "../../tensor/finite-difference.ts";

beforeAll(async () => { await loadBackend(); });

/** Predictions are given; the network is of no interest. */
const plain = { backbone: "tiny-4", channels: 4, classes: 2, seed: 0, head: { convs: 0, norm: "none" } } as const;
const masking: Readonly<Record<string, () => Detector>> = {
  retinanet: () => retinanet({ ...plain, preset: "mmdet" }),
  atss: () => atss({ ...plain, preset: "mmdet" }),
  gfl: () => gfl({ ...plain, preset: "mmdet" }),
};
const open: Readonly<Record<string, () => Detector>> = {
  "fcos of mmdet": () => fcos({ ...plain, preset: "mmdet-tricks" }),
  "retinanet of torchvision": () => retinanet({ ...plain, preset: "torchvision" }),
  "retinanet of detectron2": () => retinanet({ ...plain, preset: "detectron2-lgd" }),
};

function target([height, width]: readonly [number, number], boxes: readonly number[], labels: readonly number[]): Target {
  return { image: 0, imageId: 0, boxes: Float32Array.from(boxes), labels: Int32Array.from(labels), width, height, scaleX: 1, scaleY: 1, flipped: false };
}

/** The second image is padded to 64 × 96 of its own, and to 128 × 128 of the batch; one of its objects reaches its corner. */
const batch = { height: 128, width: 128 };
const own = { height: 64, width: 96 };
const large = target([128, 120], [5, 8, 60, 70, 90, 90, 118, 126], [0, 1]);
const small = target([40, 70], [3, 4, 30, 36, 30, 10, 70, 40], [1, 0]);

function cells(size: { readonly height: number; readonly width: number }, stride: number): [number, number] {
  return [Math.ceil(size.height / stride), Math.ceil(size.width / stride)];
}

/** Random outputs over a batch of `count` images. */
function randomPrediction(detector: Detector, count: number): Prediction {
  const shapes = detector.predict(detector.strides.map((stride) => tf.zeros<tf.Rank.R4>([1, ...cells(batch, stride), detector.channels])), batch);
  const like = (maps: readonly tf.Tensor4D[], key: string) => maps.map(({ shape: [, h, w, c] }, l) => normal([count, h, w, c], `${key}${l}`, key === "boxes" ? { scale: 0.1, offset: 1 } : {}) as tf.Tensor4D);
  const { logits, boxes, extra } = shapes;
  return { ...batch, pyramid: [], logits: like(logits, "logits"), boxes: like(boxes, "boxes"), ...(extra?.centerness && { extra: { centerness: like(extra.centerness, "centre") } }) };
}

/** The same outputs, had the image come alone in its own padding. */
function alone(detector: Detector, prediction: Prediction): Prediction {
  const cut = (maps: readonly tf.Tensor4D[]) => maps.map((map, l) => tf.slice(map, [0, 0, 0, 0], [map.shape[0], ...cells(own, detector.strides[l]), map.shape[3]]));
  const { logits, boxes, extra } = prediction;
  return { ...own, pyramid: [], logits: cut(logits), boxes: cut(boxes), ...(extra?.centerness && { extra: { centerness: cut(extra.centerness) } }) };
}

const sumOf = (terms: LossTerms) => Object.values(terms).reduce((a, b) => tf.add(a, b));
const valuesOf = (terms: LossTerms) => Object.values(terms).map((value) => value.dataSync()[0]);

/** Per level, whether the loss depends on the cells of one image's class logits, by their position. */
function reaches(detector: Detector, prediction: Prediction, targets: readonly Target[], image: number): boolean[][] {
  const slopes = tf.grads((...logits: tf.Tensor[]) => sumOf(detector.loss({ ...prediction, logits: logits as tf.Tensor4D[] }, targets)))([...prediction.logits]);
  return slopes.map((slope) => Array.from(tf.max(tf.abs(tf.slice(slope, [image, 0, 0, 0], [1, -1, -1, -1])), 3).dataSync(), (v) => v > 0));
}

function withDetector(make: () => Detector, run: (detector: Detector) => void): void {
  const detector = make();
  try { tf.tidy(() => { run(detector); }); } finally { detector.dispose(); }
}

describe.each(Object.entries(masking))("mmdet's %s", (_, make) => {
  it("trains the cells in an image's own padding, and none in that of its batch", () => {
    withDetector(make, (detector) => {
      const prediction = randomPrediction(detector, 2);
      const told = detector.assignment!(small, batch);
      for (const [l, found] of reaches(detector, prediction, [large, small], 1).entries()) {
        const [stride, [height, width]] = [detector.strides[l], cells(batch, detector.strides[l])];
        const valid = validCells({ height, width, strideY: stride, strideX: stride }, own);
        expect(valid.includes(false), `some cells of stride ${stride} lie beyond`).toBe(stride < 128);
        const perCell = told[l].perCell;
        expect(valid.map((inside, cell) => inside || told[l].objects.subarray(cell * perCell, (cell + 1) * perCell).every((o) => o === ignored)), "assignment").not.toContain(false);
        for (const [cell, inside] of valid.entries()) if (!inside) expect(found[cell], `stride ${stride}, cell ${cell}`).toBe(false);
        expect(found.filter(Boolean).length).toBeGreaterThan(0.9 * valid.filter(Boolean).length); // overlaps between the thresholds are ignored
      }
      expect(reaches(detector, prediction, [small, large], 1).flat().filter((found) => !found).length).toBeLessThan(20);
    });
  });

  it("has of an image the loss that it has of it alone", () => {
    withDetector(make, (detector) => {
      const prediction = randomPrediction(detector, 1);
      const [among, single] = [prediction, alone(detector, prediction)].map((one) => valuesOf(detector.loss(one, [small])));
      for (const [k, value] of among.entries()) expect(Math.abs(value - single[k])).toBeLessThan(1e-5 * Math.abs(single[k]));
    });
  });
});

describe.each(Object.entries(open))("%s", (_, make) => {
  it("trains the cells of the whole batch", () => {
    withDetector(make, (detector) => {
      const found = reaches(detector, randomPrediction(detector, 2), [large, small], 1);
      expect(found[0].filter((reached) => !reached).length).toBeLessThan(20);
      const prediction = randomPrediction(detector, 1);
      const [among, single] = [prediction, alone(detector, prediction)].map((one) => valuesOf(detector.loss(one, [small], { iteration: 0, remember: false }))[0]);
      expect(among).toBeGreaterThan(1.05 * single);
    });
  });
});
