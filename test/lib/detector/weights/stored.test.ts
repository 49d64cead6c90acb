import { join } from "node:path";
import * as tf from "@tensorflow/tfjs-core";
import { beforeAll, describe, expect, it } from "vitest";
import { loadBackend } from "../../../../lib/backend/load.ts";
import { convLayer } from "../../../../lib/detector/layers.ts";
import { linearLayer } from "../../../../lib/detector/linear.ts";
import { parameterStore } from "../../../../lib/detector/parameters.ts";
import { loadWeights } from "../../../../lib/detector/weights/load.ts";
import { readWeights } from "../../../../lib/detector/weights/read.ts";
import { expectClose } from "../../../close.ts";

const data = join(import.meta.dirname, "data");

beforeAll(async () => { await loadBackend(); });

/** `data/` was written by PyTorch 2.13 (make-torchvision.py): convolution, BatchNorm, ReLU, linear layer; image and outputs. */
describe("stored checkpoints, for machines without PyTorch", () => {
  it.each([["mini.pth", "pytorch-zip"], ["mini.earlier.pth", "pytorch-legacy"]])("%s gives PyTorch's outputs", (file, format) => {
    const path = join(data, file);
    expect(readWeights(path).format).toBe(format);
    const { tensors } = readWeights(join(data, "mini.out.pth"));
    const store = parameterStore(0);
    const initialiser = { kind: "constant", value: 0 } as const;
    const conv = convLayer(store, { name: "conv1", input: 3, output: 4, kernel: 3, stride: 2, norm: { kind: "frozen" }, normName: "bn1", relu: true, group: "backbone" });
    const linear = linearLayer(store, { name: "fc", input: 64, output: 5, initialiser, group: "head", flattened: { height: 4, width: 4, channels: 4 } });
    expect(loadWeights({ parameters: () => store.list() }, path)).toMatchObject({ kept: [], unused: [] });
    tf.tidy(() => {
      const image = tf.transpose<tf.Tensor4D>(tf.tensor(tensors.get("image")!.data, [1, 3, 8, 8]), [0, 2, 3, 1]);
      const map = conv(image);
      expectClose(tf.transpose(map, [0, 3, 1, 2]).dataSync(), tensors.get("map.0")!.data, { relative: 1e-5, absolute: 1e-6 });
      expectClose(linear(tf.reshape(map, [1, 64])).dataSync(), tensors.get("scores.0")!.data, { relative: 1e-5, absolute: 1e-6 });
    });
    store.dispose();
  });
});
