// Potstill's side of the step bench: RetinaNet-R50-FPN as lib/detector has it. argv[2]: where to write the first weights.
import { closeSync, openSync, readFileSync, writeFileSync, writeSync } from "node:fs";
import { performance } from "node:perf_hooks";
import * as tf from "@tensorflow/tfjs-core";
import { loadBackend } from "../../dist/lib/backend/load.js";
import { retinanet } from "../../dist/lib/detector/retinanet.js";
import { gradients } from "../../dist/lib/train/gradients.js";
import { optimiser as optimiserOf } from "../../dist/lib/train/optimiser.js";
import { BATCH, CLASSES, SIZE, imageValues, targets } from "./step-data.mjs";
import { serve } from "./worker.mjs";

const info = await loadBackend({ backend: "native", threads: 1 });
const detector = retinanet({ preset: "torchvision", classes: CLASSES, seed: 1 });
// Without trained statistics the residual sums would double at every block; small last scales keep them level.
for (const { name, variable } of detector.parameters()) if (name.endsWith("bn3.weight")) tf.tidy(() => variable.assign(tf.fill(variable.shape, 0.3)));

const optimiser = optimiserOf(detector.parameters(), { learningRate: () => 5e-3, momentum: 0.9, weightDecay: 1e-4 });
const variables = optimiser.trained(0).map(({ variable }) => variable);
const images = tf.tensor4d(imageValues(), [BATCH, SIZE, SIZE, 3]);
const objects = targets().map((target, image) => ({ image, imageId: image + 1, width: SIZE, height: SIZE, scaleX: 1, scaleY: 1, flipped: false, ...target }));

/** Names, shapes (filters HWIO) and float32 values, one after another. */
function writeWeights(path) {
  const file = openSync(path, "w");
  const index = detector.parameters().map(({ name, variable }) => {
    writeSync(file, new Uint8Array(variable.dataSync().buffer));
    return { name, shape: variable.shape };
  });
  closeSync(file);
  writeFileSync(`${path}.json`, JSON.stringify(index));
}

function step() {
  const start = performance.now();
  const result = gradients(() => {
    const terms = Object.values(detector.loss(detector.forward(images), objects));
    const loss = tf.addN(terms);
    return { loss, values: tf.stack([loss]) };
  }, variables);
  optimiser.apply(result.gradients, 0);
  const loss = result.values.dataSync()[0];
  result.values.dispose();
  for (const gradient of result.gradients) gradient?.dispose();
  const mib = Number(/VmHWM:\s+(\d+)/.exec(readFileSync("/proc/self/status", "utf8"))?.[1]) / 1024;
  return { ms: performance.now() - start, loss, mib, tensors: tf.memory().numTensors };
}

await serve((line) => {
  const [command, path] = line.split(" ");
  if (command !== "weights") return step();
  writeWeights(path);
  return { info };
});
