import * as tf from "@tensorflow/tfjs-core";
import { beforeAll, describe, expect, it } from "vitest";
import { loadBackend } from "../../../lib/backend/load.ts";
import type { Target } from "../../../lib/data/batch.ts";
import { atss } from "../../../lib/detector/atss.ts";
import type { Detector, Prediction } from "../../../lib/detector/detector.ts";
import { fcos } from "../../../lib/detector/fcos.ts";
import { gfl } from "../../../lib/detector/gfl.ts";
import { retinanet } from "../../../lib/detector/retinanet.ts";
import { gradients } from "../../../lib/train/gradients.ts";
import { expectGradients, expectNoLeak, normal } from "../tensor/finite-difference.ts";

beforeAll(async () => { await loadBackend(); });

const common = { classes: 3, seed: 1, channels: 16 } as const;
/** Torchvision's and mmdet's conventions on a network of three levels. */
const levels = { backbone: "tiny-8", neck: { first: 2, last: 4, extraLevels: 0 }, head: { convs: 1, norm: "auto" } } as const;
const ranges = [[-1, 16], [16, 32], [32, Infinity]] as const;

const detectors: Readonly<Record<string, () => Detector>> = {
  "FCOS, tiny": () => fcos({ preset: "tiny", ...common }),
  "FCOS, mmdet": () => fcos({ preset: "mmdet", ...common, ...levels, assign: { ranges } }),
  "FCOS, torchvision": () => fcos({ preset: "torchvision", ...common, ...levels, assign: { ranges } }),
  "FCOS, detectron2-lgd": () => fcos({ preset: "detectron2-lgd", ...common, ...levels, assign: { ranges } }),
  "GFL, tiny": () => gfl({ preset: "tiny", ...common }),
  "ATSS, tiny": () => atss({ preset: "tiny", ...common }),
};

function target(boxes: readonly number[], labels: readonly number[], size = 64): Target {
  return { image: 0, imageId: 0, boxes: Float32Array.from(boxes), labels: Int32Array.from(labels), width: size, height: size, scaleX: 1, scaleY: 1, flipped: false };
}

const some = [target([4, 6, 30, 28, 20, 20, 50, 60], [0, 2]), target([10, 10, 34, 34], [1])];
const images = (count = 2, size = 64) => normal([count, size, size, 3], "images") as tf.Tensor4D;

function withDetector(make: () => Detector, run: (detector: Detector) => void): void {
  const detector = make();
  try { tf.tidy(() => { run(detector); }); } finally { detector.dispose(); }
}

function lossesOf(detector: Detector, batch: tf.Tensor4D, targets: readonly Target[]): Record<string, number> {
  return Object.fromEntries(Object.entries(detector.loss(detector.forward(batch), targets)).map(([name, value]) => [name, value.dataSync()[0]]));
}

/** A prediction far from every kink: positive distances, moderate logits. */
function smoothPrediction(detector: Detector): Prediction {
  const given = detector.forward(images());
  const like = (maps: readonly tf.Tensor4D[], key: string, options = {}) => maps.map(({ shape }, l) => normal(shape, `${key}${l}`, options) as tf.Tensor4D);
  const deltas = detector.name.startsWith("atss") || detector.name.startsWith("gfl");
  const boxes = like(given.boxes, "boxes", deltas ? { scale: 0.3 } : { scale: 0.1, offset: 3 });
  return { ...given, logits: like(given.logits, "logits"), boxes, ...(given.extra?.centerness && { extra: { centerness: like(given.extra.centerness, "centre") } }) };
}

describe.each(Object.entries(detectors))("%s", (name, make) => {
  it("says the same of a batch as of its images one by one", () => {
    withDetector(make, (detector) => {
      const both = detector.forward(images());
      const single = [0, 1].map((i) => detector.forward(tf.slice(images(), i, 1)));
      for (const key of ["logits", "boxes"] as const) {
        for (const [l, map] of both[key].entries()) expect(tf.max(tf.abs(tf.sub(map, tf.concat(single.map((p) => p[key][l]))))).dataSync()[0]).toBeLessThan(1e-4);
      }
      const apart = single.flatMap((p, i) => detector.decode(p, [some[i]]));
      expect(detector.decode(both, some).map(({ labels }) => labels.length)).toEqual(apart.map(({ labels }) => labels.length));
    });
  });

  it("loses only to the background in images without objects, or with empty boxes alone", () => {
    withDetector(make, (detector) => {
      const losses = lossesOf(detector, images(), [target([], []), target([], [])]);
      const { class: classification, ...others } = losses;
      expect(classification).toBeGreaterThan(0);
      for (const value of Object.values(others)) expect(value + 0).toBe(0);
      expect(lossesOf(detector, images(), [target([5, 5, 5, 9], [0]), target([], [])])).toEqual(losses);
      expect(lossesOf(detector, images(), some).box).toBeGreaterThan(0);
    });
  });

  it("goes on with 1×1 images, huge boxes, odd sizes and classes that no object has", () => {
    withDetector(make, (detector) => {
      expect(detector.decode(detector.forward(images(1, 1)), [target([], [], 1)])).toHaveLength(1);
      expect(Object.values(lossesOf(detector, images(1, 1), [target([0, 0, 1, 1], [0], 1)])).every(Number.isFinite)).toBe(true);
      expect(Object.values(lossesOf(detector, images(1, 37), [target([-1e4, -1e4, 1e4, 1e4], [1], 37)])).every(Number.isFinite)).toBe(true);
    });
  });

  it("loses a number that is none over pixels that are none, which a training refuses by name, and finds nothing there", () => {
    withDetector(make, (detector) => {
      const broken = tf.fill<tf.Rank.R4>([1, 64, 64, 3], NaN);
      expect(lossesOf(detector, broken, [some[0]]).class).toBeNaN();
      expect(detector.decode(detector.forward(broken), [some[0]])[0].scores).toHaveLength(0);
    });
  });

  it("names what is wrong with targets", () => {
    withDetector(make, (detector) => {
      const prediction = detector.forward(images());
      expect(() => detector.loss(prediction, [some[0]])).toThrow("loss: 1 targets for a prediction of 2 images");
      expect(() => detector.loss(prediction, [target([1, 1, 5, 5], [3]), some[1]])).toThrow("image 0 of the batch, object 0: label 3, allowed 0 to 2");
      expect(() => detector.loss(prediction, [some[0], target([1, NaN, 5, 5], [0])])).toThrow("image 1 of the batch, object 0: box [1, NaN, 5, 5] is not finite");
      expect(() => detector.loss(prediction, [some[0], target([0, 0, 3e38, 5], [0])])).toThrow(/image 1 of the batch, object 0: box \[.*\] reaches beyond ±16777216 pixels/);
    });
  });

  it("names what is wrong with images", () => {
    withDetector(make, (detector) => {
      expect(() => detector.forward(tf.zeros([64, 64, 3]) as never)).toThrow("images have shape [64, 64, 3]; a detector takes [batch, height, width, 3]");
      expect(() => detector.forward(images().slice(0, 0))).toThrow("images have shape [0, 64, 64, 3]");
      expect(() => detector.forward(tf.zeros([1, 0, 8, 3]))).toThrow("images have shape [1, 0, 8, 3]");
      expect(() => detector.forward(tf.zeros([1, 8, 8, 3], "int32"))).toThrow("images are int32; a detector takes float32");
    });
  });

  it("leaves no tensor behind after a step, a decoding, and an exception in the middle", () => {
    const detector = make();
    const batch = images();
    const variables = detector.parameters().filter(({ frozen }) => !frozen).map(({ variable }) => variable);
    const step = (fail: boolean) => gradients(() => {
      const terms = Object.values(detector.loss(detector.forward(batch), some));
      if (fail) throw new Error("middle");
      return { loss: tf.addN<tf.Scalar>(terms), values: tf.stack(terms) as tf.Tensor1D };
    }, variables);
    expectNoLeak(() => {
      const { values, gradients: slopes } = step(false);
      expect(slopes.every((slope) => slope !== null)).toBe(true);
      tf.dispose([values, ...(slopes as tf.Tensor[])]);
    });
    expectNoLeak(() => { tf.tidy(() => { detector.decode(detector.forward(batch), some); }); });
    expectNoLeak(() => expect(() => step(true)).toThrow("middle"));
    expectNoLeak(() => { make().dispose(); });
    detector.dispose();
    batch.dispose();
  });

  it("has the gradient of its loss", () => {
    withDetector(make, (detector) => {
      const prediction = smoothPrediction(detector);
      const terms = (names: readonly string[], change: Partial<Prediction>) => {
        const losses = detector.loss({ ...prediction, ...change }, some);
        return tf.reshape(tf.addN(names.map((one) => losses[one])), [1]);
      };
      const maps = (list: readonly tf.Tensor[]) => list as tf.Tensor4D[];
      const precise = { step: 3e-3, tolerance: 1e-2, directions: 2 };
      expectGradients((...logits) => terms(["class"], { logits: maps(logits) }), prediction.logits, precise);
      // GFL's class term takes the boxes' IoU, and its box terms the classes' scores, without gradient.
      const shape = name.startsWith("GFL") ? ["box", "distribution"] : ["box"];
      expectGradients((...boxes) => terms(shape, { boxes: maps(boxes) }), prediction.boxes, precise);
      const centerness = prediction.extra?.centerness;
      if (centerness !== undefined) expectGradients((...centre) => terms(["centerness"], { extra: { centerness: maps(centre) } }), centerness, precise);
      expect(prediction.logits).toHaveLength(3);
    });
  });
});

describe("presets by name", () => {
  it("build their origin's network: torchvision's FCOS R50 has 32,269,600 parameters (frozen norms are buffers there)", () => {
    const detector = fcos("torchvision");
    expect(detector.classes).toBe(91);
    const trained = detector.parameters().filter(({ name }) => !/(bn\d|downsample\.1)\./.test(name));
    expect(trained.reduce((sum, { variable }) => sum + variable.size, 0)).toBe(32_269_600);
    detector.dispose();
  });

  it("mean seed 0 and COCO's classes", () => {
    for (const make of [() => retinanet("tiny"), () => fcos("tiny"), () => gfl("tiny"), () => atss("tiny")]) {
      const detector = make();
      expect([detector.classes, detector.strides]).toEqual([80, [4, 8, 16]]);
      detector.dispose();
    }
  });

  it.each<[() => unknown, string]>([
    [() => fcos("yolo" as "tiny"), 'preset "yolo" of fcos is unknown; allowed: torchvision, mmdet, mmdet-2x, mmdet-tricks, detectron2, detectron2-lgd, tiny'],
    [() => retinanet("yolo" as "tiny"), 'preset "yolo" of retinanet is unknown'],
    [() => fcos({ ...common, focal: { beta: 1 } as object }), 'fcos focal has no option "beta"; allowed: alpha, gamma'],
    [() => fcos({ ...common, neck: { last: 5 } }), "fcos option assign.ranges is 3 levels; it must be one entry per level of the pyramid (4)"],
    [() => fcos({ ...common, assign: { radius: 0 } }), "fcos option assign.radius is 0; it must be above 0"],
    [() => gfl({ ...common, head: { bins: 1 } }), "gfl option head.bins is 1; it must be a whole number from 2 to 256"],
    [() => atss({ ...common, anchors: { ratios: [1, 2] } }), "the head has one prior per cell"],
    [() => gfl({ ...common, classes: 0 }), "gfl option classes is 0"],
    [() => atss({ ...common, backbone: "vgg-16" }), 'backbone "vgg-16" is unknown'],
  ])("and options fail by name (%#)", (make, message) => {
    expect(make).toThrow(message);
  });
});
