import * as tf from "@tensorflow/tfjs-core";
import { arithmetic } from "./arithmetic.ts";
import { refuse } from "./refuse.ts";
import type { Clip } from "./update.ts";

export interface ClipOptions {
  /** Gradients are cut element by element to ±this before weight decay (detectron2's `CLIP_TYPE: value`); default none. */
  readonly clipValue?: number;
  /**
   * All gradients together are scaled down to at most this L2 norm before weight decay, by limit / (norm + 1e-6) as PyTorch's
   * `clip_grad_norm_` (mmdetection's `grad_clip`); default none.
   */
  readonly clipNorm?: number;
}

/**
 * What cuts gradients; inside a tidy, and asked for the norm only where it matters.
 * @throws RangeError for limits that are not above 0, and when both are given
 */
export function clipping({ clipValue, clipNorm }: ClipOptions): (norm: () => number) => Clip {
  for (const [name, limit] of Object.entries({ clipValue, clipNorm })) {
    if (limit !== undefined && !(limit > 0)) refuse(name, limit, "a number above 0, or left out");
  }
  if (clipValue !== undefined && clipNorm !== undefined) refuse("clipValue and clipNorm", [clipValue, clipNorm], "one of the two");
  if (clipValue !== undefined) {
    return () => {
      const limits = [tf.scalar(-clipValue), tf.scalar(clipValue)] as const;
      return (gradient) => arithmetic().clip(gradient, ...limits);
    };
  }
  if (clipNorm === undefined) return () => (gradient) => gradient;
  return (norm) => {
    const factor = clipNorm / (norm() + 1e-6);
    if (!(factor < 1)) return (gradient) => gradient;
    const scale = tf.scalar(factor);
    return (gradient) => arithmetic().mul(gradient, scale);
  };
}
