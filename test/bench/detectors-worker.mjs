// Potstill's side of the detectors bench. argv: network (retinanet | fasterrcnn), threads, image side, images in a batch.
import { closeSync, openSync, readFileSync, writeFileSync, writeSync } from "node:fs";
import { performance } from "node:perf_hooks";
import * as tf from "@tensorflow/tfjs-core";
import { loadBackend } from "../../dist/lib/backend/load.js";
import { gradients } from "../../dist/lib/train/gradients.js";
import { optimiser as optimiserOf } from "../../dist/lib/train/optimiser.js";
import { CLASSES, imageValues, targets } from "./step-data.mjs";
import { serve } from "./worker.mjs";

const [network, threads, side, batch] = [process.argv[2], ...process.argv.slice(3).map(Number)];
const info = await loadBackend({ backend: "native", threads });

/** The presets of torchvision, but every box is kept (score 0). */
async function build() {
  if (network === "retinanet") {
    const { retinanet } = await import("../../dist/lib/detector/retinanet.js");
    return retinanet({ preset: "torchvision", classes: CLASSES, seed: 1, decode: { scoreThreshold: 0 } });
  }
  const { fasterRcnn } = await import("../../dist/lib/detector/faster-rcnn.js");
  return fasterRcnn({ preset: "torchvision", classes: CLASSES, seed: 1, decode: { scoreThreshold: 0 } });
}

const detector = await build();
// Without trained statistics the residual sums would double at every block; small last scales keep them level.
for (const { name, variable } of detector.parameters()) if (name.endsWith("bn3.weight")) tf.tidy(() => variable.assign(tf.fill(variable.shape, 0.3)));

/** Made with the first step: inference needs no momentum. */
let trained;
function trainer() {
  const optimiser = optimiserOf(detector.parameters(), { learningRate: () => 5e-3, momentum: 0.9, weightDecay: 1e-4 });
  return { optimiser, variables: optimiser.trained(0).map(({ variable }) => variable) };
}

const images = tf.tensor4d(imageValues({ side, batch }), [batch, side, side, 3]);
const objects = targets({ side, batch }).map((target, image) => ({ image, imageId: image + 1, width: side, height: side, scaleX: 1, scaleY: 1, flipped: false, ...target }));
let iteration = 0;

/** Names, shapes (filters HWIO) and float32 values, one after another. */
function writeWeights(path) {
  const file = openSync(path, "w");
  const index = detector.parameters().map(({ name, variable, flattened }) => {
    writeSync(file, new Uint8Array(variable.dataSync().buffer));
    return { name, shape: variable.shape, flattened };
  });
  closeSync(file);
  writeFileSync(`${path}.json`, JSON.stringify(index));
}

const peak = () => Number(/VmHWM:\s+(\d+)/.exec(readFileSync("/proc/self/status", "utf8"))?.[1]) / 1024;

function step() {
  const { optimiser, variables } = (trained ??= trainer());
  const start = performance.now();
  const result = gradients(() => {
    const loss = tf.addN(Object.values(detector.loss(detector.forward(images), objects, { iteration: iteration++ })));
    return { loss, values: tf.stack([loss]) };
  }, variables);
  optimiser.apply(result.gradients, 0);
  const value = result.values.dataSync()[0];
  result.values.dispose();
  for (const gradient of result.gradients) gradient?.dispose();
  return { ms: performance.now() - start, value, mib: peak(), tensors: tf.memory().numTensors };
}

function detect() {
  const start = performance.now();
  const found = tf.tidy(() => ({ all: detector.decode(detector.forward(images), objects) })).all;
  const ms = performance.now() - start;
  const value = found.reduce((sum, { scores }) => sum + scores.reduce((all, score) => all + score, 0), 0);
  return { ms, value, count: found.reduce((sum, { scores }) => sum + scores.length, 0), mib: peak() };
}

await serve((line) => {
  const [command, path] = line.split(" ");
  if (command === "step") return step();
  if (command === "detect") return detect();
  writeWeights(path);
  return { info };
});
