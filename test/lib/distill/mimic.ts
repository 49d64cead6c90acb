import * as tf from "@tensorflow/tfjs-core";
import type { Batch } from "../../../lib/data/batch.ts";
import { levelAdapters } from "../../../lib/distill/adapters.ts";
import { pairLevels, taught, type TaughtOptions } from "../../../lib/distill/taught.ts";
import type { Distiller } from "../../../lib/distill/distiller.ts";
import { fcos } from "../../../lib/detector/fcos.ts";
import type { Detector } from "../../../lib/detector/detector.ts";
import { normal } from "./finite-difference.ts";
import { targetsOf } from "./tiny.ts";

/** The smallest method with a teacher: mean squared error of adapted pyramids. */
export function mimic(options: TaughtOptions & { readonly own?: number; readonly reads?: "pyramid" | "prediction" }): Distiller {
  const teacher = "predict" in options.teacher && "detector" in options.teacher ? options.teacher.detector : options.teacher;
  return taught("mimic", options, (set) => {
    const pairs = pairLevels(options.student, teacher);
    const adapt = levelAdapters(set, { kind: "conv1x1", name: (level) => `mimic.${level}`, from: options.student.channels, to: teacher.channels, levels: pairs.length });
    return {
      reads: options.reads ?? "pyramid",
      hints: ({ pyramid }) => ({ maps: pairs.map((pair) => pyramid[pair.teacher]) }),
      terms: ({ pyramid }, { maps }) => {
        const errors = pairs.map((pair, i) => tf.mean<tf.Scalar>(tf.squaredDifference(adapt[i](pyramid[pair.student]), maps[i])));
        return { feature: { value: tf.addN(errors), weight: options.own ?? 1 } };
      },
    };
  });
}

/** A detector of a few thousand parameters. */
export function tinyDetector(seed: number, channels = 8, classes = 3): Detector {
  return fcos({ preset: "tiny", classes, seed, channels, backbone: "tiny-4" });
}

const edge = { height: 64, width: 64 };

/** Endless copies of one batch of two images, the second without objects. */
export async function* oneBatch(): AsyncGenerator<Batch> {
  const targets = targetsOf([3, 0]).map((target) => ({ ...target, ...edge }));
  for (;;) {
    const images = normal("images", [2, 64, 64, 3]) as tf.Tensor4D;
    yield { images, targets, dispose: () => images.dispose() };
  }
}
