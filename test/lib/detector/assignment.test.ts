import * as tf from "@tensorflow/tfjs-core";
import { beforeAll, describe, expect, it } from "vitest";
import { loadBackend } from "../../../lib/backend/load.ts";
import type { Target } from "../../../lib/data/batch.ts";
import { assignmentOf, countAssigned, levelName, priorsOf } from "../../../lib/detector/assignment.ts";
import { atss } from "../../../lib/detector/atss.ts";
import type { Detector } from "../../../lib/detector/detector.ts";
import { fasterRcnn } from "../../../lib/detector/faster-rcnn.ts";
import { fcos } from "../../../lib/detector/fcos.ts";
import { gfl } from "../../../lib/detector/gfl.ts";
import { retinanet } from "../../../lib/detector/retinanet.ts";
import { expectNoLeak, normal } from "../tensor/finite-difference.ts";

beforeAll(async () => { await loadBackend(); });

const common = { classes: 3, seed: 1, channels: 16 } as const;

/** So many that all anchors are drawn: what remains is the assignment. */
const all = { rpn: { sampling: { count: 1e6, positiveFraction: 1 } } };

/** Detectors by name, each on a tiny backbone. */
const detectors: Readonly<Record<string, () => Detector>> = {
  "RetinaNet, tiny": () => retinanet({ preset: "tiny", ...common }),
  "RetinaNet, torchvision": () => retinanet({ preset: "torchvision", backbone: "tiny-8", ...common }),
  "RetinaNet, mmdet": () => retinanet({ preset: "mmdet", backbone: "tiny-8", ...common }),
  "FCOS, tiny": () => fcos({ preset: "tiny", ...common, head: { activation: "exp" } }), // a ReLU's zeros would hide positives
  "FCOS, mmdet": () => fcos({ preset: "mmdet", backbone: "tiny-8", ...common, channels: 32 }),
  "GFL, tiny": () => gfl({ preset: "tiny", ...common }),
  "GFL, mmdet": () => gfl({ preset: "mmdet", backbone: "tiny-8", ...common, channels: 32 }),
  "ATSS, tiny": () => atss({ preset: "tiny", ...common }),
  "Faster R-CNN, tiny": () => fasterRcnn({ preset: "tiny", ...common, ...all }),
  "Faster R-CNN, mmdet": () => fasterRcnn({ preset: "mmdet", backbone: "tiny-8", ...common, ...all }),
};

const size = { height: 64, width: 96 };

function target(boxes: readonly number[], labels: readonly number[]): Target {
  return { image: 0, imageId: 0, boxes: Float32Array.from(boxes), labels: Int32Array.from(labels), ...size, scaleX: 1, scaleY: 1, flipped: false };
}

/** The second object has no area: it is assigned nothing, and the third keeps its number. */
const objects = target([4, 6, 34, 40, 20, 20, 20, 60, 40, 8, 95, 60], [0, 1, 2]);

/** Per level and prior: does the box output, does the class output get a gradient from the detector's own loss? */
function trained(detector: Detector): { box: boolean[]; logits: boolean[] } {
  return tf.tidy(() => {
    const prediction = detector.forward(normal([1, size.height, size.width, 3], "images") as tf.Tensor4D);
    const n = prediction.logits.length;
    const loss = (...maps: tf.Tensor[]) => {
      const terms = detector.loss({ ...prediction, logits: maps.slice(0, n) as tf.Tensor4D[], boxes: maps.slice(n) as tf.Tensor4D[] }, [objects]);
      return tf.addN<tf.Scalar>(Object.values(terms));
    };
    const [{ perCell }] = priorsOf(detector, size);
    const slopes = tf.grads(loss)([...prediction.logits, ...prediction.boxes]);
    return { logits: slopes.slice(0, n).flatMap((slope) => touched(slope, perCell)), box: slopes.slice(n).flatMap((slope) => touched(slope, perCell)) };
  });
}

/** Classes of the outputs that are assigned: a region proposal network tells objects from background alone. */
function classesOf(detector: Detector): number {
  return detector.name.startsWith("faster") ? 1 : detector.classes;
}

function touched(slope: tf.Tensor, perCell: number): boolean[] {
  const depth = slope.shape[3]! / perCell;
  const values = slope.dataSync();
  return Array.from({ length: values.length / depth }, (_, i) => values.subarray(i * depth, (i + 1) * depth).some((v) => v !== 0));
}

function withDetector(make: () => Detector, run: (detector: Detector) => void): void {
  const detector = make();
  try { run(detector); } finally { detector.dispose(); }
}

describe.each(Object.entries(detectors))("the assignment that %s tells", (_name, make) => {
  it("is the one that its loss trains", () => {
    withDetector(make, (detector) => {
      const told = assignmentOf(detector, objects, size).flatMap((level) => Array.from(level.objects));
      const { box, logits } = trained(detector);
      expect(told.map((o) => o >= 0)).toEqual(box);
      expect(told.map((o) => o !== -2)).toEqual(logits);
      expect(new Set(told.filter((o) => o >= 0))).toEqual(new Set([0, 2]));
    });
  });

  it("has the sizes of the prediction's maps, also where strides do not divide the image", () => {
    withDetector(make, (detector) => {
      const odd = { height: 75, width: 101 };
      const maps = tf.tidy(() => detector.forward(tf.zeros([1, odd.height, odd.width, 3])).logits.map(({ shape }) => shape));
      const levels = priorsOf(detector, odd);
      expect(levels.map(({ height, width, perCell }) => [1, height, width, perCell * classesOf(detector)])).toEqual(maps);
      for (const { coordinates, kind, height, width, perCell } of levels) expect(coordinates).toHaveLength(height * width * perCell * (kind === "box" ? 4 : 2));
    });
  });

  it("leaves no tensor behind", () => {
    withDetector(make, (detector) => { expectNoLeak(() => { assignmentOf(detector, objects, size); }); });
  });
});

it("counts priors by kind and by object", () => {
  const level = { height: 1, width: 3, strideY: 8, strideX: 8, perCell: 2, kind: "box", coordinates: new Float64Array(24), objects: Int32Array.of(-1, -2, 0, 0, 1, -1) } as const;
  expect(countAssigned(level)).toEqual({ positive: 3, ignored: 1, background: 2 });
  expect(countAssigned(level, 0)).toEqual({ positive: 2, ignored: 1, background: 2 });
});

it("calls levels by their strides and says which detector does not tell", () => {
  expect([4, 8, 128].map(levelName)).toEqual(["P2", "P3", "P7"]);
  expect(() => assignmentOf({ name: "mute" } as Detector, objects, size)).toThrow(/mute does not tell its assignment/);
});
