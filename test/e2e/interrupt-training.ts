// Interrupts a training loop at random moments through a real kernel and compares with a run that nobody interrupted.
import { expect } from "vitest";
import { eventually, KernelDriver, sleep, text } from "../conformance/kernel-driver.ts";

const setup = `
import { loadBackend } from "potstill";
import * as tf from "@tensorflow/tfjs-core";
await loadBackend({ backend: "native", threads: 1 });
const values = (count: number, seed: number) => Float32Array.from({ length: count }, (_, i) => Math.sin(i * 12.9898 + seed) / 3);
const x = tf.tensor4d(values(24 * 24 * 8, 2), [1, 24, 24, 8]);
function start() {
  const variable = (make) => tf.tidy(() => tf.variable(make()));
  const filter = variable(() => tf.tensor4d(values(3 * 3 * 8 * 8, 1), [3, 3, 8, 8]));
  const bias = variable(() => tf.zeros([8]));
  const loss = () => tf.mean(tf.square(tf.sub(tf.relu(tf.add(tf.conv2d(x, filter, 1, "same"), bias)), 1)));
  const step = () => tf.tidy(() => {
    const { value, grads } = tf.variableGrads(loss, [filter, bias]);
    const next = [filter, bias].map((variable) => tf.sub(variable, tf.mul(grads[variable.name], 0.01)));
    filter.assign(next[0]);
    bias.assign(next[1]);
    return value.dataSync()[0];
  });
  return { losses: [] as number[], step, dispose: () => tf.dispose([filter, bias]) };
}
const before = tf.memory().numTensors;
const training = start();
training.losses.push(training.step());
const held = tf.memory().numTensors;`;

/** One state of the training as the kernel tells it. */
const state = "JSON.stringify({ steps: training.losses.length, tensors: tf.memory().numTensors - held, finite: training.losses.every(Number.isFinite) })";

/** Mulberry32. */
function random(seed: number): () => number {
  let s = seed >>> 0;
  return () => {
    s = (s + 0x6d2b79f5) >>> 0;
    let t = Math.imul(s ^ (s >>> 15), 1 | s);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

async function interruptOnce(kernel: KernelDriver, delay: number): Promise<void> {
  const id = await kernel.execute('console.log("begun"); while (true) training.losses.push(training.step());');
  expect(await eventually(() => text(kernel.iopub.filter((m) => m.parent === id)).startsWith("begun"), 20_000)).toBe(true);
  await sleep(delay);
  await kernel.control("interrupt_request", {}, 20_000);
  const { reply } = await kernel.result(id, 30_000);
  // "interrupted by force" would mean that TensorFlow may be left in pieces.
  expect([reply.ename, reply.evalue]).toEqual(["InterruptedError", "interrupted"]);
}

/** After every interrupt: no tensor too many, all losses finite; at the end every loss as if nothing had happened. */
export async function interruptTraining({ interrupts, seed }: { interrupts: number; seed: number }): Promise<void> {
  const kernel = await KernelDriver.start();
  try {
    const loaded = await kernel.result(await kernel.execute(setup), 120_000);
    expect(loaded.reply.traceback ?? []).toEqual([]);
    expect(text(loaded.messages) + text(loaded.messages, "stderr")).not.toMatch(/cpu_feature_guard|oneDNN|cuda|[IWE]\d{4} /);
    const next = random(seed);
    for (let k = 0; k < interrupts; k++) {
      await interruptOnce(kernel, next() * 30);
      const told = JSON.parse((await kernel.value(state))!.slice(1, -1)) as { steps: number; tensors: number; finite: boolean };
      expect([told.tensors, told.finite]).toEqual([0, true]);
    }
    const differing = await kernel.value(`training.losses.push(training.step());
      const reference = start();
      for (const _ of training.losses) reference.losses.push(reference.step());
      reference.losses.filter((loss, step) => Math.abs(loss - training.losses[step]) > 1e-6 * Math.abs(loss)).length`);
    expect(differing).toBe("0");
    expect(Number(await kernel.value("training.losses.length"))).toBeGreaterThan(interrupts);
    expect(await kernel.value("training.dispose(); reference.dispose(); x.dispose(); tf.memory().numTensors - before + 1")).toBe("0");
    await stopsPlainLoop(kernel);
  } finally {
    await kernel.stop();
  }
}

/** Beside TensorFlow other code is stopped by force, without the long wait for TensorFlow's operations. */
async function stopsPlainLoop(kernel: KernelDriver): Promise<void> {
  const id = await kernel.execute('console.log("begun"); while (true) {}');
  expect(await eventually(() => text(kernel.iopub.filter((m) => m.parent === id)).startsWith("begun"), 20_000)).toBe(true);
  await kernel.control("interrupt_request", {}, 20_000);
  expect((await kernel.result(id, 30_000)).reply.ename).toBe("InterruptedError");
  expect(await kernel.value("tf.tidy(() => tf.add(1, 1).dataSync()[0])")).toBe("2");
}
