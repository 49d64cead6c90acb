import * as tf from "@tensorflow/tfjs-core";
import { beforeAll, expect, it } from "vitest";
import { loadBackend } from "../../../lib/backend/load.ts";
import { linearLayer } from "../../../lib/detector/linear.ts";
import { loadParameters } from "../../../lib/detector/load.ts";
import { parameterStore } from "../../../lib/detector/parameters.ts";

beforeAll(async () => { await loadBackend(); });

it("a linear layer over a flattened map takes PyTorch's weights, which flatten channels first", () => {
  const store = parameterStore(0);
  const [height, width, channels] = [2, 3, 4];
  const layer = linearLayer(store, { name: "fc", input: 24, output: 1, initialiser: { kind: "constant", value: 0 }, group: "head", flattened: { height, width, channels } });
  const weight = Float32Array.from({ length: 24 }, (_, i) => i); // [1, C·H·W]
  loadParameters({ parameters: () => store.list() }, new Map([["fc.weight", { shape: [1, 24], data: weight }], ["fc.bias", { shape: [1], data: Float32Array.of(0) }]]), { layout: "pytorch" });
  tf.tidy(() => {
    for (let c = 0; c < channels; c++) for (let y = 0; y < height; y++) for (let x = 0; x < width; x++) {
      const map = new Float32Array(24);
      map[(y * width + x) * channels + c] = 1;
      expect(layer(tf.tensor2d(map, [1, 24])).dataSync()[0]).toBe((c * height + y) * width + x);
    }
  });
  store.dispose();
});
