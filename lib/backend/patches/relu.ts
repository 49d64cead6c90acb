import * as tf from "@tensorflow/tfjs-core";
import { attribute, rawOp } from "../ops.ts";

const kernel = "PotstillReluGrad";
const float = { T: attribute.type("float32") };

/**
 * d relu(x)/dx · dy as TensorFlow's ReluGrad (dy where y > 0): one operation instead of TF.js's step, cast and multiply,
 * and the saved tensor is the output, which the next layer keeps anyway. It has a gradient itself: ReluGrad is linear in
 * dy and constant in y.
 */
export function patchRelu(): void {
  const general = tf.getGradient("Relu");
  tf.registerKernel({
    kernelName: kernel,
    backendName: "tensorflow",
    kernelFunc: ({ inputs }) => rawOp("ReluGrad", float, [inputs.dy as tf.Tensor, inputs.y as tf.Tensor])[0],
  });
  tf.registerGradient({
    kernelName: kernel,
    inputsToSave: ["y"],
    gradFunc: (ddx, saved) => {
      const [y] = saved as [tf.Tensor];
      return { dy: () => reluGrad(ddx as tf.Tensor, y), y: () => tf.zerosLike(y) };
    },
  });
  tf.unregisterGradient("Relu");
  tf.registerGradient({
    kernelName: "Relu",
    outputsToSave: [true],
    gradFunc: (dy, saved, attributes) => {
      const [y] = saved as [tf.Tensor];
      if (y.dtype !== "float32" || (dy as tf.Tensor).dtype !== "float32") return general.gradFunc(dy, saved, attributes);
      return { x: () => reluGrad(dy as tf.Tensor, y) };
    },
  });
}

function reluGrad(dy: tf.Tensor, y: tf.Tensor): tf.Tensor {
  return tf.engine().runKernel(kernel, { dy, y });
}
