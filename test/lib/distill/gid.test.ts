import * as tf from "@tensorflow/tfjs-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { loadBackend } from "../../../lib/backend/load.ts";
import type { Detector, Prediction } from "../../../lib/detector/detector.ts";
import { fcos } from "../../../lib/detector/fcos.ts";
import { retinanet } from "../../../lib/detector/retinanet.ts";
import { gid, type GidOptions } from "../../../lib/distill/gid.ts";
import { selectInstances, type DenseSide } from "../../../lib/distill/gid-instances.ts";
import { poolInstances, relationTerm, responseTerms } from "../../../lib/distill/gid-terms.ts";
import { distillers } from "../../../lib/distill/index.ts";
import { boxOverlaps } from "../../../lib/tensor/boxes.ts";
import { normal } from "../tensor/finite-difference.ts";
import { batchWith, distillation, edge, train, weightsOf } from "./taught-run.ts";

let student: Detector;
let teacher: Detector;
let loud: Detector;
const make = (seed: number, channels = 16) => retinanet({ classes: 3, seed, channels, backbone: "tiny-8" });

/** A teacher whose class outputs are far from each other. */
function spread(detector: Detector): Detector {
  for (const { name, variable } of detector.parameters()) if (name.includes("cls_")) tf.tidy(() => variable.assign(normal(variable.shape, name, { scale: 0.3 })));
  return detector;
}

beforeAll(async () => {
  await loadBackend();
  [student, teacher, loud] = [make(1), spread(make(2, 24)), spread(make(3))];
});
afterAll(() => [student, teacher, loud].forEach((detector) => detector.dispose()));

const terms = ["feature", "relation", "class", "box"].map((term) => `distill.${term}`);

/** Terms and norms of gradients of one batch. */
function once(own: Detector, counts: readonly number[], options: Partial<GidOptions> = {}) {
  const distiller = gid({ student: own, teacher, ...options });
  const batch = batchWith(counts);
  try {
    return distillation({ detector: own, distiller }, batch);
  } finally {
    batch.dispose();
    distiller.dispose();
  }
}

describe("gid", () => {
  it("trains, images without objects included: terms finite, adapter and backbone learn, the teacher does not", async () => {
    const before = tf.memory().numTensors;
    const weights = weightsOf(teacher);
    const own = make(1);
    const distiller = gid({ student: own, teacher });
    const batch = batchWith([2, 0]);
    const { terms: values, norms } = distillation({ detector: own, distiller }, batch, teacher.parameters().map(({ variable }) => variable));
    batch.dispose();
    expect(Object.keys(values)).toEqual(terms);
    for (const [name, value] of Object.entries(values)) expect(value, name).toBeGreaterThan(0);
    for (const { name, frozen } of [...own.parameters(), ...distiller.parameters()]) if (!frozen) expect(norms[name], name).toBeGreaterThan(0);
    expect(distiller.parameters().map(({ name, variable }) => [name, variable.shape])).toEqual([["distill_adapt_layers.0.0.weight", [3, 3, 16, 24]], ["distill_adapt_layers.0.0.bias", [24]]]);
    expect(teacher.parameters().every(({ variable }) => Number.isNaN(norms[variable.name]))).toBe(true);
    const steps = await train({ detector: own, distiller }, [2, 0], { learningRate: 0.001 });
    for (const step of steps) for (const term of terms) expect(Number.isFinite(step.weighted[term]), term).toBe(true);
    expect(new Set(steps.slice(1).map(({ tensors }) => tensors)).size).toBe(1);
    distiller.dispose();
    own.dispose();
    expect(weightsOf(teacher)).toEqual(weights);
    expect(tf.memory().numTensors).toBe(before);
  });

  it("needs no objects at all, and asks nothing of a student that agrees with its teacher", () => {
    expect(Object.values(once(student, [0]).terms).every((value) => value > 0)).toBe(true);
    const { terms: values, norms } = once(loud, [2], { teacher: loud, adapter: "none" });
    const { "distill.class": entropy, ...rest } = values;
    expect(Object.values(rest)).toEqual([0, 0, 0]);
    expect(entropy, "the teacher's own entropy").toBeGreaterThan(0);
    expect(Object.values(norms).every((norm) => Number.isNaN(norm) || norm === 0)).toBe(true);
  });

  it("applies the adapter, shared or of each level, or none as the code; relates the batch or each image", () => {
    const own = make(5, 24);
    const count = (adapter: NonNullable<GidOptions["adapter"]>) => {
      const distiller = gid({ student: own, teacher, adapter });
      const parameters = distiller.parameters().length;
      distiller.dispose();
      return parameters;
    };
    expect([count("shared"), count("levels"), count("none")]).toEqual([2, 6, 0]);
    expect(once(own, [1], { adapter: "none" }).terms["distill.feature"]).not.toBe(once(own, [1]).terms["distill.feature"]);
    expect(once(own, [1, 1]).terms["distill.relation"]).not.toBe(once(own, [1, 1], { among: "image" }).terms["distill.relation"]);
    expect(once(own, [1]).terms["distill.relation"]).toBe(once(own, [1], { among: "image" }).terms["distill.relation"]);
    own.dispose();
  });

  it("distils detectors without anchors too", () => {
    const [own, other] = [fcos({ classes: 3, seed: 1, channels: 16 }), spread(fcos({ classes: 3, seed: 2, channels: 16 }))];
    const { terms: values } = once(own, [1, 0], { teacher: other, minSide: 0 });
    expect(Object.values(values).every(Number.isFinite)).toBe(true);
    expect(values["distill.feature"]).toBeGreaterThan(0);
    [own, other].forEach((detector) => detector.dispose());
  });

  it("refuses detectors and values that do not fit, by name, and outputs that are not finite", async () => {
    const options = (wrong: object) => () => gid({ student, teacher, ...wrong });
    expect(options({ adapter: "conv1x1" })).toThrow(/"shared", "levels", "none"/);
    expect(options({ adapter: "none" })).toThrow(/16 channels, the teacher .* 24/);
    expect(options({ among: "level" })).toThrow(/"batch", "image"/);
    expect(options({ instances: 0 })).toThrow(/instances is 0/);
    expect(options({ nms: -1 })).toThrow(/nms is -1/);
    expect(options({ relation: NaN })).toThrow(/relation is NaN/);
    expect(options({ student: { name: "shape", classes: 3, channels: 16, strides: student.strides } })).toThrow(/shape does not tell the boxes and the assignment/);
    const more = retinanet({ classes: 4, seed: 2, channels: 16, backbone: "tiny-8" });
    expect(() => once(student, [1], { teacher: more })).toThrow(/logits of .* on level 0 .* the same classes/);
    more.dispose();
    const broken = make(4);
    broken.parameters().filter(({ name }) => name.includes("cls_logits.bias")).forEach(({ variable }) => tf.tidy(() => variable.assign(tf.fill(variable.shape, NaN))));
    const distiller = gid({ student, teacher: broken });
    const before = tf.memory().numTensors;
    await expect(train({ detector: student, distiller }, [1], { iterations: 1 })).rejects.toThrow(/weights that are not finite: 1 variables/);
    expect(tf.memory().numTensors).toBe(before);
    distiller.dispose();
    broken.dispose();
    expect(distillers.gid).toBe(gid);
  });
});

describe("general instances", () => {
  /** One level of one cell by cell prior, whose outputs are boxes themselves. */
  const side = (name: string, logits: number[][], boxes: number[][]): DenseSide => ({
    name, logits: [tf.tensor4d(logits.flat(), [1, 1, logits.length, 2])], boxes: [tf.tensor4d(boxes.flat(), [1, 1, boxes.length, 4])], readBoxes: (outputs) => Float64Array.from(outputs),
  });
  const sizes = [{ width: 100, height: 80 }];

  it("take the box of the more confident side, the best class's score, and the best first", () => {
    tf.tidy(() => {
      const ours = side("s", [[-9, 2], [-9, -9], [0, 0]], [[0, 0, 20, 20], [30, 0, 50, 20], [60, 0, 80, 20]]);
      const theirs = side("t", [[-9, -9], [4, -9], [0, -9]], [[0, 40, 20, 60], [30, 40, 50, 60], [60, 40, 80, 60]]);
      const [{ boxes, scores }] = selectInstances(ours, theirs, { perCell: 1, sizes, instances: 2 });
      expect([...boxes]).toEqual([30, 40, 50, 60, 0, 0, 20, 20]);
      expect(scores[0]).toBeCloseTo(1 / (1 + Math.exp(-4)) - 1 / (1 + Math.exp(9)), 5);
    });
  });

  it("are cut to the content, longer than 10 pixels, and apart", () => {
    tf.tidy(() => {
      const boxes = [[-10, -10, 10, 30], [90, 70, 130, 90], [40, 40, 60, 60], [41, 41, 61, 61], [-20, -20, 90, 70]];
      const ours = side("s", boxes.map(() => [-9, -9]), boxes);
      const theirs = side("t", boxes.map((_, i) => [5 - i, -9]), boxes);
      const [{ boxes: kept }] = selectInstances(ours, theirs, { perCell: 1, sizes });
      expect([...kept]).toEqual([40, 40, 60, 60, 0, 0, 90, 70]);
      expect(boxOverlaps(kept, kept)[1]).toBeLessThanOrEqual(0.3);
      const [{ boxes: small }] = selectInstances(ours, theirs, { perCell: 1, sizes, minSide: 9, candidates: 1 });
      expect([...small]).toEqual([0, 0, 10, 30]);
    });
  });

  it("stay few, finite and sorted at extreme logits", () => {
    tf.tidy(() => {
      const prediction = student.forward(normal([1, edge.height, edge.width, 3], "images") as tf.Tensor4D);
      const readBoxes = student.readBoxes!(prediction);
      const extreme = (scale: number): Prediction => ({ ...prediction, logits: prediction.logits.map((map, l) => normal(map.shape, `logits ${l} ${scale}`, { scale }) as tf.Tensor4D) });
      const [{ boxes, scores }] = selectInstances({ name: "s", ...extreme(80), readBoxes }, { name: "t", ...extreme(-80), readBoxes }, { perCell: prediction.boxes[0].shape[3] / 4, sizes: [edge] });
      expect(scores.length).toBeLessThanOrEqual(10);
      expect([...boxes].every(Number.isFinite)).toBe(true);
      expect([...scores].sort((a, b) => b - a)).toEqual([...scores]);
    });
  });

  it("are none where nothing is large enough, and then every term is 0", () => {
    tf.tidy(() => {
      const ours = side("s", [[1, 1]], [[0, 0, 5, 5]]);
      const instances = selectInstances(ours, side("t", [[-5, -5]], [[0, 0, 5, 5]]), { perCell: 1, sizes });
      expect(instances[0].scores).toHaveLength(0);
      const pooled = poolInstances([tf.ones([1, 10, 10, 3])], instances, { strides: [8] });
      expect(pooled.shape).toEqual([0, 10, 10, 3]);
      for (const among of ["batch", "image"] as const) expect(relationTerm(pooled, pooled, { images: new Int32Array(0), among }).dataSync()[0]).toBe(0);
      const response = responseTerms(ours, ours, { rows: [[]], perCell: 1, beta: 0 });
      expect([response.class.dataSync()[0], response.box.dataSync()[0]]).toEqual([0, 0]);
    });
  });
});
