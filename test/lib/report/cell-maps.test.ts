import * as tf from "@tensorflow/tfjs-core";
import { beforeAll, expect, it } from "vitest";
import { loadBackend } from "../../../lib/backend/load.ts";
import { levelRows } from "../../../lib/detector/loss/rows.ts";
import { cellMaps, cellsOfLevels, listedCells } from "../../../lib/report/cell-maps.ts";

beforeAll(async () => { await loadBackend(); });

const strides = [8, 16];
const sizes = [{ height: 2, width: 2 }, { height: 1, width: 1 }];

it("takes one image and one channel out of maps, cell by cell", () => {
  tf.tidy(() => {
    const maps = [tf.reshape(tf.range(0, 24), [2, 2, 2, 3]), tf.tensor3d([7, 8], [2, 1, 1])];
    const [fine, coarse] = cellMaps(maps.slice(0, 1), strides, { image: 1, channel: 2 }).concat(cellMaps(maps.slice(1), [16], { image: 1 }));
    expect(fine).toEqual({ stride: 8, height: 2, width: 2, values: Float32Array.of(14, 17, 20, 23) });
    expect(coarse).toEqual({ stride: 16, height: 1, width: 1, values: Float32Array.of(8) });
  });
});

it("cuts a list of all cells into levels, in the order of a detector's rows", () => {
  tf.tidy(() => {
    const maps = [tf.tensor4d([1, 2, 3, 4], [1, 2, 2, 1]), tf.tensor4d([5], [1, 1, 1, 1])];
    expect(cellsOfLevels(levelRows(maps, 1).dataSync(), sizes, strides)).toEqual(cellMaps(maps, strides));
  });
});

it("places the values of listed cells, the largest of several, and 0 elsewhere", () => {
  const [fine, coarse] = listedCells([4, 1, 1], [0.5, 0.2, 0.1], sizes, strides);
  expect([...fine.values]).toEqual([0, Math.fround(0.2), 0, 0]);
  expect([...coarse.values]).toEqual([0.5]);
});

it("refuses what does not exist", () => {
  tf.tidy(() => {
    const map = tf.zeros([1, 2, 2, 3]);
    expect(() => cellMaps([map], strides, { image: 1 })).toThrow(/image 1 is asked for; there are 0 … 0/);
    expect(() => cellMaps([map], strides, { channel: 3 })).toThrow(/channel 3 is asked for; there are 0 … 2/);
    expect(() => cellMaps([map, map], [8])).toThrow(/2 levels are given, but strides of 1/);
    expect(() => cellMaps([tf.zeros([4])], strides)).toThrow(/level 0 is \[4\]/);
  });
  expect(() => cellsOfLevels([1, 2], sizes, strides)).toThrow(/2 values are given for the 5 cells/);
  expect(() => listedCells([5], [1], sizes, strides)).toThrow(/cell 5 is listed; there are 0 … 4/);
});
