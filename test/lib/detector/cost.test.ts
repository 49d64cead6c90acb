import * as tf from "@tensorflow/tfjs-core";
import { beforeAll, describe, expect, it } from "vitest";
import { loadBackend } from "../../../lib/backend/load.ts";
import { backboneConfig, type BackboneConfig } from "../../../lib/detector/backbones/config.ts";
import { buildBackbone } from "../../../lib/detector/backbones/build.ts";
import { cost, countParameters } from "../../../lib/detector/cost.ts";
import { torchvisionNames } from "../../../lib/detector/names.ts";
import { parameterStore, type ParameterStore } from "../../../lib/detector/parameters.ts";
import { retinanet } from "../../../lib/detector/retinanet.ts";
import { countMultiplyAdds } from "../../../lib/tensor/tally.ts";
import { expectNoLeak } from "../tensor/finite-difference.ts";

beforeAll(async () => { await loadBackend(); });

const base: BackboneConfig = { name: "resnet-50", norm: { kind: "frozen" }, frozenStages: -1, stride: "3x3", groups: 1, width: 64 };

/** A store whose parameters hold nothing but their shapes' zeros: drawing 600 million numbers is not what is tested. */
function zeroStore(): ParameterStore {
  const store = parameterStore(0);
  return { ...store, add: (spec) => store.add({ ...spec, initialiser: { kind: "constant", value: 0 } }) };
}

/** torchvision's documented `num_params` (with the classifier of 1000 classes) and `_ops`, 10⁹ multiply-adds at 224 × 224. */
const published: readonly [string, number, number][] = [
  ["resnet18", 11_689_512, 1.814],
  ["resnet34", 21_797_672, 3.664],
  ["resnet50", 25_557_032, 4.089],
  ["resnet101", 44_549_160, 7.801],
  ["resnet152", 60_192_808, 11.514],
  ["resnext50_32x4d", 25_028_904, 4.23],
  ["resnext101_32x8d", 88_791_336, 16.414],
  ["resnext101_64x4d", 83_455_272, 15.46],
  ["wide_resnet50_2", 68_883_240, 11.398],
  ["wide_resnet101_2", 126_886_696, 22.753],
  ["regnet_x_400mf", 5_495_976, 0.414],
  ["regnet_x_800mf", 7_259_656, 0.8],
  ["regnet_x_1_6gf", 9_190_136, 1.603],
  ["regnet_x_3_2gf", 15_296_552, 3.177],
  ["regnet_x_8gf", 39_572_648, 7.995],
  ["regnet_x_16gf", 54_278_536, 15.941],
  ["regnet_x_32gf", 107_811_560, 31.736],
  ["regnet_y_400mf", 4_344_144, 0.402],
  ["regnet_y_800mf", 6_432_512, 0.834],
  ["regnet_y_1_6gf", 11_202_430, 1.612],
  ["regnet_y_3_2gf", 19_436_338, 3.176],
  ["regnet_y_8gf", 39_381_472, 8.473],
  ["regnet_y_16gf", 83_590_140, 15.912],
  ["regnet_y_32gf", 145_046_770, 32.28],
  ["regnet_y_128gf", 644_812_894, 127.518],
];

/** The largest needs 2.6 GB and its time. */
const measured = published.filter(([name]) => name !== "regnet_y_128gf" || process.env.POTSTILL_SLOW_TESTS === "1");

describe("backbones cost what torchvision documents", () => {
  it.each(measured)("%s", (name, parameters, operations) => {
    const store = zeroStore();
    try {
      const network = buildBackbone(store, backboneConfig("test", base, name), { stages: 4, names: torchvisionNames });
      const last = network.channels[3];
      expect(countParameters(store.list()).parameters).toBe(parameters - 1000 * (last + 1));
      const counted = countMultiplyAdds(() => { network.extract(tf.zeros([1, 224, 224, 3])); });
      expect(((counted + 1000 * last) / 1e9).toFixed(3)).toBe(operations.toFixed(3));
    } finally {
      store.dispose();
    }
  });
});

describe("detectors cost what is published", () => {
  it("RetinaNet R50-FPN: torchvision's 34,014,999 parameters, mmdetection's 37.74 million and 239.32 · 10⁹ multiply-adds", () => {
    const torchvision = retinanet({ preset: "torchvision", classes: 91, seed: 0 });
    expect(countParameters(torchvision.parameters()).withoutFixedNorms).toBe(34_014_999);
    torchvision.dispose();
    const mmdet = retinanet({ preset: "mmdet", classes: 80, seed: 0 });
    const { trained, multiplyAdds } = cost(mmdet, { height: 800, width: 1280 });
    mmdet.dispose();
    expect((trained / 1e6).toFixed(2)).toBe("37.74");
    // mmdetection counts norms, ReLU, pooling and enlargement too, a third of a percent here.
    expect(multiplyAdds / 239.32e9).toBeGreaterThan(0.995);
    expect(multiplyAdds / 239.32e9).toBeLessThan(1);
  });

  it("counts without convolving, without leaving a tensor, and again afterwards", () => {
    const detector = retinanet({ preset: "tiny", classes: 3, seed: 0 });
    const size = { height: 64, width: 96 };
    const once = cost(detector, size);
    expectNoLeak(() => expect(cost(detector, size)).toEqual(once));
    expect(once.trained).toBe(once.parameters);
    expect(cost(detector, { height: 128, width: 96 }).multiplyAdds).toBe(2 * once.multiplyAdds);
    tf.tidy(() => {
      expectNoLeak(() => expect(() => countMultiplyAdds(() => { tf.zeros([2]); throw new Error("middle"); })).toThrow("middle"));
      expect(tf.max(tf.abs(detector.forward(tf.ones([1, 64, 96, 3])).logits[0])).dataSync()[0]).toBeGreaterThan(0);
    });
    detector.dispose();
  });

  it("names a size that is none", () => {
    const detector = retinanet({ preset: "tiny", classes: 3, seed: 0 });
    expect(() => cost(detector, { height: 0, width: 64 })).toThrow("cost: height is 0; it must be a whole number of pixels from 1");
    detector.dispose();
  });
});
