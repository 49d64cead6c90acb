import type { Size } from "./resize.ts";

/** Whose arithmetic turns "short edge 800, long edge at most 1333" into whole pixels; they differ by a pixel. */
export type SizeRule = "mmcv" | "detectron2" | "torchvision";

/** `mmcv.rescale_size`: one scale in double precision, both sides int(side·scale + ½). */
function mmcv(size: Size, short: number, long: number): Size {
  const scale = Math.min(long / Math.max(size.width, size.height), short / Math.min(size.width, size.height));
  return { width: Math.floor(size.width * scale + 0.5), height: Math.floor(size.height * scale + 0.5) };
}

/** `ResizeShortestEdge.get_output_shape`: the short side is exact unless the long one had to be limited. */
function detectron2(size: Size, short: number, long: number): Size {
  const scale = short / Math.min(size.width, size.height);
  let width = size.width <= size.height ? short : scale * size.width;
  let height = size.width <= size.height ? scale * size.height : short;
  if (Math.max(width, height) > long) {
    const shrink = long / Math.max(width, height);
    width *= shrink;
    height *= shrink;
  }
  return { width: Math.floor(width + 0.5), height: Math.floor(height + 0.5) };
}

/**
 * `GeneralizedRCNNTransform`: sides are rounded down and the scale is float32, where PyTorch divides a number by a
 * tensor as number · (1/tensor), so that 799 for 800 occurs.
 */
function torchvision(size: Size, short: number, long: number): Size {
  const f = Math.fround;
  const per = (edge: number, side: number) => f(edge * f(1 / side));
  const scale = Math.min(per(short, Math.min(size.width, size.height)), per(long, Math.max(size.width, size.height)));
  return { width: Math.floor(size.width * scale), height: Math.floor(size.height * scale) };
}

export const sizeRules = ["mmcv", "detectron2", "torchvision"] as const satisfies readonly SizeRule[];
const rules: Readonly<Record<SizeRule, (size: Size, short: number, long: number) => Size>> = { mmcv, detectron2, torchvision };

/**
 * Size with the short edge at `short` unless the long edge would exceed `long`; the aspect ratio is kept up to rounding.
 * @returns at least one pixel per side
 */
export function edgeSize(size: Size, short: number, options: { readonly long?: number; readonly rule?: SizeRule } = {}): Size {
  const { long = Infinity, rule = "mmcv" } = options;
  const { width, height } = rules[rule](size, short, long);
  return { width: Math.max(1, width), height: Math.max(1, height) };
}

/** Size enlarged to a multiple of `divisor` on both sides. */
export function paddedSize(size: Size, divisor: number): Size {
  const up = (side: number) => Math.ceil(side / divisor) * divisor;
  return { width: up(size.width), height: up(size.height) };
}
