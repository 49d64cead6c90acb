// One training step of a detector at the papers' size: argv[2] is JSON {"module", "builder", "options", "masks"?}.
// Prints JSON: losses, gradient norm, seconds, peak memory in MiB, parameters as countParameters() counts them.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { performance } from "node:perf_hooks";
import * as tf from "@tensorflow/tfjs-core";

const { module, builder, options, masks } = JSON.parse(process.argv[2]);
const lib = (path) => import(join(import.meta.dirname, "..", "..", "..", "dist", "lib", path));
const { loadBackend } = await lib("backend/load.js");
const { gradients } = await lib("train/gradients.js");
const { optimiser: optimiserOf } = await lib("train/optimiser.js");
await loadBackend({ backend: "native", threads: 2 });
const detector = (await lib(`detector/${module}.js`))[builder](options);

const [height, width] = [800, 1344]; // 1333, padded to a multiple of 32
const images = tf.tidy(() => tf.mul(tf.sub(tf.randomUniform([1, height, width, 3], 0, 1, "float32", 7), 0.5), 4));
const boxes = Float32Array.from([100, 120, 340, 420, 500, 60, 620, 700, 900, 300, 1300, 780, 40, 600, 72, 640]);
const target = { image: 0, imageId: 1, boxes, labels: Int32Array.from([0, 17, 41, 79]), width: 1333, height, scaleX: 1, scaleY: 1, flipped: false, ...(masks && { masks: await rectangles() }) };

/** Every object's mask is its box. */
async function rectangles() {
  const { rleBox } = await lib("tensor/masks/index.js");
  return [0, 4, 8, 12].map((k) => rleBox([boxes[k], boxes[k + 1], boxes[k + 2] - boxes[k], boxes[k + 3] - boxes[k + 1]], { height, width: 1333 }));
}

const optimiser = optimiserOf(detector.parameters(), { learningRate: () => 1e-3, momentum: 0.9, weightDecay: 1e-4 });
const start = performance.now();
let names = [];
const result = gradients(() => {
  const terms = detector.loss(detector.forward(images), [target], { iteration: 0 });
  names = Object.keys(terms);
  const values = tf.stack(Object.values(terms));
  return { loss: tf.sum(values), values };
}, optimiser.trained(0).map(({ variable }) => variable));
const norm = optimiser.norm(result.gradients).dataSync()[0];
optimiser.apply(result.gradients, 0);
const losses = Object.fromEntries(Array.from(result.values.dataSync(), (value, i) => [names[i], value]));
const finite = detector.parameters().every(({ variable }) => Number.isFinite(tf.tidy(() => ({ sum: tf.sum(tf.abs(variable)).dataSync()[0] })).sum));
const mib = Number(/VmHWM:\s+(\d+)/.exec(readFileSync("/proc/self/status", "utf8"))?.[1]) / 1024;
const { countParameters } = await lib("detector/cost.js");
console.log(JSON.stringify({ losses, norm, finite, seconds: (performance.now() - start) / 1000, mib, ...countParameters(detector.parameters()) }));
