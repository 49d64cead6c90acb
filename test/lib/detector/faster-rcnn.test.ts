import * as tf from "@tensorflow/tfjs-core";
import { beforeAll, describe, expect, it } from "vitest";
import { loadBackend } from "../../../lib/backend/load.ts";
import type { Target } from "../../../lib/data/batch.ts";
import { fasterRcnn, type FasterRcnnOptions, type RegionDetector } from "../../../lib/detector/faster-rcnn.ts";
import { lgd } from "../../../lib/distill/lgd.ts";
import { gradients } from "../../../lib/train/gradients.ts";
import { expectNoLeak, normal } from "../tensor/finite-difference.ts";

beforeAll(async () => { await loadBackend(); });

const small: FasterRcnnOptions = { preset: "tiny", backbone: "tiny-8", channels: 16, classes: 3, seed: 1 };

function target(boxes: readonly number[], labels: readonly number[], { size = 64, id = 0 } = {}): Target {
  return { image: id, imageId: id, boxes: Float32Array.from(boxes), labels: Int32Array.from(labels), width: size, height: size, scaleX: 1, scaleY: 1, flipped: false };
}

const some = [target([4, 6, 30, 28, 20, 20, 50, 60], [0, 2]), target([10, 10, 34, 34], [1], { id: 1 })];
const images = (count = 2, size = 64) => normal([count, size, size, 3], `images ${size}`) as tf.Tensor4D;

function withDetector(options: FasterRcnnOptions, f: (detector: RegionDetector) => void): void {
  const detector = fasterRcnn(options);
  try {
    tf.tidy(() => { f(detector); });
  } finally {
    detector.dispose();
  }
}

function lossesOf(detector: RegionDetector, batch: tf.Tensor4D, targets: readonly Target[], iteration?: number): Record<string, number> {
  const terms = detector.loss(detector.forward(batch), targets, ...(iteration === undefined ? [] : [{ iteration }]));
  return Object.fromEntries(Object.entries(terms).map(([name, value]) => [name, value.dataSync()[0]]));
}

function trainingStep(detector: RegionDetector, batch: tf.Tensor4D, targets: readonly Target[], { fail = false, iteration = 0 } = {}) {
  const variables = detector.parameters().filter(({ frozen }) => !frozen).map(({ variable }) => variable);
  return gradients(() => {
    const terms = Object.values(detector.loss(detector.forward(batch), targets, { iteration }));
    if (fail) throw new Error("middle");
    return { loss: terms.reduce((a, b) => tf.add(a, b)), values: tf.stack(terms) as tf.Tensor1D };
  }, variables);
}

describe("a tiny Faster R-CNN", () => {
  it("names its losses, its levels and its parameters", () => {
    withDetector(small, (detector) => {
      expect(Object.keys(lossesOf(detector, images(), some))).toEqual(["rpn.class", "rpn.box", "roi.class", "roi.box"]);
      expect(detector.strides).toEqual([4, 8, 16]);
      expect(detector.forward(images(1, 96)).logits.map(({ shape }) => shape)).toEqual([[1, 24, 24, 2], [1, 12, 12, 2], [1, 6, 6, 2]]);
    });
  });

  it("starts equal from equal seeds, and otherwise not", () => {
    const first = (options: FasterRcnnOptions) => {
      let values: Record<string, number> = {};
      withDetector(options, (detector) => { values = lossesOf(detector, images(), some); });
      return values;
    };
    expect(first(small)).toEqual(first(small));
    expect(first(small)).not.toEqual(first({ ...small, seed: 2 }));
  });

  it("detects the same in a batch as in its images one by one", () => {
    withDetector({ ...small, decode: { scoreThreshold: 0.1 } }, (detector) => {
      const both = detector.decode(detector.forward(images()), some);
      expect(both[0].scores.length).toBeGreaterThan(0);
      for (const [i, found] of both.entries()) {
        const [alone] = detector.decode(detector.forward(tf.slice(images(), i, 1)), [some[i]]);
        expect(alone.labels).toEqual(found.labels);
        for (const key of ["boxes", "scores"] as const) for (const [k, value] of found[key].entries()) expect(alone[key][k]).toBeCloseTo(value, 3);
      }
    });
  });

  it("cuts detections to each image's content", () => {
    withDetector({ ...small, decode: { scoreThreshold: 0.1 } }, (detector) => {
      for (const { boxes } of detector.decode(detector.forward(images()), [{ width: 40, height: 50 }, { width: 64, height: 8 }])) {
        expect(boxes.length).toBeGreaterThan(0);
      }
      const [first] = detector.decode(detector.forward(images()), [{ width: 40, height: 50 }, { width: 64, height: 8 }]);
      for (const [k, value] of first.boxes.entries()) expect(value).toBeLessThanOrEqual(k % 2 === 0 ? 40 : 50);
    });
  });
});

describe("sampling", () => {
  /** So few places that chance decides. */
  const scarce: FasterRcnnOptions = { ...small, rpn: { sampling: { count: 8 } }, box: { sampling: { count: 8 } } };

  it("is a function of seed, iteration and image id alone", () => {
    withDetector(scarce, (detector) => {
      const at = (iteration: number, targets = some) => lossesOf(detector, images(), targets, iteration);
      expect(at(5)).toEqual(at(5));
      expect(at(5)).not.toEqual(at(6));
      expect(at(0)).toEqual(lossesOf(detector, images(), some));
      expect(at(5)).not.toEqual(at(5, some.map((one) => ({ ...one, imageId: one.imageId + 7 }))));
    });
  });

  it("draws the same anchors for another pyramid of the same iteration", () => {
    withDetector(scarce, (detector) => {
      const prediction = detector.forward(images());
      const again = detector.predict(prediction.pyramid.map((map) => tf.clone(map)), prediction);
      const values = (p: typeof prediction) => Object.values(detector.loss(p, some, { iteration: 3 })).map((v) => v.dataSync()[0]);
      expect(values(again)).toEqual(values(prediction));
    });
  });
});

describe("unusual input", () => {
  const finite = (losses: Record<string, number>) => expect(Object.values(losses).every(Number.isFinite), JSON.stringify(losses)).toBe(true);

  it("takes images without objects: there are no box losses", () => {
    withDetector(small, (detector) => {
      const losses = lossesOf(detector, images(), [target([], []), target([], [])]);
      finite(losses);
      expect(losses["rpn.box"]).toBe(0);
      expect(losses["roi.box"]).toBe(0);
      expect(losses["roi.class"]).toBeGreaterThan(0);
    });
  });

  it("takes images without objects and without proposals: only the proposal network learns, and nothing is found", () => {
    const none = { scoreThreshold: 1 };
    withDetector({ ...small, rpn: { train: none, test: none } }, (detector) => {
      const prediction = detector.forward(images());
      expect(detector.proposals(prediction, some).map(({ scores }) => scores.length)).toEqual([0, 0]);
      const losses = lossesOf(detector, images(), [target([], []), target([], [])]);
      finite(losses);
      expect([losses["roi.class"], losses["roi.box"]]).toEqual([0, 0]);
      expect(detector.decode(prediction, some).map(({ scores }) => scores.length)).toEqual([0, 0]);
      const step = trainingStep(detector, images(), [target([], []), target([], [])]);
      expect(step.gradients.every((slope) => slope !== null && [...slope.dataSync()].every(Number.isFinite))).toBe(true);
      expect(lossesOf(detector, images(), some)["roi.box"]).toBeGreaterThan(0); // the ground truth itself
    });
  });

  it("passes over objects without an area, and survives huge ones", () => {
    withDetector(small, (detector) => {
      const prediction = lossesOf(detector, images(), [target([5, 5, 5, 30, 4, 6, 30, 28], [1, 0]), some[1]]);
      expect(prediction).toEqual(lossesOf(detector, images(), [target([4, 6, 30, 28], [0]), some[1]]));
      finite(lossesOf(detector, images(), [target([-1e6, -1e6, 1e6, 1e6], [1]), some[1]]));
    });
  });

  it("takes images of one pixel", () => {
    withDetector({ ...small, decode: { scoreThreshold: 0 } }, (detector) => {
      const one = normal([1, 1, 1, 3], "pixel") as tf.Tensor4D;
      finite(lossesOf(detector, one, [target([0, 0, 1, 1], [0], { size: 1 })]));
      finite(lossesOf(detector, one, [target([], [], { size: 1 })]));
      const [found] = detector.decode(detector.forward(one), [{ width: 1, height: 1 }]);
      expect(Array.from(found.boxes).every((v) => v >= 0 && v <= 1)).toBe(true);
    });
  });

  it("finds nothing in a network of not-a-numbers, and its loss says so", () => {
    withDetector(small, (detector) => {
      const broken = tf.fill<tf.Rank.R4>([2, 64, 64, 3], NaN);
      expect(detector.decode(detector.forward(broken), some).map(({ scores }) => scores.length)).toEqual([0, 0]);
      expect(lossesOf(detector, broken, some)["rpn.class"]).toBeNaN();
    });
  });

  it("says what is wrong with targets", () => {
    withDetector(small, (detector) => {
      const prediction = detector.forward(images());
      expect(() => detector.loss(prediction, [some[0]])).toThrow("loss: 1 targets for a prediction of 2 images");
      expect(() => detector.decode(prediction, [some[0]])).toThrow("decode: 1 targets for a prediction of 2 images");
      expect(() => detector.loss(prediction, [target([1, 1, 5, 5], [3]), some[1]])).toThrow("image 0 of the batch, object 0: label 3, allowed 0 to 2");
      expect(() => detector.loss(prediction, [some[0], target([1, NaN, 5, 5], [0])])).toThrow("image 1 of the batch, object 0: box [1, NaN, 5, 5] is not finite");
    });
  });
});

describe("a training step", () => {
  it("gives every trained parameter a gradient and leaves no tensors, nor does decoding or an exception in the middle", () => {
    const detector = fasterRcnn(small);
    const batch = images();
    expectNoLeak(() => {
      const { values, gradients: slopes } = trainingStep(detector, batch, some);
      expect(slopes.every((slope) => slope !== null)).toBe(true);
      tf.dispose([values, ...(slopes as tf.Tensor[])]);
    });
    expectNoLeak(() => { tf.tidy(() => { detector.decode(detector.forward(batch), some); }); });
    expectNoLeak(() => { expect(() => trainingStep(detector, batch, some, { fail: true })).toThrow("middle"); });
    const prediction = detector.forward(batch);
    expectNoLeak(() => { detector.decode(prediction, some); });
    expectNoLeak(() => { expect(() => trainingStep(detector, batch, [some[0], target([1, NaN, 5, 5], [0])])).toThrow("not finite"); });
    tf.dispose([...prediction.pyramid, ...prediction.logits, ...prediction.boxes]);
    detector.dispose();
    batch.dispose();
  });

  it("owns its variables alone", () => {
    expectNoLeak(() => fasterRcnn(small).dispose());
  });

  it("has the gradient of its loss", () => {
    // Proposals and samples are constants of the loss: all anchors and proposals count, so that small changes draw nothing anew.
    const all = { count: 1_000_000 };
    withDetector({ ...small, rpn: { sampling: all, beta: 1, train: { scoreThreshold: 1 } }, box: { sampling: all, beta: 1 } }, (detector) => {
      const batch = images();
      const result = trainingStep(detector, batch, some);
      const value = () => Object.values(lossesOf(detector, batch, some)).reduce((a, b) => a + b);
      const parameters = detector.parameters().filter(({ frozen }) => !frozen);
      const names = ["rpn.head.cls_logits.weight", "rpn.head.bbox_pred.weight", "roi_heads.box_predictor.cls_score.weight", "roi_heads.box_predictor.bbox_pred.weight", "roi_heads.box_head.fc6.bias", "backbone.fpn.layer_blocks.0.0.bias"];
      for (const name of names) {
        const i = parameters.findIndex((parameter) => parameter.name === name);
        const { variable } = parameters[i];
        const direction = normal(variable.shape, name);
        const original = tf.clone(variable);
        const at = (h: number) => { variable.assign(tf.add(original, tf.mul(direction, h))); return value(); };
        const numeric = (at(2e-3) - at(-2e-3)) / 4e-3;
        variable.assign(original);
        const [analytic] = tf.sum(tf.mul(result.gradients[i]!, direction)).dataSync();
        expect(Math.abs(numeric - analytic), `${name}: ${analytic} from the gradient, ${numeric} from differences`).toBeLessThan(0.01 * Math.abs(analytic) + 2e-3);
      }
    });
  });
});

describe("label-guided distillation", () => {
  it("runs the heads on the enhanced pyramid, with the samples of the same iteration", () => {
    const detector = fasterRcnn(small);
    const method = lgd({ channels: 16, classes: 3, seed: 1 });
    const batch = { images: images(), targets: some, dispose: () => undefined };
    expectNoLeak(() => {
      tf.tidy(() => {
        const terms = method.loss(detector.forward(batch.images), {}, batch, { iteration: 4, detector });
        expect(Object.keys(terms)).toEqual(["teacher.rpn.class", "teacher.rpn.box", "teacher.roi.class", "teacher.roi.box", "distill"]);
        for (const { value } of Object.values(terms)) expect(Number.isFinite(value.dataSync()[0])).toBe(true);
      });
    });
    method.dispose();
    detector.dispose();
    batch.images.dispose();
  });
});

describe("the assignment it tells", () => {
  it("is that of the proposal network's anchors", () => {
    withDetector(small, (detector) => {
      const levels = detector.assignment!(some[0], { height: 64, width: 64 });
      expect(levels.map(({ height, width, perCell }) => [height, width, perCell])).toEqual([[16, 16, 2], [8, 8, 2], [4, 4, 2]]);
      const owners = new Set(levels.flatMap(({ objects }) => Array.from(objects).filter((o) => o >= 0)));
      expect([...owners].sort()).toEqual([0, 1]);
    });
  });
});

describe("options", () => {
  it.each<[Partial<Record<string, unknown>>, string]>([
    [{ preset: "yolo" }, 'preset "yolo" of fasterRcnn is unknown; allowed: torchvision, mmdet, mmdet-2x, detectron2-lgd, tiny'],
    [{ preset: "toString" }, 'preset "toString" of fasterRcnn is unknown'],
    [{ depth: 50 }, 'fasterRcnn has no option "depth"'],
    [{ rpn: { train: { topk: 1 } } }, 'fasterRcnn rpn train has no option "topk"; allowed: perLevel, total, nms, minSize, scoreThreshold'],
    [{ classes: 0 }, "fasterRcnn option classes is 0; it must be a whole number from 1"],
    [{ neck: { last: 5 } }, "rpn.anchors.sizes is 3 levels; it must be one list of sizes per level of the pyramid (4)"],
    [{ rpn: { assign: { negative: 0.8 } } }, "rpn.assign.negative is 0.8; it must be at most rpn.assign.positive (0.7)"],
    [{ box: { hidden: [] } }, "box.hidden is []; it must be the widths of one hidden layer or more"],
    [{ box: { background: "none" } }, 'box.background is "none"; it must be "first", "last"'],
    [{ roi: { samplingRatio: -1 } }, "roi.samplingRatio is -1"],
    [{ seed: NaN }, "seed is NaN; it must be a finite number"],
  ])("%j fail by name", (change, message) => {
    expect(() => fasterRcnn({ ...small, ...change })).toThrow(message);
  });
});

describe("published sizes", () => {
  const millions = (detector: RegionDetector, wanted: (name: string, frozen: boolean) => boolean) =>
    detector.parameters().reduce((sum, { name, variable, frozen }) => (wanted(name, frozen) ? sum + variable.size : sum), 0);

  it("torchvision's Faster R-CNN R50 has 41,755,286 parameters for 90 classes and background (frozen norms are buffers there)", () => {
    const detector = fasterRcnn({ preset: "torchvision", classes: 90, seed: 0 });
    expect(millions(detector, (name) => !/(bn\d|downsample\.1)\./.test(name))).toBe(41_755_286);
    detector.dispose();
  });
});
