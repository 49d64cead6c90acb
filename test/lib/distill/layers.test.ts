import * as tf from "@tensorflow/tfjs-core";
import { beforeAll, describe, expect, it } from "vitest";
import { loadBackend } from "../../../lib/backend/load.ts";
import { batchNorm2d, parameterSet } from "../../../lib/distill/layers.ts";
import { expectClose } from "../../close.ts";
import { expectNoLeak, normal } from "../tensor/finite-difference.ts";

beforeAll(async () => { await loadBackend(); });

describe("a method's parameters", () => {
  it("start from a stream of their own, as a constant, frozen where asked", () => {
    const make = (names: readonly string[]) => {
      const set = parameterSet(3);
      const values = names.map((name) => [...set.add(name, [4], { start: (stream) => stream.normal() }).dataSync()]);
      set.dispose();
      return values;
    };
    const [a, b] = make(["a", "b"]);
    expect(make(["b", "a"])).toEqual([b, a]);
    expect(a).not.toEqual(b);
    const set = parameterSet(3);
    set.add("c", [2], { start: 0.5, frozen: true, role: "norm" });
    expect(set.all).toMatchObject([{ name: "c", group: "distill", frozen: true, role: "norm" }]);
    expect(set.all[0].variable.trainable).toBe(false);
    expect([...set.all[0].variable.dataSync()]).toEqual([0.5, 0.5]);
    set.dispose();
  });

  it("of BatchNorm: trained scale and shift, and statistics that each call moves on, without a leak", () => {
    const before = tf.memory().numTensors;
    const set = parameterSet(0);
    const norm = batchNorm2d(set, "bn", 3);
    expect(set.all.map(({ name, frozen, role }) => [name, frozen, role])).toEqual([
      ["bn.weight", false, "norm"], ["bn.bias", false, "norm"], ["bn.running_mean", true, undefined], ["bn.running_var", true, undefined],
    ]);
    const x = normal([2, 4, 4, 3], "x", { offset: 3 }) as tf.Tensor4D;
    expectNoLeak(() => tf.dispose(tf.tidy(() => norm(x))));
    tf.tidy(() => { expectClose(set.all[2].variable.dataSync(), tf.mul(tf.mean(x, [0, 1, 2]), 0.1).dataSync(), { relative: 1e-5 }); });
    set.dispose();
    x.dispose();
    expect(tf.memory().numTensors).toBe(before);
  });
});
