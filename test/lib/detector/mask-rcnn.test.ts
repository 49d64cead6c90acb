import * as tf from "@tensorflow/tfjs-core";
import { beforeAll, describe, expect, it } from "vitest";
import { loadBackend } from "../../../lib/backend/load.ts";
import type { Target } from "../../../lib/data/batch.ts";
import { cascadeRcnn, type CascadeRcnnOptions } from "../../../lib/detector/cascade-rcnn.ts";
import type { Detector } from "../../../lib/detector/detector.ts";
import { maskRcnn, type MaskRcnnOptions } from "../../../lib/detector/mask-rcnn.ts";
import { encodeRle, type Rle } from "../../../lib/tensor/masks/rle.ts";
import { gradients } from "../../../lib/train/gradients.ts";
import { expectNoLeak, normal } from "../tensor/finite-difference.ts";

beforeAll(async () => { await loadBackend(); });

const size = 64;
const small: MaskRcnnOptions = { preset: "tiny", backbone: "tiny-8", channels: 16, classes: 3, seed: 1, mask: { channels: 8, convs: 1 }, box: { beta: 1 }, decode: { scoreThreshold: 0.01, maxDetections: 10 } };
const smallCascade = { ...small, preset: "tiny", masks: true } as CascadeRcnnOptions;

/** Disks in boxes. */
function disks(boxes: readonly number[], side = size): Rle[] {
  return Array.from({ length: boxes.length / 4 }, (_, o) => {
    const [x1, y1, x2, y2] = boxes.slice(4 * o, 4 * o + 4);
    const inside = (x: number, y: number) => ((2 * x - x1 - x2) / (x2 - x1)) ** 2 + ((2 * y - y1 - y2) / (y2 - y1)) ** 2 <= 1;
    return encodeRle(Array.from({ length: side * side }, (_p, k) => inside((k % side) + 0.5, Math.floor(k / side) + 0.5)), { height: side, width: side });
  });
}

function target(boxes: readonly number[], labels: readonly number[], imageId = 0): Target {
  return { image: imageId, imageId, boxes: Float32Array.from(boxes), labels: Int32Array.from(labels), masks: disks(boxes), width: size, height: size, scaleX: 1, scaleY: 1, flipped: false };
}

const some = [target([4, 6, 30, 28, 20, 20, 50, 60], [0, 2], 7), target([10, 10, 34, 34], [1], 8)];
const images = (count = 2, side = size) => normal([count, side, side, 3], "images") as tf.Tensor4D;

const detectors: [string, () => Detector, string[]][] = [
  ["Mask R-CNN", () => maskRcnn(small), ["rpn.class", "rpn.box", "roi.class", "roi.box", "mask"]],
  ["Cascade Mask R-CNN", () => cascadeRcnn(smallCascade), ["rpn.class", "rpn.box", ...[1, 2, 3].flatMap((s) => [`stage${s}.class`, `stage${s}.box`, `stage${s}.mask`])]],
];

function withDetector(make: () => Detector, f: (detector: Detector) => void): void {
  const detector = make();
  try {
    tf.tidy(() => { f(detector); });
  } finally {
    detector.dispose();
  }
}

function lossesOf(detector: Detector, batch: tf.Tensor4D, targets: readonly Target[], iteration = 0): Record<string, number> {
  return Object.fromEntries(Object.entries(detector.loss(detector.forward(batch), targets, { iteration })).map(([name, value]) => [name, value.dataSync()[0]]));
}

function step(detector: Detector, batch: tf.Tensor4D, targets: readonly Target[], fail = false) {
  return gradients(() => {
    const terms = Object.values(detector.loss(detector.forward(batch), targets));
    if (fail) throw new Error("middle");
    return { loss: terms.reduce((a, b) => tf.add(a, b)), values: tf.stack(terms) as tf.Tensor1D };
  }, detector.parameters().map(({ variable }) => variable));
}

describe.each(detectors)("a tiny %s", (_, make, terms) => {
  it("names its losses, which are finite and equal at equal iterations", () => {
    withDetector(make, (detector) => {
      const losses = lossesOf(detector, images(), some);
      expect(Object.keys(losses)).toEqual(terms);
      for (const [name, value] of Object.entries(losses)) expect(Number.isFinite(value), name).toBe(true);
      expect(lossesOf(detector, images(), some)).toEqual(losses);
    });
  });

  it("gives every detection a mask of the image's content", () => {
    withDetector(make, (detector) => {
      const sizes = [{ width: 60, height: 50 }, { width: 64, height: 64 }];
      for (const [i, { boxes, scores, masks }] of detector.decode(detector.forward(images()), sizes).entries()) {
        expect(scores.length).toBeGreaterThan(0);
        expect(masks).toHaveLength(scores.length);
        for (const { width, height, counts } of masks!) {
          expect({ width, height }).toEqual(sizes[i]);
          expect(counts.reduce((a, b) => a + b, 0)).toBe(width * height);
        }
        expect(boxes.every((v, k) => v >= 0 && v <= (k % 2 === 0 ? sizes[i].width : sizes[i].height))).toBe(true);
      }
    });
  });

  it("finds nothing, and no masks, above a score that nothing reaches", () => {
    const strict = make().name.startsWith("mask") ? () => maskRcnn({ ...small, decode: { scoreThreshold: 0.999 } }) : () => cascadeRcnn({ ...smallCascade, decode: { scoreThreshold: 0.999 } });
    withDetector(strict, (detector) => {
      for (const { scores, masks } of detector.decode(detector.forward(images()), some)) expect([scores.length, masks]).toEqual([0, []]);
    });
  });

  it("loses nothing to masks and boxes in images without objects, with or without a list of masks", () => {
    withDetector(make, (detector) => {
      const none = [target([], []), target([], [])];
      const losses = lossesOf(detector, images(), none);
      for (const name of terms.filter((term) => /(mask|box)$/.test(term))) expect(losses[name], name).toBe(0);
      for (const name of terms.filter((term) => term.endsWith("class"))) expect(losses[name], name).toBeGreaterThan(0);
      const { masks: _m, ...bare } = none[0];
      expect(lossesOf(detector, images(), [bare, bare])).toEqual(losses);
      const { gradients: grads } = step(detector, images(), none);
      expect(grads.every((gradient) => gradient !== null && gradient.dataSync().every(Number.isFinite))).toBe(true);
    });
  });

  it("goes on with 1×1 images, huge boxes and boxes without area", () => {
    withDetector(make, (detector) => {
      const single = { ...target([], []), width: 1, height: 1 };
      expect(Object.values(lossesOf(detector, images(1, 1), [single])).every(Number.isFinite)).toBe(true);
      expect(detector.decode(detector.forward(images(1, 1)), [single])).toHaveLength(1);
      const boxes = [-1e4, -1e4, 1e4, 1e4, 5, 5, 5, 9, 10, 10, 34, 34];
      const odd = { ...target(boxes, [0, 1, 2]), masks: [...disks([0, 0, 64, 64]), ...disks([5, 5, 6, 9]), ...disks([10, 10, 34, 34])] };
      expect(Object.values(lossesOf(detector, images(), [odd, some[1]])).every(Number.isFinite)).toBe(true);
    });
  });

  it("says which objects have no mask, or a mask of another size", () => {
    withDetector(make, (detector) => {
      const prediction = detector.forward(images());
      const { masks, ...bare } = some[0];
      const loss = (first: Target) => () => detector.loss(prediction, [first, some[1]]);
      expect(loss(bare)).toThrow("image 0 of the batch (id 7): 2 objects without masks; a mask head learns from one mask per object: load the batches with masks: true");
      expect(loss({ ...bare, masks: masks!.slice(1) })).toThrow("image 0 of the batch (id 7): 1 masks for 2 objects");
      expect(loss({ ...bare, masks: [masks![0], ...disks([1, 1, 9, 9], 32)] })).toThrow("image 0 of the batch (id 7), object 1: its mask is 32 × 32 pixels (height × width), the image's content 64 × 64");
    });
  });

  it("leaves no tensor behind after a step, a decoding, and an exception in the middle", () => {
    const detector = make();
    const batch = images();
    const { masks: _m, ...bare } = some[0];
    expectNoLeak(() => {
      const { values, gradients: grads } = step(detector, batch, some);
      expect(grads.every((gradient) => gradient !== null)).toBe(true);
      tf.dispose([values, ...(grads as tf.Tensor[])]);
    });
    expectNoLeak(() => { tf.tidy(() => { detector.decode(detector.forward(batch), some); }); });
    const prediction = detector.forward(batch);
    expectNoLeak(() => { detector.decode(prediction, some); });
    tf.dispose([prediction.pyramid, prediction.logits, prediction.boxes] as tf.Tensor[][]);
    expectNoLeak(() => expect(() => step(detector, batch, some, true)).toThrow("middle"));
    expectNoLeak(() => expect(() => step(detector, batch, [bare, some[1]])).toThrow("without masks"));
    detector.dispose();
    batch.dispose();
  });

  it("owns its variables alone", () => {
    expectNoLeak(() => make().dispose());
  });

  it("has the gradient of its loss", () => {
    withDetector(make, (detector) => {
      const batch = images();
      const parameters = detector.parameters();
      const total = () => Object.values(lossesOf(detector, batch, some)).reduce((a, b) => a + b);
      const result = step(detector, batch, some);
      // Of the layers behind the last proposals: earlier boxes move the regions, which are constants to the gradient.
      const last = /mask_fcn_logits|conv5_mask|conv_logits|upsample|fc_cls|cls_score|bbox_head\.2\.fc_reg|roi_heads\.box_predictor\.bbox_pred/;
      const checked = parameters.filter(({ name }) => last.test(name));
      expect(checked.length).toBeGreaterThanOrEqual(8);
      for (const { name, variable } of checked) {
        const direction = normal(variable.shape, name);
        const original = tf.clone(variable);
        const at = (h: number) => { variable.assign(tf.add(original, tf.mul(direction, h))); return total(); };
        const numeric = (at(2e-3) - at(-2e-3)) / 4e-3;
        variable.assign(original);
        const gradient = result.gradients[parameters.findIndex((parameter) => parameter.name === name)]!;
        const [analytic] = tf.sum(tf.mul(gradient, direction)).dataSync();
        const length = Math.sqrt(tf.sum(tf.square(gradient)).dataSync()[0]);
        expect(Math.abs(numeric - analytic), `${name}: ${analytic} from the gradient, ${numeric} from differences`).toBeLessThan(0.02 * length + 2e-3);
      }
    });
  });
});

describe("Mask R-CNN's options", () => {
  it.each<[Partial<Record<string, unknown>>, string]>([
    [{ preset: "yolact" }, 'preset "yolact" of maskRcnn is unknown; allowed: torchvision, mmdet, mmdet-2x, detectron2, tiny'],
    [{ masks: true }, 'maskRcnn has no option "masks"'],
    [{ mask: { stride: 1 } }, 'maskRcnn mask has no option "stride"'],
    [{ mask: { size: [14, 7] } }, "maskRcnn option mask.size is [14,7]; it must be equally many rows and columns"],
    [{ mask: { map: "all" } }, 'maskRcnn option mask.map is "all"; it must be "class", "after-background", "only"'],
    [{ mask: { threshold: 2 } }, "maskRcnn option mask.threshold is 2; it must be between 0 and 1"],
    [{ mask: { targets: { beyond: "mirror" } } }, 'maskRcnn option mask.targets.beyond is "mirror"'],
    [{ rpn: { region: "half" } }, 'maskRcnn option rpn.region is "half"; it must be "all", "centre", "whole"'],
  ])("%j fail by name", (change, message) => {
    expect(() => maskRcnn({ ...small, ...change })).toThrow(message);
  });

  it("of one map for all classes make a head with one map", () => {
    withDetector(() => maskRcnn({ ...small, mask: { ...small.mask, map: "only" } }), (detector) => {
      const logits = detector.parameters().find(({ name }) => name === "roi_heads.mask_predictor.mask_fcn_logits.weight");
      expect(logits?.variable.shape).toEqual([1, 1, 8, 1]);
      expect(lossesOf(detector, images(), some).mask).toBeGreaterThan(0);
    });
  });
});

describe("Mask R-CNN's published sizes", () => {
  const count = (detector: Detector, wanted: (name: string, frozen: boolean) => boolean) => detector.parameters().reduce((sum, { name, variable, frozen }) => (wanted(name, frozen) ? sum + variable.size : sum), 0);

  it("torchvision's has 44,401,393 parameters for 91 classes with the background (frozen norms are buffers there)", () => {
    const detector = maskRcnn({ preset: "torchvision", classes: 90, seed: 0 });
    expect(count(detector, (name) => !/(bn\d|downsample\.1)\./.test(name))).toBe(44_401_393);
    detector.dispose();
  });

  it("mmdet's trains 44.2 million for 80 classes", () => {
    const detector = maskRcnn("mmdet-2x");
    expect((count(detector, (_, frozen) => !frozen) / 1e6).toFixed(1)).toBe("44.2");
    detector.dispose();
  });
});
