import * as tf from "@tensorflow/tfjs-core";
import { beforeAll, describe, expect, it } from "vitest";
import { loadBackend } from "../../../lib/backend/load.ts";
import { attribute, hasRawOps, rawOp } from "../../../lib/backend/ops.ts";

const float = { T: attribute.type("float32") };

describe("rawOp", () => {
  beforeAll(async () => { await loadBackend({ backend: "native" }); });

  it("runs an operation by name, with attributes of every kind and several outputs", () => {
    tf.tidy(() => {
      const [values, indices] = rawOp("TopKV2", { ...float, sorted: attribute.bool(true), Tk: attribute.type("int32"), index_type: attribute.type("int32") }, [tf.tensor1d([3, 9, 1, 7]), tf.scalar(2, "int32")], 2);
      expect([...values.dataSync()]).toEqual([9, 7]);
      expect([...indices.dataSync()]).toEqual([1, 3]);
      const [relu] = rawOp("LeakyRelu", { ...float, alpha: attribute.float(0.25) }, [tf.tensor1d([-4, 2])]);
      expect([...relu.dataSync()]).toEqual([-1, 2]);
      const [einsum] = rawOp("Einsum", { ...float, equation: attribute.string("ij,kj->ik"), N: attribute.int(2) }, [tf.tensor2d([[1, 2]]), tf.tensor2d([[3, 4], [5, 6]])]);
      expect(einsum.arraySync()).toEqual([[11, 17]]);
      const [pool] = rawOp("MaxPool", { ...float, ksize: attribute.ints([1, 2, 2, 1]), strides: attribute.ints([1, 1, 1, 1]), padding: attribute.string("VALID"), explicit_paddings: attribute.ints([]), data_format: attribute.string("NHWC") }, [tf.tensor4d([1, 2, 3, 4], [1, 2, 2, 1])]);
      expect([...pool.dataSync()]).toEqual([4]);
      const [empty] = rawOp("PlaceholderWithDefault", { dtype: attribute.type("float32"), shape: attribute.shape([2]) }, [tf.tensor1d([1, 2])]);
      expect([...empty.dataSync()]).toEqual([1, 2]);
    });
  });

  it("frees its outputs with the tidy around it and leaves the process usable after an error", () => {
    const before = tf.memory().numTensors;
    expect(() => tf.tidy(() => rawOp("MatMul", float, [tf.ones([2, 3]), tf.ones([2, 3])]))).toThrow(/size-incompatible/);
    expect(() => rawOp("NoSuchOperation", {}, [])).toThrow(/NoSuchOperation/);
    expect(tf.memory().numTensors).toBe(before);
  });

  it("is refused on a portable backend, saying how to get it", async () => {
    const other = "cpu";
    await tf.setBackend(other);
    expect(hasRawOps()).toBe(false);
    expect(() => rawOp("Relu", float, [])).toThrow(/Relu needs the native TensorFlow library; the backend in use is cpu.*potstill setup/);
    await tf.setBackend("tensorflow");
  });
});
