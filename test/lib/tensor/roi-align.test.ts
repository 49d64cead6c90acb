import * as tf from "@tensorflow/tfjs-core";
import { beforeAll, describe, expect, it } from "vitest";
import { loadBackend } from "../../../lib/backend/load.ts";
import { roiAlign, type RoiAlignOptions, type Rois } from "../../../lib/tensor/roi-align.ts";
import { sparseProduct } from "../../../lib/tensor/sparse-product.ts";
import { expectGradients, expectNoLeak, normal } from "./finite-difference.ts";

beforeAll(async () => { await loadBackend(); });

const two: RoiAlignOptions = { output: [2, 3], samplingRatio: 2, aligned: true };
const rois = (images: readonly number[], ...boxes: readonly number[][]): Rois => ({ boxes: Float32Array.from(boxes.flat()), images: Int32Array.from(images) });
const map = (shape: readonly number[]) => normal(shape, `map ${shape.join()}`) as tf.Tensor4D;
/** Inside, over the border, narrower than a cell, empty, outside. */
const several = rois([0, 1, 1, 0, 1], [1, 2, 17, 20], [-6, 10, 50, 18], [9, 9, 10, 10.5], [12, 12, 12, 12], [80, 80, 90, 99]);

/** The definition: bilinear samples one by one, in double precision. */
function direct(x: tf.Tensor4D, { boxes, images }: Rois, scale: number, { output: [rows, columns], samplingRatio, aligned }: RoiAlignOptions): number[] {
  const [, height, width, channels] = x.shape;
  const values = x.dataSync();
  const at = (b: number, y: number, xx: number, c: number): number => {
    if (y < -1 || y > height || xx < -1 || xx > width) return 0;
    const [v, u] = [Math.min(Math.max(y, 0), height - 1), Math.min(Math.max(xx, 0), width - 1)];
    const [y0, x0] = [Math.floor(v), Math.floor(u)];
    const cell = (i: number, j: number) => values[((b * height + Math.min(i, height - 1)) * width + Math.min(j, width - 1)) * channels + c];
    const [fy, fx] = [v - y0, u - x0];
    return (1 - fy) * ((1 - fx) * cell(y0, x0) + fx * cell(y0, x0 + 1)) + fy * ((1 - fx) * cell(y0 + 1, x0) + fx * cell(y0 + 1, x0 + 1));
  };
  const out: number[] = [];
  for (const [r, b] of images.entries()) {
    const [x1, y1, x2, y2] = Array.from(boxes.subarray(4 * r, 4 * r + 4), (v) => v * scale - (aligned ? 0.5 : 0));
    const [w, h] = [x2 - x1, y2 - y1].map((side) => (aligned ? side : Math.max(side, 1)));
    const [nx, ny] = [samplingRatio || Math.ceil(w / columns), samplingRatio || Math.ceil(h / rows)];
    for (let i = 0; i < rows; i++) for (let j = 0; j < columns; j++) for (let c = 0; c < channels; c++) {
      let sum = 0;
      for (let a = 0; a < ny; a++) for (let e = 0; e < nx; e++) sum += at(b, y1 + (h / rows) * (i + (a + 0.5) / ny), x1 + (w / columns) * (j + (e + 0.5) / nx), c);
      out.push(nx * ny > 0 ? sum / (nx * ny) : 0);
    }
  }
  return out;
}

const variants: RoiAlignOptions[] = [0, 1, 2, 3].flatMap((samplingRatio) => [true, false].map((aligned): RoiAlignOptions => ({ output: [2, 3], samplingRatio, aligned })));

describe("roiAlign", () => {
  it.each(variants)("is the mean of bilinear samples: %j", (options) => {
    tf.tidy(() => {
      const x = map([2, 6, 7, 5]);
      const expected = direct(x, several, 1 / 4, options);
      const actual = roiAlign([{ features: x, scale: 1 / 4 }], several, options).dataSync();
      expect(actual).toHaveLength(expected.length);
      for (const [i, value] of expected.entries()) expect(actual[i]).toBeCloseTo(value, 5);
    });
  });

  it.each(variants)("has the gradient that differences say: %j", (options) => {
    tf.tidy(() => expectGradients((x) => roiAlign([{ features: x as tf.Tensor4D, scale: 1 / 4 }], several, options), [map([2, 6, 7, 3])]));
  });

  it("reads every region from its level, in the regions' order, with gradients to each level", () => {
    const levels = Int32Array.of(1, 0, 1, 0, 1);
    const [fine, coarse] = [[2, 12, 14, 40], [2, 6, 7, 40]].map(map);
    tf.tidy(() => {
      const both = roiAlign([{ features: fine, scale: 1 / 4 }, { features: coarse, scale: 1 / 8 }], several, { ...two, levels });
      for (const [r, level] of levels.entries()) {
        const one: Rois = { boxes: several.boxes.slice(4 * r, 4 * r + 4), images: several.images.slice(r, r + 1) };
        const alone = roiAlign([level === 0 ? { features: fine, scale: 1 / 4 } : { features: coarse, scale: 1 / 8 }], one, two);
        expect(tf.slice(both, r, 1).dataSync()).toEqual(alone.dataSync());
      }
      expectGradients((a, b) => roiAlign([{ features: a as tf.Tensor4D, scale: 1 / 4 }, { features: b as tf.Tensor4D, scale: 1 / 8 }], several, { ...two, levels }), [fine, coarse]);
    });
    tf.dispose([fine, coarse]);
  });

  it("gives nothing for no regions, zeros for empty ones, and works on a map of one cell", () => {
    tf.tidy(() => {
      const x = map([1, 1, 1, 2]);
      expect(roiAlign([{ features: x, scale: 1 }], rois([]), two).shape).toEqual([0, 2, 3, 2]);
      expect(Array.from(roiAlign([{ features: x, scale: 1 }], rois([0], [0.2, 0.2, 0.2, 0.2]), { ...two, samplingRatio: 0 }).dataSync())).toEqual(new Array(12).fill(0));
      const [a, b] = x.dataSync();
      expect(Array.from(roiAlign([{ features: x, scale: 1 }], rois([0], [0, 0, 1, 1]), two).dataSync())).toEqual([a, b, a, b, a, b, a, b, a, b, a, b]);
    });
  });

  it("does work that is bounded by the map, however huge a region is", () => {
    tf.tidy(() => {
      const x = map([1, 6, 7, 2]);
      const started = performance.now();
      const y = roiAlign([{ features: x, scale: 1 }], rois([0], [-1e12, -1e12, 1e12, 1e12]), { output: [7, 7], samplingRatio: 0, aligned: true });
      expect(performance.now() - started).toBeLessThan(1000);
      expect(Array.from(y.dataSync()).every(Number.isFinite)).toBe(true);
    });
  });

  it("sums the gradients of chunks: many regions over a whole large map", () => {
    tf.tidy(() => {
      const x = tf.ones<tf.Rank.R4>([1, 300, 300, 1]);
      const many = rois(new Array(60).fill(0), ...new Array<number[]>(60).fill([0, 0, 300, 300]));
      const f = (map4: tf.Tensor) => roiAlign([{ features: map4 as tf.Tensor4D, scale: 1 }], many, { output: [10, 10], samplingRatio: 0, aligned: true });
      for (const value of f(x).dataSync()) expect(value).toBeCloseTo(1, 4);
      const dx = tf.grad(f)(x);
      expect(dx.shape).toEqual([1, 300, 300, 1]);
      for (const value of dx.dataSync()) expect(value).toBeCloseTo(60 / 900, 5);
    });
  });

  it("leaves no tensors, also when a gradient is taken", () => {
    const x = map([2, 6, 7, 4]);
    const f = (map4: tf.Tensor) => roiAlign([{ features: map4 as tf.Tensor4D, scale: 1 / 4 }], several, two);
    expectNoLeak(() => f(x).dispose());
    expectNoLeak(() => tf.grad(f)(x).dispose());
    x.dispose();
  });

  it.each<[Rois, Partial<RoiAlignOptions>, string]>([
    [rois([0], [0, 0, NaN, 1]), {}, "box 0 has a coordinate NaN; boxes must be finite"],
    [rois([2], [0, 0, 1, 1]), {}, "region 0 lies in image 2 of a batch of 2"],
    [rois([0, 0], [0, 0, 1, 1]), {}, "4 box coordinates for 2 regions; 4 are needed per region"],
    [rois([0], [0, 0, 1, 1]), { levels: Int32Array.of(1) }, "region 0 belongs to level 1 of 1 levels"],
    [rois([0], [0, 0, 1, 1]), { output: [0, 7] }, "output is 0 × 7 bins"],
    [rois([0], [0, 0, 1, 1]), { samplingRatio: 1.5 }, "samplingRatio is 1.5"],
  ])("says what is wrong with %j %j", (regions, change, message) => {
    tf.tidy(() => { expect(() => roiAlign([{ features: map([2, 3, 3, 1]), scale: 1 }], regions, { ...two, ...change })).toThrow(message); });
  });
});

describe("sparseProduct", () => {
  const matrix = { rows: 2, columns: 3, indices: Int32Array.of(0, 1, 0, 2, 1, 0, 0, 1), values: Float32Array.of(1, 0.5, 2, 1) };

  it("multiplies on portable backends as on the native one", async () => {
    const both = () => tf.tidy(() => [
      ...sparseProduct(matrix, tf.tensor2d([1, 2, 3, 4, 5, 6], [3, 2]), "plain").dataSync(),
      ...sparseProduct(matrix, tf.tensor2d([1, 2, 3, 4], [2, 2]), "transposed").dataSync(),
    ] as tf.TensorContainer) as unknown as number[];
    expect(both()).toEqual([8.5, 11, 2, 4, 6, 8, 2, 4, 0.5, 1]);
    await import("@tensorflow/tfjs-backend-cpu");
    const native = tf.getBackend();
    await tf.setBackend("cpu");
    try {
      expect(both()).toEqual([8.5, 11, 2, 4, 6, 8, 2, 4, 0.5, 1]);
    } finally {
      await tf.setBackend(native);
    }
  });
});
