import * as tf from "@tensorflow/tfjs-core";
import { beforeAll, describe, expect, it } from "vitest";
import { loadBackend } from "../../../lib/backend/load.ts";
import { priorsOf } from "../../../lib/detector/assignment.ts";
import type { Detector } from "../../../lib/detector/detector.ts";
import { fcos } from "../../../lib/detector/fcos.ts";
import { gfl } from "../../../lib/detector/gfl.ts";
import { retinanet } from "../../../lib/detector/retinanet.ts";
import { normal } from "../tensor/finite-difference.ts";

beforeAll(async () => void (await loadBackend()));

const size = { height: 64, width: 96 };
const detectors: Readonly<Record<string, () => Detector>> = {
  retinanet: () => retinanet({ classes: 3, seed: 1, channels: 16, backbone: "tiny-8" }),
  fcos: () => fcos({ classes: 3, seed: 1, channels: 16 }),
  gfl: () => gfl({ preset: "mmdet", classes: 3, seed: 1, channels: 32, backbone: "tiny-8" }),
};

describe("a detector's reading of its box outputs", () => {
  it.each(Object.keys(detectors))("%s: is what its decoder reads", (name) => {
    const detector = detectors[name]();
    tf.tidy(() => {
      const prediction = detector.forward(normal([1, size.height, size.width, 3], "images") as tf.Tensor4D);
      const read = detector.readBoxes!(prediction);
      const levels = priorsOf(detector, size);
      const boxes = levels.flatMap(({ height, width, perCell }, l) => {
        const priors = Array.from({ length: height * width * perCell }, (_, i) => i);
        const values = Array.from(read(prediction.boxes[l].dataSync<"float32">(), priors, l));
        return priors.map((i) => values.slice(4 * i, 4 * i + 4).map((v, k) => Math.min(Math.max(v, 0), k % 2 === 0 ? size.width : size.height)));
      });
      const [found] = detector.decode({ ...prediction, logits: prediction.logits.map((map) => tf.add<tf.Tensor4D>(map, 9)) }, [size]);
      expect(found.scores.length).toBeGreaterThan(0);
      for (let i = 0; i < found.scores.length; i++) {
        const box = Array.from(found.boxes.subarray(4 * i, 4 * i + 4));
        expect(boxes.some((one) => one.every((v, k) => Math.abs(v - box[k]) < 1e-3)), `${box.join(", ")}`).toBe(true);
      }
    });
    detector.dispose();
  });
});
