import * as tf from "@tensorflow/tfjs-core";
import { beforeAll, describe, it } from "vitest";
import { loadBackend } from "../../../../lib/backend/load.ts";
import { squeezeExcitation } from "../../../../lib/detector/backbones/squeeze-excitation.ts";
import { parameterStore, type ParameterStore } from "../../../../lib/detector/parameters.ts";
import { expectClose } from "../../../close.ts";
import { expectGradients, expectNoLeak, normal } from "../../tensor/finite-difference.ts";

beforeAll(async () => { await loadBackend(); });

const [batch, height, width, channels, squeezed] = [2, 3, 4, 6, 2];

function withLayer(use: (layer: ReturnType<typeof squeezeExcitation>, store: ParameterStore) => void): void {
  const store = parameterStore(5);
  const layer = squeezeExcitation(store, { channels, squeezed, names: ["fc1", "fc2"], frozen: false });
  for (const { name, variable } of store.list()) tf.tidy(() => { variable.assign(normal(variable.shape, name)); });
  use(layer, store);
  store.dispose();
}

/** Hu et al. 2018, eq. 2 to 4, number by number. */
function reference(x: Float32Array, value: (name: string) => Float32Array): Float64Array {
  const y = new Float64Array(x.length);
  const cells = height * width;
  for (let b = 0; b < batch; b++) {
    const mean = Array.from({ length: channels }, (_, c) => { let sum = 0; for (let i = 0; i < cells; i++) sum += x[(b * cells + i) * channels + c]; return sum / cells; });
    const hidden = Array.from({ length: squeezed }, (_, k) => Math.max(0, mean.reduce((sum, m, c) => sum + m * value("fc1.weight")[c * squeezed + k], value("fc1.bias")[k])));
    const gate = Array.from({ length: channels }, (_, c) => 1 / (1 + Math.exp(-hidden.reduce((sum, h, k) => sum + h * value("fc2.weight")[k * channels + c], value("fc2.bias")[c]))));
    for (let i = 0; i < cells * channels; i++) y[b * cells * channels + i] = x[b * cells * channels + i] * gate[i % channels];
  }
  return y;
}

describe("squeezeExcitation", () => {
  it("multiplies each channel with what the means of all channels say, with its gradient, and leaves no tensor", () => {
    withLayer((layer, store) => {
      const check = () => tf.tidy(() => {
        const x = normal([batch, height, width, channels], "x") as tf.Tensor4D;
        const values = new Map(store.list().map(({ name, variable }) => [name, variable.dataSync() as Float32Array]));
        expectClose(layer(x).dataSync(), reference(x.dataSync() as Float32Array, (name) => values.get(name)!), { absolute: 1e-5, relative: 1e-5 });
        expectGradients((map) => layer(map as tf.Tensor4D), [x]);
      });
      expectNoLeak(check);
    });
  });
});
