import * as tf from "@tensorflow/tfjs-core";
import { convTranspose } from "../../tensor/conv-transpose.ts";
import { convLayer, sequence, type Layer, type Norm } from "../layers.ts";
import { pytorchDefault, type Initialiser, type ParameterStore } from "../parameters.ts";

/** Where a mask head keeps its parameters (names without `.weight`). */
export interface MaskHeadNames {
  conv(index: number): string;
  /** Norm of a convolution. */
  norm(index: number): string;
  readonly upsample: string;
  readonly logits: string;
}

export interface MaskHeadOptions {
  /** Channels of the regions' features. */
  readonly input: number;
  /** Channels of the head. */
  readonly channels: number;
  /** 3×3 convolutions before the upsampling. */
  readonly convs: number;
  /** Maps per region: one per class (background included where the source has one), or 1 for all classes. */
  readonly maps: number;
  readonly norm?: Norm;
  readonly names: MaskHeadNames;
  /** Whose way of drawing the first weights. Default `mmdet`. */
  readonly initialiser?: keyof typeof initialisers;
}

export interface MaskHead {
  /** Features of regions [n, S, S, C] → [n, 2S, 2S, C']. */
  readonly features: Layer;
  /** [n, 2S, 2S, C'] → logits of all maps [n, 2S, 2S, M]. */
  readonly logits: Layer;
  /** [n, 2S, 2S, C'] → logits of one map per region [n, 2S, 2S]; the other maps are not computed. */
  readonly logitsOf: (features: tf.Tensor4D, maps: Int32Array) => tf.Tensor3D;
}

/**
 * Mask R-CNN's fully convolutional head (He et al. 2017, figure 4, right): 3×3 convolutions, one 2×2 transposed convolution
 * of stride 2 with ReLU, one 1×1 convolution to the maps.
 */
export function maskHead(store: ParameterStore, options: MaskHeadOptions): MaskHead {
  const { input, channels, convs, maps, norm, names } = options;
  const initialiser = initialisers[options.initialiser ?? "mmdet"];
  const layers = Array.from({ length: convs }, (_, i) => {
    const withNorm = norm === undefined ? {} : { norm, normName: names.norm(i) };
    return convLayer(store, { ...withNorm, name: names.conv(i), input: i === 0 ? input : channels, output: channels, kernel: 3, relu: true, group: "head" });
  });
  const upsample = upsampling(store, { name: names.upsample, input: convs === 0 ? input : channels, output: channels, initialiser });
  const last = predictor(store, { name: names.logits, channels, maps, initialiser });
  return {
    features: (x) => upsample(sequence(layers)(x)),
    logits: last.all,
    logitsOf: last.chosen,
  };
}

interface MaskInitialiser {
  /** Of the last convolution's weights, by fan out. */
  readonly logits: (fanOut: number) => Initialiser;
  /** Of the last two biases, by fan in. */
  readonly bias: (fanIn: number) => Initialiser;
}

const zero = (): Initialiser => ({ kind: "constant", value: 0 });
const heNormal = (fan: number): Initialiser => ({ kind: "kaiming-normal", fan });

/**
 * All start He normal over the fan out, with biases of 0, but for the last convolution of detectron2 and the last two biases of
 * torchvision, which are PyTorch's own.
 */
const initialisers = {
  torchvision: { logits: heNormal, bias: pytorchDefault },
  mmdet: { logits: heNormal, bias: zero },
  detectron2: { logits: () => ({ kind: "normal", deviation: 0.001 }), bias: zero },
} as const satisfies Record<string, MaskInitialiser>;

interface UpsamplingSpec {
  readonly name: string;
  readonly input: number;
  readonly output: number;
  readonly initialiser: MaskInitialiser;
}

/** PyTorch takes a transposed filter's input channels for its fan out, and its output channels for its fan in. */
function upsampling(store: ParameterStore, { name, input, output, initialiser }: UpsamplingSpec): Layer {
  const filter = store.add({ name: `${name}.weight`, shape: [2, 2, output, input], initialiser: heNormal(4 * input), group: "head" }) as unknown as tf.Tensor4D;
  const bias = store.add({ name: `${name}.bias`, shape: [output], initialiser: initialiser.bias(4 * output), group: "head", role: "bias" }) as unknown as tf.Tensor1D;
  return (x) => convTranspose(x, filter, { bias, relu: true });
}

interface Predictor {
  readonly all: Layer;
  readonly chosen: MaskHead["logitsOf"];
}

interface PredictorSpec {
  readonly name: string;
  readonly channels: number;
  readonly maps: number;
  readonly initialiser: MaskInitialiser;
}

function predictor(store: ParameterStore, { name, channels, maps, initialiser }: PredictorSpec): Predictor {
  const weight = store.add({ name: `${name}.weight`, shape: [1, 1, channels, maps], initialiser: initialiser.logits(maps), group: "head" }) as unknown as tf.Tensor4D;
  const bias = store.add({ name: `${name}.bias`, shape: [maps], initialiser: initialiser.bias(channels), group: "head", role: "bias" }) as unknown as tf.Tensor1D;
  return {
    all: (x) => tf.add(tf.conv2d(x, weight, 1, "valid"), bias),
    chosen: (x, indices) => chosenMaps(x, { weight, bias }, indices),
  };
}

/**
 * A 1×1 convolution of which each image of the batch asks for one output channel: y[n] = x[n] · W[:, map[n]] + b[map[n]].
 * @param x [n, H, W, C]
 * @param parameters weight [1, 1, C, M], bias [M]
 * @param maps [n] in 0 … M − 1
 * @returns [n, H, W]
 */
export function chosenMaps(x: tf.Tensor4D, { weight, bias }: { readonly weight: tf.Tensor4D; readonly bias: tf.Tensor1D }, maps: Int32Array): tf.Tensor3D {
  const [n, h, w, c] = x.shape;
  const count = bias.shape[0];
  const choice = tf.tensor2d(oneHot(maps, count), [n, count]);
  const filters = tf.matMul(choice, tf.reshape<tf.Rank.R2>(weight, [c, count]), false, true);
  const shifts = tf.matMul(choice, tf.reshape<tf.Rank.R2>(bias, [count, 1]));
  const products = tf.matMul(tf.reshape<tf.Rank.R3>(x, [n, h * w, c]), tf.reshape<tf.Rank.R3>(filters, [n, c, 1]));
  return tf.reshape(tf.add(products, tf.reshape(shifts, [n, 1, 1])), [n, h, w]);
}

function oneHot(indices: Int32Array, count: number): Float32Array {
  const rows = new Float32Array(indices.length * count);
  for (const [i, index] of indices.entries()) rows[i * count + index] = 1;
  return rows;
}
