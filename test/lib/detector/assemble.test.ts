import * as tf from "@tensorflow/tfjs-core";
import { beforeAll, describe, expect, it } from "vitest";
import { loadBackend } from "../../../lib/backend/load.ts";
import type { Target } from "../../../lib/data/batch.ts";
import { movingAverage } from "../../../lib/detector/assemble.ts";
import type { Detector, Moment } from "../../../lib/detector/detector.ts";
import { fcos } from "../../../lib/detector/fcos.ts";
import { parameterStore } from "../../../lib/detector/parameters.ts";
import { retinanet } from "../../../lib/detector/retinanet.ts";
import { expectNoLeak, normal } from "../tensor/finite-difference.ts";

beforeAll(async () => { await loadBackend(); });

const looking: Moment = { iteration: 3, remember: false };
const targets: Target[] = [{ image: 0, imageId: 0, boxes: Float32Array.of(4, 6, 30, 28), labels: Int32Array.of(1), width: 48, height: 48, scaleX: 1, scaleY: 1, flipped: false }];

describe("the moving average of positives", () => {
  it("moves at each use, by a tenth of the batch's positives, at least one", () => {
    const store = parameterStore(0);
    const next = movingAverage(store, 100);
    tf.tidy(() => {
      expect(next([30, 20]).dataSync()[0]).toBeCloseTo(95, 4);
      expect(next([0, 0], { remember: true }).dataSync()[0]).toBeCloseTo(85.6, 4);
      expect(store.list()[0].variable.dataSync()[0]).toBeCloseTo(85.6, 4);
    });
    store.dispose();
  });

  it("tells the value of the next step without taking it", () => {
    const store = parameterStore(0);
    const next = movingAverage(store, 100);
    tf.tidy(() => {
      for (let i = 0; i < 2; i++) expect(next([50], { remember: false }).dataSync()[0]).toBeCloseTo(95, 4);
      expect(store.list()[0].variable.dataSync()[0]).toBe(100);
    });
    store.dispose();
  });

  it.each<[string, () => Detector]>([
    ["RetinaNet", () => retinanet({ classes: 2, seed: 1, channels: 8, backbone: "tiny-4", normaliser: "moving-average" })],
    ["FCOS", () => fcos({ classes: 2, seed: 1, channels: 8, backbone: "tiny-4", normaliser: "moving-average" })],
  ])("stays where it is while a %s's loss is looked at, which is the one that training takes next", (_, make) => {
    const detector = make();
    const average = detector.parameters().find(({ name }) => name === "loss_normalizer")!.variable;
    const start = average.dataSync()[0];
    tf.tidy(() => {
      const prediction = detector.forward(normal([1, 48, 48, 3], "images") as tf.Tensor4D);
      const losses = (moment?: Moment) => Object.values(detector.loss(prediction, targets, moment)).map((value) => value.dataSync()[0]);
      const looked = losses(looking);
      expect(losses(looking)).toEqual(looked);
      expect(average.dataSync()[0]).toBe(start);
      expectNoLeak(() => tf.tidy(() => { detector.loss(prediction, targets, looking); }));
      expect(losses()).toEqual(looked);
      expect(average.dataSync()[0]).not.toBe(start);
      expect(losses()).not.toEqual(looked);
    });
    detector.dispose();
  });
});
