import * as tf from "@tensorflow/tfjs-core";
import { adaptiveAveragePool } from "../../tensor/adaptive-pool.ts";
import { convLayer, type Layer } from "../layers.ts";
import { pytorchDefault, type ParameterStore } from "../parameters.ts";

export interface SqueezeExcitationSpec {
  readonly channels: number;
  /** Channels between the two 1×1 convolutions. */
  readonly squeezed: number;
  /** Of the two convolutions, without `.weight` and `.bias`. */
  readonly names: readonly [squeeze: string, excite: string];
  readonly frozen: boolean;
}

/** Squeeze-and-excitation (Hu et al. 2018, eq. 3, 4): y = x · σ(W₂ relu(W₁ mean(x) + b₁) + b₂), the mean over height and width. Biases start as PyTorch's own (torchvision). */
export function squeezeExcitation(store: ParameterStore, { channels, squeezed, names, frozen }: SqueezeExcitationSpec): Layer {
  const common = { kernel: 1, group: "backbone", frozen } as const;
  const squeeze = convLayer(store, { ...common, name: names[0], input: channels, output: squeezed, relu: true, biasInitialiser: pytorchDefault(channels) });
  const excite = convLayer(store, { ...common, name: names[1], input: squeezed, output: channels, biasInitialiser: pytorchDefault(squeezed) });
  return (x) => tf.mul(x, tf.sigmoid(excite(squeeze(adaptiveAveragePool(x, [1, 1])))));
}
