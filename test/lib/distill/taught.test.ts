import * as tf from "@tensorflow/tfjs-core";
import { afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { loadBackend } from "../../../lib/backend/load.ts";
import type { Batch } from "../../../lib/data/batch.ts";
import type { Detector, Prediction } from "../../../lib/detector/detector.ts";
import { pairLevels, taught, teacherOf, type Teacher } from "../../../lib/distill/taught.ts";
import { product, ramp, until } from "../../../lib/train/schedule.ts";
import type { Step } from "../../../lib/train/step.ts";
import { training } from "../../../lib/train/training.ts";
import { normal } from "./finite-difference.ts";
import { mimic, oneBatch, tinyDetector } from "./mimic.ts";

beforeAll(async () => void (await loadBackend()));

let before = 0;
let student: Detector, teacher: Detector;
beforeEach(() => {
  before = tf.memory().numTensors;
  [student, teacher] = [tinyDetector(1), tinyDetector(2, 12)];
});
/** Whatever a test does, nothing is left when detectors are gone. */
afterEach(() => {
  student.dispose();
  teacher.dispose();
  expect(tf.memory().numTensors).toBe(before);
});

const valuesOf = (detector: Detector) => detector.parameters().map(({ variable }) => [...variable.dataSync()]);

async function train(distiller: ReturnType<typeof mimic>, iterations: number): Promise<Step[]> {
  const run = training({ detector: student, distiller, batches: oneBatch, iterations, optimiser: { learningRate: () => 0.001 } });
  const steps: Step[] = [];
  try {
    for await (const step of run.steps()) steps.push(step);
  } finally {
    run.dispose();
    distiller.dispose();
  }
  return steps;
}

const batch = async (): Promise<Batch> => {
  for await (const one of oneBatch()) return one;
  throw new Error("no batch");
};

describe("a method with a frozen teacher", () => {
  it("trains student and adapters and leaves the teacher as it was; nothing leaks by a step", async () => {
    const frozen = valuesOf(teacher);
    const method = mimic({ teacher, student, weight: 2, own: 3 });
    const start = method.parameters().map(({ variable }) => [...variable.dataSync()]);
    const backbone = student.parameters().find(({ group, frozen: never }) => group === "backbone" && !never)!.variable;
    const first = [...backbone.dataSync()];
    const run = training({ detector: student, distiller: method, batches: oneBatch, iterations: 6, optimiser: { learningRate: () => 0.001 } });
    const steps: Step[] = [];
    for await (const step of run.steps()) steps.push(step);
    expect(valuesOf(teacher)).toEqual(frozen);
    expect([...backbone.dataSync()]).not.toEqual(first);
    method.parameters().forEach(({ variable, group }, i) => {
      expect(group).toBe("distill");
      expect([...variable.dataSync()]).not.toEqual(start[i]);
    });
    expect(steps[0].weighted["distill.feature"]).toBeCloseTo(6 * steps[0].losses["distill.feature"], 5);
    expect(steps[0].lambda).toBe(6);
    expect(steps[5].losses["distill.feature"]).toBeLessThan(steps[0].losses["distill.feature"]);
    expect(new Set(steps.slice(1).map(({ tensors }) => tensors)).size).toBe(1);
    run.dispose();
    method.dispose();
  });

  it("reaches the backbone by the distillation term alone", async () => {
    const method = mimic({ teacher, student });
    const given = await batch();
    const { images } = given;
    tf.tidy(() => {
      const hints = method.hints(given);
      const variables = student.parameters().filter(({ group, frozen }) => group === "backbone" && !frozen).map(({ variable }) => variable);
      const { grads } = tf.variableGrads(() => method.loss(student.forward(images), hints, given, { iteration: 0, detector: student })["distill.feature"].value, variables);
      expect(Object.values(grads).every((slope) => slope !== null && (tf.sum(tf.abs(slope)).dataSync()[0]) > 0)).toBe(true);
    });
    given.dispose();
    method.dispose();
  });

  it("follows λ's schedule, times the method's own weight", async () => {
    const steps = await train(mimic({ teacher, student, own: 0.5, weight: product(8, ramp(4), until(5)) }), 6);
    expect(steps.map(({ lambda }) => lambda)).toEqual([0, 1, 2, 3, 4, 0]);
    expect(steps[5].distillShare).toBe(0);
    expect(steps[5].losses["distill.feature"]).toBeGreaterThan(0); // still told
  });

  it("computes its hints outside the tape, in tensors that outlive the prediction", async () => {
    const method = mimic({ teacher, student });
    const given = await batch();
    const { images } = given;
    const held = tf.memory().numTensors;
    const hints = method.hints(given);
    expect(tf.memory().numTensors).toBe(held + teacher.strides.length); // all else of the forward pass is gone
    const direct = tf.tidy(() => teacher.extract(images).map((map) => [...map.dataSync()]));
    expect(hints["maps"].map((map) => [...map.dataSync()])).toEqual(direct);
    tf.dispose(hints as tf.TensorContainer);
    given.dispose();
    method.dispose();
  });

  it("asks for the pyramid alone where that is all it reads, and spares the head", async () => {
    let heads = 0;
    const counted: Detector = { ...teacher, predict: (...given) => ((heads += 1), teacher.predict(...given)), forward: (images) => ((heads += 1), teacher.forward(images)) };
    const given = await batch();
    for (const [reads, expected] of [["pyramid", 0], ["prediction", 1]] as const) {
      const method = mimic({ teacher: counted, student, reads });
      tf.dispose(method.hints(given) as tf.TensorContainer);
      method.dispose();
      expect(heads).toBe(expected);
    }
    tf.tidy(() => {
      const { pyramid, logits, height } = teacherOf(teacher).predict(given, "pyramid");
      expect([pyramid.length, logits.length, height]).toEqual([teacher.strides.length, 0, 64]);
    });
    given.dispose();
  });

  it("takes anyone who answers for a teacher", async () => {
    let asked = 0;
    const mouth: Teacher = { detector: teacher, predict: (one, reads) => ((asked += 1), teacherOf(teacher).predict(one, reads)) };
    await train(mimic({ teacher: mouth, student }), 3);
    expect(asked).toBe(3);
  });

  it("gives everything back when building, hinting or comparing fails", async () => {
    expect(() => taught("broken", { teacher, student }, (set) => { set.make("w", [3], 1); throw new Error("no fit"); })).toThrow("no fit");
    const given = await batch();
    const held = tf.memory().numTensors;
    const failing = (where: "hints" | "terms") => taught("failing", { teacher, student }, () => ({
      hints: ({ pyramid }: Prediction) => { tf.square(pyramid[0]); if (where === "hints") throw new Error("in hints"); return { maps: pyramid }; },
      terms: () => { throw new Error("in terms"); },
    }));
    expect(() => failing("hints").hints(given)).toThrow("in hints");
    expect(tf.memory().numTensors).toBe(held);
    await expect(train(failing("terms"), 1)).rejects.toThrow("in terms");
    expect(tf.memory().numTensors).toBe(held);
    given.dispose();
  });

  it("refuses weights that are no numbers, by name", async () => {
    expect(() => mimic({ teacher, student, weight: NaN })).toThrow(/mimic: λ is NaN; it must be a finite number/);
    await expect(train(mimic({ teacher, student, own: Infinity }), 1)).rejects.toThrow(/mimic: the weight of feature is Infinity/);
  });
});

describe("a teacher that is not frozen", () => {
  it("is refused when its variables move during its own forward pass, as BatchNorm statistics in training mode do", async () => {
    const statistic = teacher.parameters()[0];
    const moving: Detector = { ...teacher, extract: (images) => { tf.tidy(() => { statistic.variable.assign(tf.mul(statistic.variable, 0.9)); }); return teacher.extract(images); } };
    await expect(train(mimic({ teacher: moving, student }), 2)).rejects.toThrow(`changed while it teaches: 1 variables (${statistic.name}). It is in training mode`);
    expect(await train(mimic({ teacher: moving, student, movingTeacher: true }), 2)).toHaveLength(2);
  });

  it("is refused when someone else changes it between two steps, not when it is loaded before the first", async () => {
    const given = await batch();
    const [{ variable, name }] = teacher.parameters();
    const change = () => { tf.tidy(() => { variable.assign(tf.add(variable, 1)); }); };
    const method = mimic({ teacher, student });
    change();
    tf.dispose(method.hints(given) as tf.TensorContainer);
    change();
    expect(() => method.hints(given)).toThrow(name);
    given.dispose();
    method.dispose();
  });

  it("is refused as its own student, before anything is trained", () => {
    const method = mimic({ teacher: student, student });
    expect(() => training({ detector: student, distiller: method, batches: oneBatch, iterations: 1, optimiser: { learningRate: () => 1 } })).toThrow(/the teacher .* would be trained: \d+ of its variables are among the trained ones/);
    method.dispose();
  });
});

describe("pairLevels", () => {
  const of = (name: string, ...strides: number[]) => ({ name, strides });

  it("pairs by stride, wherever the levels stand", () => {
    expect(pairLevels(of("s", 8, 16, 32), of("t", 4, 8, 16, 32), { partial: true })).toEqual([
      { student: 0, teacher: 1, stride: 8 }, { student: 1, teacher: 2, stride: 16 }, { student: 2, teacher: 3, stride: 32 },
    ]);
    expect(pairLevels(of("s", 8), of("t", 8))).toHaveLength(1);
  });

  it("refuses levels without a partner unless that is meant, and pyramids that have nothing in common", () => {
    expect(() => pairLevels(of("s", 8, 16), of("t", 4, 8, 16))).toThrow(/the student s has levels of strides 8, 16, the teacher t of 4, 8, 16/);
    expect(() => pairLevels(of("s", 8), of("t", 4), { partial: true })).toThrow(/neck\.first/);
  });
});

it("hints of a method hold values, whatever becomes of the maps", () => {
  const map = normal("map", [1, 2, 2, 3]) as tf.Tensor4D;
  const mouth = { detector: teacher, predict: () => ({ pyramid: [map], logits: [], boxes: [], height: 2, width: 2 }) };
  const method = taught("plain", { teacher: mouth, student }, () => ({ hints: ({ pyramid }) => ({ maps: pyramid }), terms: () => ({}) }));
  const hints = method.hints({ images: map, targets: [], dispose: () => undefined });
  const values = [...map.dataSync()];
  map.dispose();
  expect([...hints["maps"][0].dataSync()]).toEqual(values);
  tf.dispose(hints as tf.TensorContainer);
  method.dispose();
});
