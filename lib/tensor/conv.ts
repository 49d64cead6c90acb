import * as tf from "@tensorflow/tfjs-core";
import { subsample } from "./elementwise.ts";
import { differentiable, type BackwardContext } from "./differentiable.ts";
import { floatType, nativeBackend, rawFloat, rawReduce, rawReshape, withInts, type NativeBackend, type RawAttribute } from "./raw.ts";

export interface ConvOptions {
  /** Default 1. */
  readonly stride?: number;
  /** Zeros on each side, PyTorch's way (also for stride 2). Default 0. */
  readonly padding?: number;
  /** Default 1. */
  readonly dilation?: number;
  /** Output block g reads input block g only. Default 1. */
  readonly groups?: number;
  /** [O] multiplies the filter's outputs (a folded BatchNorm scale). */
  readonly scale?: tf.Tensor1D;
  /** [O] */
  readonly bias?: tf.Tensor1D;
  /** max(·, 0) at the end. Default false. */
  readonly relu?: boolean;
}

/**
 * y = relu(conv(x, scale · filter) + bias) as one node of the tape, on TensorFlow's own kernels; on portable backends the
 * same from TF.js operations (and there for dilation, whose gradient TensorFlow's CPU kernels lack).
 * @param x [B, H, W, I]
 * @param filter [kh, kw, I / groups, O]
 * @returns [B, ⌊(H + 2·padding − dilation·(kh − 1) − 1) / stride⌋ + 1, …, O]
 */
export function conv(x: tf.Tensor4D, filter: tf.Tensor4D, options: ConvOptions = {}): tf.Tensor4D {
  const groups = options.groups ?? 1;
  if (x.shape[3] !== filter.shape[2] * groups || filter.shape[3] % groups !== 0) {
    throw new Error(`convolution of ${x.shape[3]} channels with a filter [${filter.shape.join(", ")}] in ${groups} groups: the filter must have ${x.shape[3]} / groups input channels and a multiple of groups outputs`);
  }
  if (groups > 1) return groupedConv(x, filter, options, groups);
  const native = nativeBackend();
  const { stride = 1, padding = 0, dilation = 1 } = options;
  if (native === undefined || dilation > 1) return portableConv(x, filter, options);
  // oneDNN 3 corrupts the heap in the gradient of strided 1×1 convolutions that leave a last column unread.
  const pointwise = filter.shape[0] === 1 && filter.shape[1] === 1 && padding === 0 && stride > 1;
  return pointwise ? nativeConv(native, subsample(x, stride), filter, { ...options, stride: 1 }) : nativeConv(native, x, filter, options);
}

function groupedConv(x: tf.Tensor4D, filter: tf.Tensor4D, options: ConvOptions, groups: number): tf.Tensor4D {
  const { scale, bias, relu, groups: _, ...geometry } = options;
  const filters = tf.split(filter, groups, 3);
  const parts = tf.split(x, groups, 3).map((part, g) => conv(part as tf.Tensor4D, filters[g] as tf.Tensor4D, geometry));
  let y: tf.Tensor4D = tf.concat(parts, 3);
  if (scale !== undefined) y = tf.mul(y, scale);
  if (bias !== undefined) y = tf.add(y, bias);
  return relu ? tf.relu(y) : y;
}

function portableConv(x: tf.Tensor4D, filter: tf.Tensor4D, options: ConvOptions): tf.Tensor4D {
  const { stride = 1, padding: p = 0, dilation = 1, scale, bias, relu = false } = options;
  const padded: tf.Tensor4D = p === 0 ? x : tf.pad(x, [[0, 0], [p, p], [p, p], [0, 0]]);
  let y: tf.Tensor4D = tf.conv2d(padded, scale === undefined ? filter : tf.mul(filter, scale), stride, "valid", "NHWC", dilation);
  if (bias !== undefined) y = tf.add(y, bias);
  return relu ? tf.relu(y) : y;
}

function nativeConv(native: NativeBackend, x: tf.Tensor4D, filter: tf.Tensor4D, options: ConvOptions): tf.Tensor4D {
  const { scale, bias, relu = false } = options;
  const attributes = geometry(native, filter.shape, options);
  const inputs = { x, filter, ...(scale && { scale }), ...(bias && { bias }) };
  const scaled = () => (scale === undefined ? filter : rawFloat(native, "Mul", filter, scale));
  return differentiable<tf.Tensor4D>({
    inputs,
    forward: (save) => {
      const f = scaled();
      let y = native.executeSingleOutput("Conv2D", attributes, [x, f]);
      if (f !== filter) f.dispose();
      if (bias !== undefined) y = replace(y, rawFloat(native, "BiasAdd", y, bias));
      if (relu) y = replace(y, rawFloat(native, "Relu", y));
      save([x, filter, ...(scale ? [scale] : []), ...(relu ? [y] : [])]);
      return y as tf.Tensor4D;
    },
    backward: (dy, context) => convGradients({ native, attributes, relu, scaled: scale !== undefined }, dy, context),
  });
}

function replace(old: tf.Tensor, made: tf.Tensor): tf.Tensor {
  old.dispose();
  return made;
}

interface ConvNode {
  readonly native: NativeBackend;
  readonly attributes: readonly RawAttribute[];
  readonly relu: boolean;
  readonly scaled: boolean;
}

/** dx = convᵀ(g, s·f), df = s · corr(x, g), ds = Σ corr(x, g) · f, db = Σ g with g = dy where y > 0. */
function convGradients(node: ConvNode, dy: tf.Tensor, { saved, share }: BackwardContext): Record<string, () => tf.Tensor> {
  const { native, attributes } = node;
  const [x, filter] = saved as [tf.Tensor4D, tf.Tensor4D];
  const scale = node.scaled ? saved[2] : undefined;
  const output = node.relu ? saved[saved.length - 1] : undefined;
  const g = output === undefined ? () => dy : share(() => rawFloat(native, "ReluGrad", dy, output));
  const filterSum = () => withInts(filter.shape, (sizes) => native.executeSingleOutput("Conv2DBackpropFilter", attributes, [x, sizes, g()]));
  const shared = scale === undefined ? filterSum : share(filterSum);
  return {
    x: () => {
      const f = scale === undefined ? filter : rawFloat(native, "Mul", filter, scale);
      return withInts(x.shape, (sizes) => native.executeSingleOutput("Conv2DBackpropInput", attributes, [sizes, f, g()]));
    },
    filter: () => (scale === undefined ? shared() : rawFloat(native, "Mul", shared(), scale)),
    scale: () => rawReshape(native, rawReduce(native, "Sum", rawFloat(native, "Mul", shared(), filter), [0, 1, 2]), [filter.shape[3]]),
    bias: () => rawFloat(native, "BiasAddGrad", g()),
  };
}

function geometry(native: NativeBackend, filter: readonly number[], options: ConvOptions): RawAttribute[] {
  const { stride = 1, padding = 0 } = options;
  const { TF_ATTR_INT, TF_ATTR_STRING, TF_ATTR_BOOL } = native.binding;
  const same = stride === 1 && 2 * padding === filter[0] - 1 && filter[0] === filter[1];
  const mode = padding === 0 ? "VALID" : same ? "SAME" : "EXPLICIT";
  const explicit = mode === "EXPLICIT" ? [0, 0, padding, padding, padding, padding, 0, 0] : [];
  return [
    floatType(native),
    { name: "strides", type: TF_ATTR_INT, value: [1, stride, stride, 1] },
    { name: "padding", type: TF_ATTR_STRING, value: mode },
    { name: "explicit_paddings", type: TF_ATTR_INT, value: explicit },
    { name: "data_format", type: TF_ATTR_STRING, value: "NHWC" },
    { name: "use_cudnn_on_gpu", type: TF_ATTR_BOOL, value: true },
    { name: "dilations", type: TF_ATTR_INT, value: [1, 1, 1, 1] },
  ];
}
