import * as tf from "@tensorflow/tfjs-core";
import type { Batch } from "../../../lib/data/batch.ts";
import { fcos } from "../../../lib/detector/fcos.ts";
import type { Detector, Parameter } from "../../../lib/detector/detector.ts";
import { retinanet } from "../../../lib/detector/retinanet.ts";
import type { Distiller } from "../../../lib/distill/distiller.ts";
import type { Step } from "../../../lib/train/step.ts";
import { training } from "../../../lib/train/training.ts";
import { normal } from "./finite-difference.ts";
import { targetsOf } from "./tiny.ts";

/** Levels of stride 4, 8, 16 on images of 64 × 48 pixels: 12 × 16, 6 × 8 and 3 × 4 cells. */
export const tinySize = { height: 48, width: 64 };

export function tinyOf(kind: "retinanet" | "fcos", seed: number, channels = 8): Detector {
  const options = { preset: "tiny", classes: 3, seed, channels, backbone: "tiny-4" } as const;
  return kind === "fcos" ? fcos(options) : retinanet({ ...options, head: { norm: { kind: "group", groups: 2 } } });
}

/** Two images of noise, the second without objects; the caller disposes it. */
export function tinyBatch(): Batch {
  const images = normal("images", [2, tinySize.height, tinySize.width, 3]) as tf.Tensor4D;
  return { images, targets: targetsOf([3, 0]).map((target) => ({ ...target, ...tinySize })), dispose: () => images.dispose() };
}

async function* repeated(): AsyncGenerator<Batch> {
  for (;;) yield tinyBatch();
}

/** Trains for some steps on one batch, repeated; the caller disposes detector and method. */
export async function trainTiny(detector: Detector, distiller: Distiller, iterations: number, learningRate = 0.01): Promise<Step[]> {
  const run = training({ detector, distiller, batches: repeated, iterations, optimiser: { learningRate: () => learningRate } });
  const steps: Step[] = [];
  try {
    for await (const step of run.steps()) steps.push(step);
  } finally {
    run.dispose();
  }
  return steps;
}

/** The largest absolute slope of a method's terms (all, or those named) by each parameter; undefined where none arrives. */
export function slopesOf(detector: Detector, distiller: Distiller, parameters: readonly Parameter[], { iteration = 0, terms }: { readonly iteration?: number; readonly terms?: readonly string[] } = {}): (number | undefined)[] {
  const batch = tinyBatch();
  const hints = distiller.hints(batch);
  const total = () => {
    const all = distiller.loss(detector.forward(batch.images), hints, batch, { iteration, detector });
    return tf.addN((terms ?? Object.keys(all)).map((name) => tf.mul<tf.Scalar>(all[name].value, all[name].weight)));
  };
  let slopes: (number | undefined)[] = [];
  try {
    tf.tidy(() => {
      const grads = tf.variableGrads(total, parameters.map(({ variable }) => variable)).grads as Record<string, tf.Tensor | null>;
      slopes = parameters.map(({ variable }) => (grads[variable.name] ? tf.max(tf.abs(grads[variable.name]!)).dataSync()[0] : undefined));
    });
  } finally {
    for (const tensors of Object.values(hints)) tf.dispose([...tensors]);
    batch.dispose();
  }
  return slopes;
}

/** The parameters of one group that are trained. */
export function groupOf(detector: Pick<Detector, "parameters">, group: Parameter["group"]): Parameter[] {
  return detector.parameters().filter((parameter) => parameter.group === group && !parameter.frozen);
}
