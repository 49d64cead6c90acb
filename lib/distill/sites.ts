import type * as tf from "@tensorflow/tfjs-core";
import type { Prediction } from "../detector/detector.ts";

/** Where features are compared. `pyramid`: the neck's outputs; `stages`: the backbone's C2, C3, … as far as the neck reads. */
export type FeatureSite = "pyramid" | "stages";

/** @throws Error where a prediction does not carry the backbone's stages */
export function stagesOf(name: string, { stages }: Prediction): readonly tf.Tensor4D[] {
  if (stages === undefined) throw new Error(`the prediction of ${name} has no backbone stages, which site: "stages" compares. They come from a detector's own forward pass; use site: "pyramid" otherwise`);
  return stages;
}
