import * as tf from "@tensorflow/tfjs-core";
import { beforeAll, describe, expect, it } from "vitest";
import { loadBackend } from "../../../lib/backend/load.ts";
import type { Target } from "../../../lib/data/batch.ts";
import type { Detector } from "../../../lib/detector/detector.ts";
import { loadParameters } from "../../../lib/detector/load.ts";
import { retinanet, type RetinaNetOptions } from "../../../lib/detector/retinanet.ts";
import { gradients } from "../../../lib/train/gradients.ts";
import { expectNoLeak, normal } from "../tensor/finite-difference.ts";

beforeAll(async () => { await loadBackend(); });

const small: RetinaNetOptions = { preset: "tiny", backbone: "tiny-8", channels: 16, classes: 3, seed: 1 };

function target(boxes: readonly number[], labels: readonly number[], size = 64): Target {
  return { image: 0, imageId: 0, boxes: Float32Array.from(boxes), labels: Int32Array.from(labels), width: size, height: size, scaleX: 1, scaleY: 1, flipped: false };
}

const some = [target([4, 6, 30, 28, 20, 20, 50, 60], [0, 2]), target([10, 10, 34, 34], [1])];
const images = (count = 2, size = 64) => normal([count, size, size, 3], "images") as tf.Tensor4D;

function withDetector(options: RetinaNetOptions, f: (detector: Detector) => void): void {
  const detector = retinanet(options);
  try {
    tf.tidy(() => { f(detector); });
  } finally {
    detector.dispose();
  }
}

function lossesOf(detector: Detector, batch: tf.Tensor4D, targets: readonly Target[]): Record<string, number> {
  return Object.fromEntries(Object.entries(detector.loss(detector.forward(batch), targets)).map(([name, value]) => [name, value.dataSync()[0]]));
}

describe("a tiny RetinaNet", () => {
  it("starts equal from equal seeds, and otherwise not", () => {
    const first = (options: RetinaNetOptions) => {
      let values: number[] = [];
      withDetector(options, (detector) => { values = Object.values(lossesOf(detector, images(), some)); });
      return values;
    };
    expect(first(small)).toEqual(first(small));
    expect(first(small)).not.toEqual(first({ ...small, seed: 2 }));
  });

  it("has three levels at strides 4, 8, 16 and about 74 thousand parameters at width 8, 32 channels, 6 classes", () => {
    withDetector({ preset: "tiny", classes: 6, seed: 0 }, (detector) => {
      expect(detector.strides).toEqual([4, 8, 16]);
      expect(detector.forward(images(1, 96)).logits.map(({ shape }) => shape)).toEqual([[1, 24, 24, 12], [1, 12, 12, 12], [1, 6, 6, 12]]);
      expect(detector.parameters().reduce((sum, { variable }) => sum + variable.size, 0)).toBe(73_676);
    });
  });

  it("says the same of a batch as of its images one by one", () => {
    withDetector(small, (detector) => {
      const both = detector.forward(images());
      const single = [0, 1].map((i) => detector.forward(tf.slice(images(), i, 1)));
      for (const key of ["logits", "boxes", "pyramid"] as const) {
        for (const [l, map] of both[key].entries()) {
          const apart = tf.max(tf.abs(tf.sub(map, tf.concat(single.map((p) => p[key][l]))))).dataSync()[0];
          expect(apart).toBeLessThan(1e-5);
        }
      }
      const decoded = detector.decode(both, some);
      expect(decoded.map(({ labels }) => labels.length)).toEqual(single.flatMap((p, i) => detector.decode(p, [some[i]])).map(({ labels }) => labels.length));
    });
  });

  it("loses only to the background in images without objects, or with empty boxes alone", () => {
    withDetector(small, (detector) => {
      const [none, empty] = [[target([], []), target([], [])], [target([5, 5, 5, 9], [0]), target([], [])]];
      const losses = lossesOf(detector, images(), none);
      expect(losses.bbox_regression).toBe(0);
      expect(losses.classification).toBeGreaterThan(0);
      expect(lossesOf(detector, images(), empty)).toEqual(losses);
    });
  });

  it("goes on with 1×1 images, huge boxes and odd sizes", () => {
    withDetector(small, (detector) => {
      expect(detector.forward(images(1, 1)).logits.map(({ shape }) => shape.slice(1, 3))).toEqual([[1, 1], [1, 1], [1, 1]]);
      const losses = lossesOf(detector, images(1, 37), [target([-1e4, -1e4, 1e4, 1e4], [1], 37)]);
      expect(Object.values(losses).every(Number.isFinite)).toBe(true);
    });
  });

  it("names what is wrong with targets", () => {
    withDetector(small, (detector) => {
      const prediction = detector.forward(images());
      expect(() => detector.loss(prediction, [some[0]])).toThrow("loss: 1 targets for a prediction of 2 images");
      expect(() => detector.loss(prediction, [target([1, 1, 5, 5], [3]), some[1]])).toThrow("image 0 of the batch, object 0: label 3, allowed 0 to 2");
      expect(() => detector.loss(prediction, [some[0], target([1, NaN, 5, 5], [0])])).toThrow("image 1 of the batch, object 0: box [1, NaN, 5, 5] is not finite");
      expect(() => detector.loss(prediction, [some[0], target([1, 1, 5, 5], [0, 1])])).toThrow("4 box coordinates for 2 labels");
      expect(() => detector.forward(tf.zeros([1, 8, 8, 1]))).toThrow("images have shape [1, 8, 8, 1]");
    });
  });

  it("leaves no tensor behind after a step, a decoding, and an exception in the middle", () => {
    const detector = retinanet(small);
    const batch = images();
    const variables = detector.parameters().map(({ variable }) => variable);
    const step = (fail: boolean) => gradients(() => {
      const terms = Object.values(detector.loss(detector.forward(batch), some));
      if (fail) throw new Error("middle");
      return { loss: tf.add(terms[0], terms[1]), values: tf.stack(terms) as tf.Tensor1D };
    }, variables);
    expectNoLeak(() => {
      const { values, gradients: grads } = step(false);
      expect(grads.every((gradient) => gradient !== null)).toBe(true);
      tf.dispose([values, ...(grads as tf.Tensor[])]);
    });
    expectNoLeak(() => { tf.tidy(() => { detector.decode(detector.forward(batch), some); }); });
    expectNoLeak(() => expect(() => step(true)).toThrow("middle"));
    detector.dispose();
    batch.dispose();
  });

  it("owns its variables alone", () => {
    expectNoLeak(() => retinanet({ preset: "mmdet", backbone: "resnet-18", channels: 8, classes: 2, seed: 0 }).dispose());
  });

  it("has the gradient of its loss", () => {
    withDetector({ ...small, boxLoss: { kind: "smooth-l1", beta: 1 } }, (detector) => {
      const parameters = detector.parameters().map(({ variable }) => variable);
      const batch = images();
      const value = () => Object.values(lossesOf(detector, batch, some)).reduce((a, b) => a + b);
      const result = gradients(() => {
        const terms = Object.values(detector.loss(detector.forward(batch), some));
        return { loss: tf.add(terms[0], terms[1]), values: tf.stack(terms) as tf.Tensor1D };
      }, parameters);
      // The head's last layers only: further back the loss has a ReLU's kink in every few thousandths.
      for (const name of ["head.classification_head.cls_logits.weight", "head.regression_head.bbox_reg.weight", "head.classification_head.cls_logits.bias"]) {
        const i = detector.parameters().findIndex((parameter) => parameter.name === name);
        const direction = normal(parameters[i].shape, name);
        const original = tf.clone(parameters[i]);
        const at = (h: number) => { parameters[i].assign(tf.add(original, tf.mul(direction, h))); return value(); };
        const numeric = (at(1e-3) - at(-1e-3)) / 2e-3;
        parameters[i].assign(original);
        const [analytic] = tf.sum(tf.mul(result.gradients[i]!, direction)).dataSync();
        expect(Math.abs(numeric - analytic), name).toBeLessThan(0.01 * Math.abs(analytic) + 0.01);
      }
    });
  });
});

describe("assigned targets", () => {
  it("are remembered per array of targets, and follow a change of size", () => {
    withDetector(small, (detector) => {
      const [first, again] = [lossesOf(detector, images(), some), lossesOf(detector, images(), some)];
      expect(again).toEqual(first);
      const larger = lossesOf(detector, images(2, 96), some);
      expect(lossesOf(detector, images(), some)).toEqual(first);
      expect(larger).not.toEqual(first);
    });
  });
});

describe("detectron2's normaliser", () => {
  it("moves with every loss and is stored with the weights", () => {
    withDetector({ preset: "detectron2-lgd", backbone: "tiny-4", channels: 4, head: { convs: 0 }, classes: 3, seed: 0 }, (detector) => {
      const average = detector.parameters().find(({ name }) => name === "loss_normalizer")!;
      expect(average.frozen).toBe(true);
      const prediction = detector.forward(images());
      detector.loss(prediction, [target([], []), target([], [])]);
      expect(average.variable.dataSync()[0]).toBeCloseTo(90.1, 4);
    });
  });
});

describe("frozen stages", () => {
  it("get no gradient and keep no activations on the tape", () => {
    withDetector({ preset: "torchvision", backbone: { name: "resnet-18", frozenStages: 2 }, channels: 8, classes: 2, seed: 0, head: { convs: 1 } }, (detector) => {
      const frozen = detector.parameters().filter((parameter) => parameter.frozen).map(({ name }) => name);
      expect(frozen).toContain("backbone.body.layer2.0.conv1.weight");
      expect(frozen).not.toContain("backbone.body.layer3.0.conv1.weight");
      expect(frozen.filter((name) => name.includes("layer4"))).toHaveLength(5 * 4); // the norms
    });
  });

  it("follow new BatchNorm statistics although these are folded", () => {
    withDetector({ preset: "torchvision", backbone: "resnet-18", channels: 8, classes: 2, seed: 0, head: { convs: 0 } }, (detector) => {
      const sum = () => tf.sum(tf.abs(detector.extract(images(1))[0])).dataSync()[0];
      const before = sum();
      const scale = detector.parameters().find(({ name }) => name === "backbone.body.bn1.weight")!;
      scale.variable.assign(tf.mul(scale.variable, 2));
      expect(sum()).not.toBeCloseTo(before, 1);
    });
  });
});

describe("options", () => {
  it.each<[Partial<Record<string, unknown>>, string]>([
    [{ preset: "yolo" }, 'preset "yolo" of retinanet is unknown; allowed: torchvision, torchvision-v2, mmdet, mmdet-2x, detectron2-lgd, tiny'],
    [{ backbone: "vgg-16" }, 'backbone "vgg-16" is unknown; allowed: resnet-<depth>, resnext-<depth>-<groups>x<width>d and wide-resnet-<depth>-<factor> of depth 18, 34, 50, 101, 152, tiny; regnet-x-400mf'],
    [{ depth: 50 }, 'retinanet has no option "depth"'],
    [{ focal: { beta: 1 } }, 'retinanet focal has no option "beta"; allowed: alpha, gamma'],
    [{ classes: 0 }, "retinanet option classes is 0; it must be a whole number from 1"],
    [{ neck: { last: 5 } }, "anchors.sizes is 3 levels; it must be one list of sizes per level of the pyramid (4)"],
    [{ assign: { negative: 0.6 } }, "assign.negative is 0.6; it must be at most assign.positive (0.5)"],
    [{ boxLoss: { kind: "l2" } }, 'boxLoss.kind is "l2"; it must be "l1", "smooth-l1", "giou"'],
  ])("%j fail by name", (change, message) => {
    expect(() => retinanet({ ...small, ...change })).toThrow(message);
  });
});

describe("loading parameters", () => {
  it("lists what is missing, left over and of another shape, and changes nothing then", () => {
    withDetector(small, (detector) => {
      const record = new Map(detector.parameters().map(({ name, variable }) => [name, { shape: variable.shape, data: new Float32Array(variable.size).fill(9) }]));
      record.delete("backbone.body.conv1.weight");
      record.set("surplus", { shape: [1], data: Float32Array.of(1) });
      record.set("backbone.body.norm1.weight", { shape: [4], data: new Float32Array(4) });
      expect(() => loadParameters(detector, record, { layout: "tensorflow" })).toThrow(
        /1 parameters without a value \(backbone.body.conv1.weight\); 1 values without a parameter \(surplus\); 1 shapes that differ \(backbone.body.norm1.weight: \[4\] in the record, \[8\] in the detector\)/,
      );
      expect(detector.parameters().some(({ variable }) => variable.dataSync().includes(9))).toBe(false);
    });
  });

  it("takes PyTorch's layout and passes over its step counters", () => {
    withDetector(small, (detector) => {
      const record = new Map(detector.parameters().map(({ name, variable }) => {
        const value = variable.rank === 4 ? tf.transpose(variable, [3, 2, 0, 1]) : variable;
        return [name, { shape: value.shape, data: value.dataSync() as Float32Array }];
      }));
      record.set("backbone.body.bn1.num_batches_tracked", { shape: [], data: Float32Array.of(0) });
      const before = lossesOf(detector, images(), some);
      for (const { variable } of detector.parameters()) variable.assign(tf.zerosLike(variable));
      loadParameters(detector, record, { layout: "pytorch" });
      expect(lossesOf(detector, images(), some)).toEqual(before);
    });
  });
});

describe("published sizes", () => {
  const size = (detector: Detector, wanted: (name: string, frozen: boolean) => boolean) =>
    detector.parameters().reduce((sum, { name, variable, frozen }) => (wanted(name, frozen) ? sum + variable.size : sum), 0);

  it("torchvision's RetinaNet R50 has 34,014,999 parameters for 91 classes (frozen norms are buffers there)", () => {
    const detector = retinanet({ preset: "torchvision", classes: 91, seed: 0 });
    expect(size(detector, (name) => !/(bn\d|downsample\.1)\./.test(name))).toBe(34_014_999);
    detector.dispose();
  });

  it("mmdet's trains 37.74 million parameters for 80 classes", () => {
    const detector = retinanet({ preset: "mmdet", classes: 80, seed: 0 });
    expect((size(detector, (_, frozen) => !frozen) / 1e6).toFixed(2)).toBe("37.74");
    detector.dispose();
  });
});

describe("the pyramid of detectron2-lgd", () => {
  it("starts within ±√(3 / fan in), detectron2's c2_xavier_fill, and reaches out to it", () => {
    withDetector({ preset: "detectron2-lgd", backbone: "tiny-8", channels: 16, classes: 3, seed: 1 }, (detector) => {
      const weights = detector.parameters().filter(({ name, group }) => group === "neck" && name.endsWith(".weight"));
      expect(weights).toHaveLength(8); // three laterals, three outputs, P6 and P7
      for (const { name, variable } of weights) {
        const [height, width, input] = variable.shape;
        const share = tf.max(tf.abs(variable)).dataSync()[0] / Math.sqrt(3 / (height * width * input));
        expect(share, name).toBeLessThanOrEqual(1);
        expect(share, name).toBeGreaterThan(0.97);
      }
    });
  });
});
