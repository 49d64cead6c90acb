import * as tf from "@tensorflow/tfjs-core";
import { afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { loadBackend } from "../../../lib/backend/load.ts";
import type { Detector } from "../../../lib/detector/detector.ts";
import { align } from "../../../lib/distill/align.ts";
import { crossLoss, identicalLoss, sharedKd, sharedKdLabel, sharedKdNotice, sharedTeacher, type SharedKdOptions } from "../../../lib/distill/shared-kd.ts";
import { adaptiveAveragePool } from "../../../lib/tensor/adaptive-pool.ts";
import { gradientError, normal } from "./finite-difference.ts";
import { groupOf, slopesOf, tinyOf, trainTiny } from "./tiny-run.ts";

beforeAll(async () => void (await loadBackend()));

let before = 0;
beforeEach(() => { before = tf.memory().numTensors; });
/** Whatever a test does, nothing is left. */
afterEach(() => expect(tf.memory().numTensors).toBe(before));

const map = (name: string, ...shape: number[]) => normal(name, shape) as tf.Tensor4D;
/** A pyramid of odd sizes that halve with a remainder, channels as asked. */
const pyramidOf = (name: string, channels: readonly number[]) => channels.map((c, l) => map(`${name}${l}`, 2, [13, 7, 4][l], [10, 5, 3][l], c));
const scalar = (f: () => tf.Scalar) => tf.tidy(f).dataSync()[0];
/** Disposes the scalar too. */
const valueOf = (f: () => tf.Scalar) => { const y = tf.tidy(f); const [value] = y.dataSync(); y.dispose(); return value; };
const mean = (x: tf.Tensor) => [...x.dataSync()].reduce((sum, v) => sum + v, 0) / x.size;

describe("alignment without parameters", () => {
  it("pools the larger map to the smaller and keeps the first, or last, of its channels", () => {
    tf.tidy(() => {
      const [a, b] = [map("a", 1, 7, 5, 4), map("b", 1, 3, 2, 2)];
      const [first, same] = align(a, b);
      expect(same).toBe(b);
      expect([...first.dataSync()]).toEqual([...tf.slice(adaptiveAveragePool(a, [3, 2]), [0, 0, 0, 0], [1, 3, 2, 2]).dataSync()]);
      expect([...align(b, a, { crop: "last" })[1].dataSync()]).toEqual([...tf.slice(adaptiveAveragePool(a, [3, 2]), [0, 0, 0, 2], [1, 3, 2, 2]).dataSync()]);
      expect(align(a, b, { pool: "max" })[0].shape).toEqual([1, 3, 2, 2]);
      expect([...align(a, b, { pool: "nearest" })[0].dataSync()]).toEqual([...tf.image.resizeNearestNeighbor(tf.slice4d(a, [0, 0, 0, 0], [1, 7, 5, 2]), [3, 2]).dataSync()]);
    });
  });

  it("leaves equal shapes as they are, whatever the options", () => {
    tf.tidy(() => {
      const [a, b] = [map("a", 1, 3, 5, 2), map("b", 1, 3, 5, 2)];
      for (const pool of ["average", "max", "nearest"] as const) for (const crop of ["first", "last", "none"] as const) expect(align(a, b, { pool, crop })).toEqual([a, b]);
    });
  });

  it("says what does not fit: channels that may not be cut, and squares of maps that are none", () => {
    tf.tidy(() => {
      expect(() => align(map("a", 1, 4, 4, 3), map("b", 1, 4, 4, 2), { crop: "none" })).toThrow('maps of 2 and 3 channels with crop: "none"');
      expect(() => align(map("a", 1, 8, 6, 2), map("b", 1, 4, 3, 2), { target: "square" })).toThrow(/square pooling of maps of 8 × 6 and 4 × 3 cells gives 4 × 4 and 4 × 3.*target: "map"/);
      expect(() => align(map("a", 1, 4, 6, 2), map("b", 1, 4, 3, 2), { target: "square" })).toThrow("square pooling");
    });
  });
});

describe("the dense teacher", () => {
  it("is the mean of a level and its finer ones, aligned; or their sum, or with the previous one, or the level alone", () => {
    tf.tidy(() => {
      const maps = pyramidOf("t", [4, 4, 4]);
      const at = (from: number) => align(maps[from], maps[2])[0];
      const near = (actual: tf.Tensor, expected: tf.Tensor) => expect(tf.max(tf.abs(tf.sub(actual, expected))).dataSync()[0]).toBeLessThan(1e-6);
      const sum = tf.addN([at(0), at(1), maps[2]]);
      near(sharedTeacher(maps)[2], tf.div(sum, 3));
      near(sharedTeacher(maps, { dense: "sum" })[2], sum);
      near(sharedTeacher(maps, { dense: "previous" })[2], tf.div(tf.add(at(1), maps[2]), 2));
      expect(sharedTeacher(maps, { dense: "off" })).toEqual(maps);
      expect(sharedTeacher(maps)[0]).toBe(maps[0]);
    });
  });

  it("has as many channels as the narrowest level that enters", () => {
    tf.tidy(() => {
      const maps = pyramidOf("t", [2, 4, 8]);
      expect(sharedTeacher(maps).map(({ shape }) => shape[3])).toEqual([2, 2, 2]);
      expect(sharedTeacher(maps, { dense: "previous" }).map(({ shape }) => shape[3])).toEqual([2, 2, 4]);
      expect(() => sharedTeacher(maps, { crop: "none" })).toThrow('crop: "none"');
    });
  });
});

describe("the two losses", () => {
  it("are 0 with slope 0 when all maps are equal after alignment", () => {
    tf.tidy(() => {
      const flat = [[12, 16], [6, 8], [3, 4]].map(([h, w]) => tf.fill<tf.Rank.R4>([1, h, w, 2], 0.7));
      expect(valueOf(() => identicalLoss(flat, sharedTeacher(flat)))).toBeLessThan(1e-12);
      expect(valueOf(() => crossLoss(flat, { direction: "mutual" }))).toBeLessThan(1e-12);
      const same = map("s", 1, 4, 4, 2);
      expect(Math.max(...tf.grad((x) => identicalLoss([x as tf.Tensor4D], [same]))(same).dataSync().map(Math.abs))).toBe(0);
    });
  });

  it("are mean squared errors, or sums per image", () => {
    tf.tidy(() => {
      const [student, teacher] = [pyramidOf("s", [4, 4, 4]), pyramidOf("t", [4, 4, 4])];
      const squares = student.map((s, l) => tf.squaredDifference(s, teacher[l]));
      expect(scalar(() => identicalLoss(student, teacher))).toBeCloseTo(squares.reduce((sum, one) => sum + mean(one), 0), 4);
      expect(scalar(() => identicalLoss(student, teacher, { reduction: "sum" }))).toBeCloseTo(squares.reduce((sum, one) => sum + mean(one) * one.size, 0) / 2, 1);
    });
  });

  it("agree with finite differences in every direction of teaching", () => {
    tf.tidy(() => {
      const [, middle, coarse] = pyramidOf("s", [2, 3, 4]);
      const fine = map("fine", 2, 13, 10, 2);
      // The constant side of a pair is no function of x for the slope, so each direction is tried from the side that learns.
      expect(gradientError((x) => crossLoss([x as tf.Tensor4D, middle, coarse], { direction: "deep" }), fine, 0.1)).toBeLessThan(1e-3);
      expect(gradientError((x) => crossLoss([fine, middle, x as tf.Tensor4D], { direction: "shallow" }), coarse, 0.1)).toBeLessThan(1e-3);
      expect(gradientError((x) => crossLoss([fine, x as tf.Tensor4D, coarse], { direction: "mutual" }), middle, 0.1)).toBeLessThan(1e-3);
      expect(gradientError((x) => crossLoss([x as tf.Tensor4D, middle], { pool: "nearest" }), fine, 0.1)).toBeLessThan(1e-3);
      expect(gradientError((x) => crossLoss([x as tf.Tensor4D, middle], { pool: "max" }), fine, 1e-3)).toBeLessThan(2e-2);
    });
  });

  it("give the side that teaches no gradient", () => {
    const variables = pyramidOf("s", [2, 2, 2]).map((x) => { const v = tf.variable(x); x.dispose(); return v; });
    const reached = (direction: "deep" | "shallow" | "mutual") => {
      const { value, grads } = tf.variableGrads(() => crossLoss(variables, { direction }), variables);
      const out = variables.map(({ name }) => Boolean((grads as Record<string, tf.Tensor | null>)[name]));
      tf.dispose([value, ...Object.values(grads)]);
      return out;
    };
    expect(reached("deep")).toEqual([true, true, false]);
    expect(reached("shallow")).toEqual([false, true, true]);
    expect(reached("mutual")).toEqual([true, true, true]);
    tf.dispose(variables);
  });

  it("compare all pairs of levels, or neighbours alone; one level has no pair", () => {
    tf.tidy(() => {
      const maps = pyramidOf("s", [2, 2, 2]);
      const pair = (i: number, j: number) => scalar(() => crossLoss([maps[i], maps[j]]));
      expect(scalar(() => crossLoss(maps))).toBeCloseTo(pair(0, 1) + pair(0, 2) + pair(1, 2), 5);
      expect(scalar(() => crossLoss(maps, { pairs: "adjacent" }))).toBeCloseTo(pair(0, 1) + pair(1, 2), 5);
      expect(scalar(() => crossLoss([maps[0]]))).toBe(0);
    });
  });
});

describe("training with Shared-KD", () => {
  const pair = (body: (student: Detector, teacher: Detector) => Promise<void> | void, kinds: readonly ["retinanet" | "fcos", "retinanet" | "fcos"] = ["retinanet", "retinanet"]) => async () => {
    const [student, teacher] = [tinyOf(kinds[0], 1), tinyOf(kinds[1], 2)];
    try {
      await body(student, teacher);
    } finally {
      student.dispose();
      teacher.dispose();
    }
  };
  const built = <T>(options: SharedKdOptions, use: (method: ReturnType<typeof sharedKd>) => T): T => {
    const method = sharedKd(options);
    try {
      return use(method);
    } finally {
      method.dispose();
    }
  };

  it("falls, has no parameters, leaves the teacher alone and leaks nothing", pair(async (student, teacher) => {
    const frozen = teacher.parameters().map(({ variable }) => [...variable.dataSync()]);
    const method = sharedKd({ student, teacher });
    expect(method.parameters()).toEqual([]);
    expect(method.name).toBe(sharedKdLabel);
    const steps = await trainTiny(student, method, 8);
    expect(steps[7].losses["distill.identical"]).toBeLessThan(steps[0].losses["distill.identical"]);
    expect(steps[0].weighted["distill.cross"]).toBeCloseTo(2 * steps[0].losses["distill.cross"], 6);
    expect(new Set(steps.slice(1).map(({ tensors }) => tensors)).size).toBe(1);
    expect(teacher.parameters().map(({ variable }) => [...variable.dataSync()])).toEqual(frozen);
  }, ["retinanet", "fcos"]));

  it("reaches the student's backbone and neck by each of its terms, at either site, and never the teacher", pair((student, teacher) => {
    for (const site of ["pyramid", "stages"] as const) for (const term of ["identical", "cross"] as const) {
      built({ student, teacher, site, [term === "cross" ? "identical" : "cross"]: false }, (method) => {
        const learners = [...groupOf(student, "backbone"), ...(site === "pyramid" ? groupOf(student, "neck") : [])];
        const slopes = slopesOf(student, method, [...learners, ...groupOf(teacher, "backbone")], { terms: [`distill.${term}`] });
        expect(slopes.slice(learners.length).every((slope) => slope === undefined)).toBe(true);
        const still = learners.filter((_, i) => !(slopes[i]! > 0)).map(({ name }) => name);
        // Where the deep level teaches, it learns nothing itself.
        if (term === "identical") expect(still).toEqual([]);
        else expect(new Set(still.map((name) => name.replace(/(layer_blocks\.2|layer3).*/, "$1")))).toEqual(new Set([site === "pyramid" ? "backbone.fpn.layer_blocks.2" : "backbone.body.layer3"]));
      });
    }
  }));

  it("drops a step when told (Table 3)", pair((student, teacher) => {
    const terms = (options: Partial<SharedKdOptions>) => built({ student, teacher, ...options }, (method) => {
      const maps = tf.tidy(() => student.extract(tf.zeros([1, 48, 64, 3])));
      const prediction = { pyramid: maps, logits: [], boxes: [], height: 48, width: 64 };
      const hints = { teacher: maps };
      const names = tf.tidy(() => Object.keys(method.loss(prediction, hints, { targets: [] } as never, { iteration: 0, detector: student })) as unknown as tf.TensorContainer) as unknown as string[];
      tf.dispose(maps);
      return names;
    });
    expect(terms({})).toEqual(["distill.identical", "distill.cross"]);
    expect(terms({ identical: false })).toEqual(["distill.cross"]);
    expect(terms({ cross: false })).toEqual(["distill.identical"]);
    expect(() => terms({ cross: false, identical: false })).toThrow("leaves nothing to learn");
    const silent = { detector: teacher, predict: () => { throw new Error("asked"); } };
    expect(() => built({ student, teacher: silent }, (method) => method.hints({ targets: [] } as never))).toThrow("asked");
    expect(built({ student, teacher: silent, identical: false }, (method) => method.hints({ targets: [] } as never))).toEqual({});
  }));

  it("says by name what is wrong", pair((student, teacher) => {
    const make = (options: object) => () => sharedKd({ student, teacher, ...options });
    expect(make({ pool: "mean" })).toThrow('sharedKd: pool is "mean"; it must be "average", "max", "nearest"');
    expect(make({ featureWeight: -1 })).toThrow("sharedKd: featureWeight is -1; it must be a finite number from 0");
    expect(make({ preset: "yolo" })).toThrow(/preset "yolo"/);
    expect(make({ student: { ...student, strides: [8, 16, 32] } })).toThrow(/levels of strides 8, 16, 32/);
    const blind = { detector: teacher, predict: () => ({ pyramid: [], logits: [], boxes: [], height: 1, width: 1 }) };
    expect(() => built({ student, teacher: blind, site: "stages" }, (method) => method.hints({ images: undefined, targets: [] } as never))).toThrow('no backbone stages, which site: "stages" compares');
    expect(sharedKdNotice).toContain("reconstructed");
  }));

  it("crops teacher and student of different channels, or refuses to", async () => {
    const [student, teacher] = [tinyOf("retinanet", 1), tinyOf("fcos", 2, 12)];
    const method = sharedKd({ student, teacher });
    expect((await trainTiny(student, method, 1))[0].losses["distill.identical"]).toBeGreaterThan(0);
    const strict = sharedKd({ student, teacher, crop: "none" });
    await expect(trainTiny(student, strict, 1)).rejects.toThrow('maps of 8 and 12 channels with crop: "none"');
    for (const one of [method, strict, student, teacher]) one.dispose();
  });
});
