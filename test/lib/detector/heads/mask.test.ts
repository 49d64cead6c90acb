import * as tf from "@tensorflow/tfjs-core";
import { beforeAll, describe, expect, it } from "vitest";
import { loadBackend } from "../../../../lib/backend/load.ts";
import { chosenMaps, maskHead, type MaskHeadNames } from "../../../../lib/detector/heads/mask.ts";
import { parameterStore } from "../../../../lib/detector/parameters.ts";
import { expectGradients, expectNoLeak, normal } from "../../tensor/finite-difference.ts";

beforeAll(async () => { await loadBackend(); });

const names: MaskHeadNames = { conv: (i) => `conv${i}`, norm: (i) => `norm${i}`, upsample: "upsample", logits: "logits" };

describe("the mask head", () => {
  it("doubles the resolution and has a map per class", () => {
    const store = parameterStore(1);
    const head = maskHead(store, { input: 6, channels: 8, convs: 2, maps: 3, names });
    expectNoLeak(() => {
      tf.tidy(() => {
        const features = head.features(normal([4, 7, 7, 6], "regions") as tf.Tensor4D);
        expect(features.shape).toEqual([4, 14, 14, 8]);
        expect(head.logits(features).shape).toEqual([4, 14, 14, 3]);
      });
    });
    expect(store.list().map(({ name, variable }) => [name, variable.shape])).toEqual([
      ["conv0.weight", [3, 3, 6, 8]], ["conv0.bias", [8]], ["conv1.weight", [3, 3, 8, 8]], ["conv1.bias", [8]],
      ["upsample.weight", [2, 2, 8, 8]], ["upsample.bias", [8]], ["logits.weight", [1, 1, 8, 3]], ["logits.bias", [3]],
    ]);
    store.dispose();
  });

  it("computes one map per region as it would all of them", () => {
    const store = parameterStore(1);
    const head = maskHead(store, { input: 4, channels: 8, convs: 0, maps: 5, names });
    tf.tidy(() => {
      const features = head.features(normal([3, 2, 2, 4], "regions") as tf.Tensor4D);
      const all = head.logits(features);
      const chosen = [4, 0, 2];
      const wanted = tf.concat(chosen.map((map, n) => tf.reshape(tf.slice(all, [n, 0, 0, map], [1, -1, -1, 1]), [1, 4, 4])));
      expect(tf.max(tf.abs(tf.sub(head.logitsOf(features, Int32Array.from(chosen)), wanted))).dataSync()[0]).toBeLessThan(1e-5);
    });
    store.dispose();
  });

  it("has the gradient of a chosen map, also where two regions choose the same", () => {
    const maps = Int32Array.of(1, 0, 1);
    const f = (x: tf.Tensor, weight: tf.Tensor, bias: tf.Tensor) => chosenMaps(x as tf.Tensor4D, { weight: weight as tf.Tensor4D, bias: bias as tf.Tensor1D }, maps);
    tf.tidy(() => expectGradients(f as (...all: tf.Tensor[]) => tf.Tensor, [normal([3, 2, 2, 3], "x"), normal([1, 1, 3, 3], "weight"), normal([3], "bias")]));
  });
});
