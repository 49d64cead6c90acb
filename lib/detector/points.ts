import type { ImageSize, PriorLevel } from "./assignment.ts";
import { recently } from "./recent.ts";

/** How points are laid: one per cell. */
export interface PointOptions {
  /** Place of a point in its cell, in cells: 0 (torchvision) or 0.5 (the paper, mmdet, cvpods, detectron2). */
  readonly offset: number;
  /** Distance of cells: the level's stride, or image size divided by map size, rounded down (torchvision). */
  readonly strides: "level" | "image";
}

/** The points of all levels, one behind another. */
export interface PointLayout {
  /** [N, 2] x, y in pixels. */
  readonly points: Float64Array;
  readonly levels: readonly PriorLevel[];
}

/** Points of maps of these sizes over an image: (index + offset) · stride, row by row. */
export function layPoints({ offset, strides: kind }: PointOptions, strides: readonly number[], { maps, image }: { readonly maps: readonly ImageSize[]; readonly image: ImageSize }): PointLayout {
  const points = new Float64Array(2 * maps.reduce((sum, { height, width }) => sum + height * width, 0));
  let start = 0;
  const levels = maps.map(({ height, width }, l): PriorLevel => {
    const [strideY, strideX] = kind === "level" ? [strides[l], strides[l]] : [Math.floor(image.height / height), Math.floor(image.width / width)];
    const coordinates = points.subarray(start, (start += 2 * height * width));
    for (let y = 0, k = 0; y < height; y++) {
      for (let x = 0; x < width; x++) {
        coordinates[k++] = (x + offset) * strideX;
        coordinates[k++] = (y + offset) * strideY;
      }
    }
    return { height, width, strideY, strideX, perCell: 1, kind: "point", coordinates };
  });
  return { points, levels };
}

/** `layPoints`, remembered for the sizes seen last. */
export function pointLayout(options: PointOptions, strides: readonly number[]): (maps: readonly ImageSize[], image: ImageSize) => PointLayout {
  const layout = recently<PointLayout>();
  return (maps, image) => {
    const key = JSON.stringify([maps.map(({ height, width }) => [height, width]), options.strides === "image" && [image.height, image.width]]);
    return layout(key, () => layPoints(options, strides, { maps, image }));
  };
}
