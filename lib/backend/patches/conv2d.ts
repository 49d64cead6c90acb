import * as tf from "@tensorflow/tfjs-core";
import { attribute, rawOp, type Attribute } from "../ops.ts";
import { filterGradient, zeroStuffed } from "./filter-gradient.ts";

type Pad = Parameters<typeof tf.conv2d>[3];
type Pair = [number, number] | number;

interface Geometry {
  readonly strides: Pair;
  readonly pad: Pad;
  readonly dilations: Pair;
  readonly dataFormat: "NHWC" | "NCHW";
}

/**
 * Completes the gradients of `tf.conv2d`: TF.js refuses dilation on every backend, its native kernels refuse explicit
 * padding, and WASM has no filter gradient. What TF.js can do is left to it.
 */
export function patchConv2d(backend: string): void {
  if (backend === "wasm") registerFilterGradient(backend);
  const general = tf.getGradient("Conv2D");
  tf.unregisterGradient("Conv2D");
  tf.registerGradient({
    kernelName: "Conv2D",
    inputsToSave: ["x", "filter"],
    gradFunc: (dy, saved, attributes) => {
      const geometry = attributes as unknown as Geometry;
      if (isPlain(geometry, backend)) return general.gradFunc(dy, saved, attributes);
      const [x, filter] = saved as [tf.Tensor4D, tf.Tensor4D];
      return gradients(backend, dy as tf.Tensor4D, { x, filter }, geometry);
    },
  });
}

/** Whether TF.js's own gradient covers it; it reads the dilation as 1 and its shapes as channels-last or -first alike. */
function isPlain({ dilations, pad, dataFormat }: Geometry, backend: string): boolean {
  return dataFormat === "NCHW" || !(isDilated({ dilations }) || (backend === "tensorflow" && typeof pad !== "string"));
}

function isDilated({ dilations }: Pick<Geometry, "dilations">): boolean {
  return [dilations].flat().some((dilation) => dilation !== 1);
}

function gradients(backend: string, dy: tf.Tensor4D, { x, filter }: { x: tf.Tensor4D; filter: tf.Tensor4D }, geometry: Geometry): ReturnType<tf.GradFunc> {
  const { strides, pad, dilations } = geometry;
  const info = tf.backend_util.computeConv2DInfo(x.shape, filter.shape, strides, dilations, pad);
  return {
    x: () => tf.tidy(() => inputGradient(backend, dy, zeroStuffed(filter, info.dilationHeight, info.dilationWidth), info)),
    filter: () => (backend === "tensorflow" && !isDilated(geometry) ? nativeFilterGradient(x, dy, info) : filterGradient(x, dy, info)),
  };
}

/** dL/dx; a dilated convolution is a plain one with zeros between the filter's taps (no CPU kernel takes dilation here). */
function inputGradient(backend: string, dy: tf.Tensor4D, filter: tf.Tensor4D, info: tf.backend_util.Conv2DInfo): tf.Tensor {
  if (backend === "tensorflow") return withSizes(info.inShape, (sizes) => rawOp("Conv2DBackpropInput", rawGeometry(info), [sizes, filter, dy])[0]);
  const { top, bottom, left, right } = info.padInfo;
  return tf.engine().runKernel("Conv2DBackpropInput", { dy, filter }, {
    strides: [info.strideHeight, info.strideWidth],
    pad: [[0, 0], [top, bottom], [left, right], [0, 0]],
    dataFormat: "NHWC",
    inputShape: info.inShape,
  });
}

function nativeFilterGradient(x: tf.Tensor4D, dy: tf.Tensor4D, info: tf.backend_util.Conv2DInfo): tf.Tensor {
  return withSizes(info.filterShape, (sizes) => rawOp("Conv2DBackpropFilter", rawGeometry(info), [x, sizes, dy])[0]);
}

function rawGeometry(info: tf.backend_util.Conv2DInfo): Record<string, Attribute> {
  const { top, bottom, left, right } = info.padInfo;
  return {
    T: attribute.type("float32"),
    strides: attribute.ints([1, info.strideHeight, info.strideWidth, 1]),
    padding: attribute.string("EXPLICIT"),
    explicit_paddings: attribute.ints([0, 0, top, bottom, left, right, 0, 0]),
    data_format: attribute.string("NHWC"),
    use_cudnn_on_gpu: attribute.bool(true),
  };
}

function withSizes(shape: readonly number[], run: (sizes: tf.Tensor1D) => tf.Tensor): tf.Tensor {
  const sizes = tf.tensor1d([...shape], "int32");
  try {
    return run(sizes);
  } finally {
    sizes.dispose();
  }
}

function registerFilterGradient(backendName: string): void {
  tf.registerKernel({
    kernelName: "Conv2DBackpropFilter",
    backendName,
    kernelFunc: ({ inputs, attrs }) => {
      const { strides, pad, dataFormat, filterShape } = attrs as unknown as Geometry & { filterShape: [number, number, number, number] };
      return tf.tidy(() => {
        const [x, dy] = [inputs.x, inputs.dy].map((tensor) => channelsLast(tensor as tf.Tensor4D, dataFormat)) as [tf.Tensor4D, tf.Tensor4D];
        return filterGradient(x, dy, tf.backend_util.computeConv2DInfo(x.shape, filterShape, strides, 1, channelsLastPad(pad, dataFormat)));
      });
    },
  });
}

function channelsLast(tensor: tf.Tensor4D, format: "NHWC" | "NCHW"): tf.Tensor4D {
  return format === "NCHW" ? tf.transpose(tensor, [0, 2, 3, 1]) : tensor;
}

function channelsLastPad(pad: Pad, format: "NHWC" | "NCHW"): Pad {
  if (!Array.isArray(pad) || format === "NHWC") return pad;
  return [pad[0], pad[2], pad[3], pad[1]] as Pad;
}
