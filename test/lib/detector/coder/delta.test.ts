import * as tf from "@tensorflow/tfjs-core";
import { beforeAll, describe, expect, it } from "vitest";
import { loadBackend } from "../../../../lib/backend/load.ts";
import { decodeDeltas, decodeDeltasTensor, encodeDeltas, type DeltaCoder } from "../../../../lib/detector/coder/delta.ts";
import { random } from "../../../../lib/tensor/random.ts";
import { expectGradients } from "../../tensor/finite-difference.ts";

beforeAll(async () => { await loadBackend(); });

const coder: DeltaCoder = { weights: [10, 10, 5, 5], clamp: "both" };

function boxes(count: number, key: string): number[] {
  const stream = random(3, key);
  return Array.from({ length: count }, () => {
    const [x, y] = [stream.uniform(0, 100), stream.uniform(0, 100)];
    return [x, y, x + stream.uniform(5, 50), y + stream.uniform(5, 50)];
  }).flat();
}

describe("deltas", () => {
  it("decode to what they encode", () => {
    const [anchors, objects] = [boxes(50, "anchors"), boxes(50, "objects")];
    const back = decodeDeltas(anchors, encodeDeltas(anchors, objects, coder), coder);
    for (let i = 0; i < back.length; i++) expect(Math.abs(back[i] - objects[i])).toBeLessThan(1e-9);
  });

  it("are cut at a size ratio of 62.5, below only with `both`", () => {
    const width = (log: number, clamp: DeltaCoder["clamp"]) => {
      const [x1, , x2] = decodeDeltas([0, 0, 16, 16], [0, 0, log, 0], { weights: [1, 1, 1, 1], clamp });
      return x2 - x1;
    };
    expect(width(50, "above")).toBeCloseTo(1000, 9);
    expect(width(-50, "both")).toBeCloseTo(16 / 62.5, 9);
    expect(width(-50, "above")).toBeLessThan(1e-9);
  });

  it("limit the centre's shift on the tape as off it, and then sizes from above only", () => {
    tf.tidy(() => {
      const limited: DeltaCoder = { weights: [1, 1, 1, 1], clamp: "both", centreClamp: 32 };
      const anchors = [0, 0, 16, 16, 8, 8, 40, 24];
      const deltas = [9, -9, -50, 50, 0.5, -0.25, 0.1, -0.2];
      const wanted = decodeDeltas(anchors, deltas, limited);
      expect(Array.from(wanted.subarray(0, 4), (v) => Number(v.toFixed(6)))).toEqual([40, -524, 40, 476]); // centre 8 ± 32, sizes 0 and 1000
      const tape = (d: tf.Tensor) => decodeDeltasTensor(tf.tensor2d(anchors, [2, 4]), d as tf.Tensor2D, limited);
      const decoded = tape(tf.tensor2d(deltas, [2, 4])).dataSync();
      wanted.forEach((v, i) => expect(Math.abs(decoded[i] - v)).toBeLessThan(1e-3));
      expectGradients(tape, [tf.tensor2d([4, -4, 0.3, -0.3, 0.5, -0.25, 0.1, -0.2], [2, 4])]); // two of them beyond ± 32
    });
  });

  it("decode the same on the tape, with the gradient of it", () => {
    tf.tidy(() => {
      const [anchors, deltas] = [boxes(6, "anchors"), encodeDeltas(boxes(6, "anchors"), boxes(6, "objects"), coder)];
      const anchorTensor = tf.tensor2d(anchors, [6, 4]);
      const deltaTensor = tf.tensor2d(Float32Array.from(deltas), [6, 4]);
      const decoded = decodeDeltasTensor(anchorTensor, deltaTensor, coder).dataSync();
      decodeDeltas(anchors, deltas, coder).forEach((v, i) => expect(Math.abs(decoded[i] - v)).toBeLessThan(1e-4));
      expectGradients((d) => decodeDeltasTensor(anchorTensor, d as tf.Tensor2D, coder), [deltaTensor]);
    });
  });
});
