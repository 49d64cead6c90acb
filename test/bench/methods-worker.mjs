// One method of the methods bench. argv: method ("plain": none), threads, image side, images in a batch.
import { readFileSync } from "node:fs";
import { performance } from "node:perf_hooks";
import * as tf from "@tensorflow/tfjs-core";
import { loadBackend } from "../../dist/lib/backend/load.js";
import { gfl } from "../../dist/lib/detector/gfl.js";
import { retinanet } from "../../dist/lib/detector/retinanet.js";
import { buildMethod, needsTeacher } from "../../dist/lib/papers/method.js";
import { gradients } from "../../dist/lib/train/gradients.js";
import { optimiser as optimiserOf } from "../../dist/lib/train/optimiser.js";
import { CLASSES, imageValues, targets } from "./step-data.mjs";
import { serve } from "./worker.mjs";

const [method, threads, side, batch] = [process.argv[2], ...process.argv.slice(3).map(Number)];
await loadBackend({ backend: "native", threads });

/** Methods that distil the distributions of GFL's boxes need GFL; all others are measured on RetinaNet. */
const build = method === "ld" ? (backbone, seed) => gfl({ preset: "mmdet", classes: CLASSES, backbone, seed }) : (backbone, seed) => retinanet({ preset: "mmdet", classes: CLASSES, backbone, seed });
const student = build("resnet-50", 1);
// Without trained statistics the residual sums would double at every block; small last scales keep them level.
const calm = (detector) => { for (const { name, variable } of detector.parameters()) if (name.endsWith("bn3.weight")) tf.tidy(() => variable.assign(tf.fill(variable.shape, 0.3))); };
calm(student);
let teacher;
const teacherOf = () => {
  if (teacher === undefined) calm(teacher = build("resnet-101", 2));
  return teacher;
};
/** Both halves of LabelEnc have their own training; the first does the work. Its terms count from the start here. */
const own = { labelEnc: { step: 1, distanceFrom: 0 } };
const distiller = method === "plain" ? undefined : buildMethod({ name: method, options: own[method] ?? {} }, { student, seed: 3, ...(needsTeacher(method) && { teacher: teacherOf() }) });

const images = tf.tensor4d(imageValues({ side, batch }), [batch, side, side, 3]);
const objects = targets({ side, batch }).map((target, image) => ({ image, imageId: image + 1, width: side, height: side, scaleX: 1, scaleY: 1, flipped: false, ...target }));
const data = { images, targets: objects, dispose: () => {} };
const optimisers = new Map();
let iteration = 0;

/** What the training itself does in a step, with the method or without. */
function step(withMethod) {
  const used = withMethod ? distiller : undefined;
  if (!optimisers.has(withMethod)) optimisers.set(withMethod, optimiserOf([...student.parameters(), ...(used?.parameters() ?? [])], { learningRate: () => 1e-4, momentum: 0.9, weightDecay: 1e-4 }));
  const optimiser = optimisers.get(withMethod);
  const before = tf.memory().numTensors;
  const start = performance.now();
  const total = tf.tidy(() => {
    const hints = used?.hints(data) ?? {};
    const result = gradients(() => {
      const prediction = student.forward(images);
      const own = Object.values(student.loss(prediction, objects, { iteration }));
      const terms = Object.values(used?.loss(prediction, hints, data, { iteration, detector: student }) ?? {});
      const loss = tf.addN([...own, ...terms.map(({ value, weight }) => tf.mul(value, weight))]);
      return { loss, values: tf.stack([loss]) };
    }, optimiser.trained(iteration).map(({ variable }) => variable));
    optimiser.apply(result.gradients, iteration);
    const value = result.values.dataSync()[0];
    tf.dispose([result.values, ...result.gradients.filter((gradient) => gradient !== null)]);
    return [tf.scalar(value)];
  })[0];
  const value = total.dataSync()[0];
  total.dispose();
  iteration++;
  return { ms: performance.now() - start, value, leaked: tf.memory().numTensors - before };
}

function look() {
  const start = performance.now();
  tf.tidy(() => { for (const map of teacherOf().forward(images).logits) map.dataSync(); });
  return { ms: performance.now() - start };
}

const peak = () => Number(/VmHWM:\s+(\d+)/.exec(readFileSync("/proc/self/status", "utf8"))?.[1]) / 1024;

await serve((command) => {
  if (command === "step") return { ...step(true), mib: peak() };
  if (command === "plain") return step(false);
  return look();
});
