import type { Boxes } from "../../tensor/boxes.ts";

/**
 * How a region's size s = √area chooses its level (Lin et al. 2017, "Feature Pyramid Networks", eq. 1); `canonical` is the
 * size in pixels that belongs to `level`, counted from the finest.
 * - `torchvision`: ⌊level + log₂(s / canonical) + 1e-6⌋
 * - `mmdet`: ⌊level + log₂(s / canonical + 1e-6)⌋, written there with the finest level's size
 * - `detectron2`: ⌊level + log₂(s / canonical + 1e-8)⌋
 */
export interface LevelRule {
  readonly kind: "torchvision" | "mmdet" | "detectron2";
  /** Pixels. torchvision and detectron2: 224; mmdet: 56. */
  readonly canonical: number;
  /** Level of that size, 0 for the finest (P2). torchvision and detectron2: 2 (P4); mmdet: 0. */
  readonly level: number;
}

/** Level of each box, clamped to 0 … count − 1: [n]. In single precision, as the reference implementations have it. */
export function roiLevels(boxes: Boxes, { kind, canonical, level }: LevelRule, count: number): Int32Array {
  const f = Math.fround;
  const epsilon = kind === "detectron2" ? 1e-8 : 1e-6;
  return Int32Array.from({ length: boxes.length / 4 }, (_, i) => {
    const area = f(f(boxes[4 * i + 2] - boxes[4 * i]) * f(boxes[4 * i + 3] - boxes[4 * i + 1]));
    const ratio = f(f(Math.sqrt(Math.max(area, 0))) / canonical);
    const exact = kind === "torchvision" ? f(f(level + f(Math.log2(ratio))) + f(epsilon)) : f(level + f(Math.log2(f(ratio + f(epsilon)))));
    return Math.min(Math.max(Math.floor(exact), 0), count - 1);
  });
}
