import { Worker } from "node:worker_threads";
import * as tf from "@tensorflow/tfjs-core";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { cancelPoint } from "../../../lib/backend/cancel.ts";
import type { BackendKind } from "../../../lib/backend/info.ts";
import { loadBackend } from "../../../lib/backend/load.ts";
import { hasRawOps } from "../../../lib/backend/ops.ts";
import { values } from "./reference.ts";

const key = Symbol.for("potstill.interrupt");
const flag = new Int32Array(new SharedArrayBuffer(4));
const published = globalThis as Record<symbol, unknown>;

/** A thread that sets the flag again and again, a random time after it was cleared. */
const nagging = `
const { workerData: flag } = require("node:worker_threads");
let state = 1;
for (;;) {
  Atomics.wait(flag, 0, 1); // wakes when the main thread has cleared it
  state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1 + (state / 2 ** 32) * 12);
  Atomics.store(flag, 0, 1);
}`;

/** Interrupted at any operation: the state is the last whole step's, nothing leaks, and training goes on. */
export function describeCancelPoints(backend: BackendKind): void {
  describe(`cancel points on ${backend}`, () => {
    beforeAll(async () => { await loadBackend({ backend }); });
    afterAll(() => { Reflect.deleteProperty(published, key); });

    it("100 interrupts of a training loop from another thread leave no tensor behind and no step half done", async () => {
      const filter = tf.variable<tf.Rank.R4>(tf.tensor4d(values(3 * 3 * 8 * 8, 1), [3, 3, 8, 8]));
      const bias = tf.variable<tf.Rank.R1>(tf.zeros([8]));
      const x = tf.tensor4d(values(24 * 24 * 8, 2), [1, 24, 24, 8]);
      const loss = (): tf.Scalar => tf.mean(tf.square(tf.sub(tf.relu(tf.add(tf.conv2d(x, filter, 1, "same"), bias)), 1)));
      const step = () => tf.tidy(() => {
        const { value, grads } = tf.variableGrads(loss, [filter, bias]);
        const next = [filter, bias].map((variable) => tf.sub(variable as tf.Tensor, tf.mul(grads[variable.name], 0.01)));
        filter.assign(next[0] as tf.Tensor4D);
        bias.assign(next[1] as tf.Tensor1D);
        return value.dataSync()[0];
      });
      const first = step();
      const before = tf.memory().numTensors;
      published[key] = { flag };
      const worker = new Worker(nagging, { eval: true, workerData: flag });
      let [interrupts, steps] = [0, 0];
      try {
        while (interrupts < 100) {
          try {
            for (;;) {
              step();
              steps++;
            }
          } catch (error) {
            expect((error as Error).name).toBe("InterruptedError");
            expect((error as Error).message).toBe("interrupted");
            interrupts++;
            Atomics.store(flag, 0, 0);
            Atomics.notify(flag, 0);
          }
          expect(tf.memory().numTensors).toBe(before);
        }
      } finally {
        await worker.terminate();
        Atomics.store(flag, 0, 0);
      }
      expect(steps).toBeGreaterThan(50);
      const after = step();
      expect(Number.isFinite(after)).toBe(true);
      expect(after).toBeLessThan(first);
      tf.dispose([filter, bias, x]);
    });

    it("costs one look at the flag an operation, and asks the kernel for nothing else", () => {
      const asked: PropertyKey[] = [];
      published[key] = new Proxy({ flag }, { get: (contract, name) => { asked.push(name); return Reflect.get(contract, name) as unknown; } });
      const loads = vi.spyOn(Atomics, "load");
      try {
        for (let i = 0; i < 3; i++) cancelPoint();
        expect([asked, loads.mock.calls.length]).toEqual([["flag", "flag", "flag"], 3]);
      } finally {
        loads.mockRestore();
        published[key] = { flag };
      }
    });

    it("an exception in the loss or in a gradient leaves no tensor behind either", () => {
      const x = tf.variable(tf.tensor2d(values(6, 1), [2, 3]));
      const broken = tf.customGrad((a) => {
        return { value: tf.square(a as tf.Tensor), gradFunc: () => { throw new Error("no gradient today"); } };
      });
      const before = tf.memory().numTensors;
      expect(() => tf.variableGrads(() => tf.sum(tf.matMul(tf.square(tf.relu(x)) as tf.Tensor2D, tf.zeros([2, 2]))))).toThrow(/inner shapes|size-incompatible/);
      expect(tf.memory().numTensors).toBe(before);
      expect(() => tf.variableGrads(() => tf.sum(broken(tf.square(tf.relu(x)))))).toThrow("no gradient today");
      expect(tf.memory().numTensors).toBe(before);
      const { value, grads } = tf.variableGrads(() => tf.sum(tf.square(x)));
      expect(tf.memory().numTensors).toBe(before + 2);
      tf.dispose([value, grads[x.name], x]);
    });

    it("does nothing where no kernel publishes the flag", () => {
      Reflect.deleteProperty(published, key);
      Atomics.store(flag, 0, 1);
      expect(tf.tidy(() => tf.add(1, 1).dataSync()[0])).toBe(2);
      Atomics.store(flag, 0, 0);
      expect(hasRawOps()).toBe(tf.getBackend() === "tensorflow");
    });
  });
}
