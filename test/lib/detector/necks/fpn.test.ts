import * as tf from "@tensorflow/tfjs-core";
import { beforeAll, describe, expect, it } from "vitest";
import { loadBackend } from "../../../../lib/backend/load.ts";
import { detectron2Fpn, mmdetFpn, torchvisionFpn } from "../../../../lib/detector/names.ts";
import { fpn, type FpnNames, type FpnOptions } from "../../../../lib/detector/necks/fpn.ts";
import { parameterStore, type ParameterStore } from "../../../../lib/detector/parameters.ts";
import { conv } from "../../../../lib/tensor/conv.ts";
import { expectClose } from "../../../close.ts";
import { expectNoLeak, normal } from "../../tensor/finite-difference.ts";

beforeAll(async () => { await loadBackend(); });

const inputs = [3, 4, 5];
const features = () => inputs.map((channels, l) => normal([2, 14 >> l, 13 >> l, channels], `c${3 + l}`) as tf.Tensor4D);

function withNeck<T>(options: Partial<FpnOptions>, use: (neck: ReturnType<typeof fpn>, store: ParameterStore) => T): T {
  const store = parameterStore(1);
  try {
    const neck = fpn(store, { inputs, channels: 6, extraLevels: 0, names: mmdetFpn(""), initialiser: () => ({ kind: "normal", deviation: 0.3 }), ...options });
    for (const { name, variable } of store.list()) if (name.endsWith(".bias")) tf.tidy(() => { variable.assign(normal(variable.shape, name)); });
    return use(neck, store);
  } finally {
    store.dispose();
  }
}

/** The layer of that name, stride 2 and padding 1. */
function strided(store: ParameterStore, name: string, x: tf.Tensor4D): tf.Tensor4D {
  const value = (part: string) => store.list().find((parameter) => parameter.name === `${name}.${part}`)!.variable as tf.Tensor;
  return conv(x, value("weight") as tf.Tensor4D, { stride: 2, padding: 1, bias: value("bias") as tf.Tensor1D });
}

const close = (actual: tf.Tensor, expected: tf.Tensor) => {
  expect(actual.shape).toEqual(expected.shape);
  expectClose(actual.dataSync(), expected.dataSync(), { absolute: 1e-5, relative: 1e-5 });
};

describe("fpn", () => {
  it.each<[NonNullable<FpnOptions["extraFrom"]>, boolean]>([["c5", false], ["c5", true], ["p5", false], ["p5", true], ["lateral", false]])("P6 from %s, ReLU before P7: %s", (extraFrom, extraRelu) => {
    withNeck({ extraLevels: 2, extraFrom, extraRelu }, (neck, store) => tf.tidy(() => {
      const maps = features();
      const [, , p5, p6, p7] = neck(maps);
      const value = (part: string) => store.list().find(({ name }) => name === `lateral_convs.2.conv.${part}`)!.variable as tf.Tensor;
      const lateral = conv(maps[2], value("weight") as tf.Tensor4D, { bias: value("bias") as tf.Tensor1D });
      close(p6, strided(store, "fpn_convs.3.conv", { c5: maps[2], p5, lateral, pool: p5 }[extraFrom]));
      close(p7, strided(store, "fpn_convs.4.conv", extraRelu ? tf.relu(p6) : p6));
      expect(tf.min(p6).dataSync()[0], "P6 has something for a ReLU to cut").toBeLessThan(0);
    }));
  });

  it("P6 by pooling keeps even rows and columns and has no parameters; without extra levels there is none", () => {
    const plain = withNeck({}, (_, store) => store.list().map(({ name }) => name));
    withNeck({ extraLevels: 1, extraFrom: "pool" }, (neck, store) => tf.tidy(() => {
      expect(store.list().map(({ name }) => name)).toEqual(plain);
      const [, , p5, p6, ...rest] = neck(features());
      expect(rest).toEqual([]);
      close(p6, tf.stridedSlice(p5, [0, 0, 0, 0], p5.shape, [1, 2, 2, 1]));
    }));
    withNeck({}, (neck) => tf.tidy(() => { expect(neck(features()).map(({ shape }) => shape)).toEqual([[2, 14, 13, 6], [2, 7, 6, 6], [2, 3, 3, 6]]); }));
  });

  it.each<[string, FpnNames, string[]]>([
    ["torchvision", torchvisionFpn("backbone.fpn."), ["inner_blocks.0.0", "layer_blocks.2.0", "extra_blocks.p6", "extra_blocks.p7"].map((name) => `backbone.fpn.${name}`)],
    ["mmdetection", mmdetFpn("neck."), ["lateral_convs.0.conv", "fpn_convs.2.conv", "fpn_convs.3.conv", "fpn_convs.4.conv"].map((name) => `neck.${name}`)],
    ["detectron2 from P3", detectron2Fpn("backbone.", 3), ["fpn_lateral3", "fpn_output5", "top_block.p6", "top_block.p7"].map((name) => `backbone.${name}`)],
    ["detectron2 from P2", detectron2Fpn("backbone.", 2), ["fpn_lateral2", "fpn_output4", "top_block.p6", "top_block.p7"].map((name) => `backbone.${name}`)],
  ])("names parameters as %s does", (_, names, expected) => {
    withNeck({ extraLevels: 2, names }, (_, store) => {
      expect(store.list().map(({ name }) => name)).toEqual(expect.arrayContaining(expected.flatMap((name) => [`${name}.weight`, `${name}.bias`])));
    });
  });

  it("leaves no tensor behind and names a wrong number of maps", () => {
    withNeck({ extraLevels: 1 }, (neck) => {
      expectNoLeak(() => tf.tidy(() => { neck(features()); }));
      expectNoLeak(() => tf.tidy(() => { expect(() => neck(features().slice(1))).toThrow("the pyramid takes 3 maps of the backbone, finest first; it was given 2"); }));
    });
  });
});
