import type { Target } from "../data/batch.ts";

export interface BoxMaskOptions {
  /** Cells of the level's map. */
  readonly height: number;
  readonly width: number;
  /** Pixels of the padded batch image, which the map covers. */
  readonly imageHeight: number;
  readonly imageWidth: number;
  /**
   * What a box's pixels are divided by before they are multiplied by the map's cells. `padded` (default): the size of the
   * batch image, so that a box covers the cells where its object is. `content`: the size of the image's own content, as FGD's
   * code does, which moves and enlarges the boxes of padded images.
   */
  readonly scaleBy?: "padded" | "content";
  /**
   * What a cell's weight is 1 over: `inside` (default), the cells that the box covers on the map; `whole`, all cells from its
   * first to its last, also those beyond the border, as in FGD's code.
   */
  readonly area?: "inside" | "whole";
}

/** Weights of the cells of one level for each image: [B·H·W]. */
export interface BoxMasks {
  /** 1 / (cells of the box), of the smallest box where several cover a cell; 0 outside all boxes. */
  readonly foreground: Float32Array;
  /** 1 / (cells outside all boxes of the image) there, else 0; all 0 where the boxes cover everything. */
  readonly background: Float32Array;
}

type BoxTarget = Pick<Target, "boxes" | "width" | "height" | "imageId">;

/**
 * FGD's scale masks (Yang et al., CVPR 2022, eq. 5–7) on one level, on the host. A box covers the cells from ⌊x₁⌋ to ⌈x₂⌉, both
 * included, and likewise in y, in units of cells.
 * @throws Error for a box that is not four finite numbers, naming image and object
 */
export function boxMasks(targets: readonly BoxTarget[], options: BoxMaskOptions): BoxMasks {
  const cells = options.height * options.width;
  const foreground = new Float32Array(targets.length * cells);
  const background = new Float32Array(targets.length * cells);
  targets.forEach((target, image) => {
    const own = foreground.subarray(image * cells, (image + 1) * cells);
    for (let i = 0; i < target.boxes.length; i += 4) paint(own, coverOf(target, i, options), options.width);
    const free = own.reduce((count, weight) => count + (weight === 0 ? 1 : 0), 0);
    own.forEach((weight, cell) => { if (weight === 0) background[image * cells + cell] = 1 / free; });
  });
  return { foreground, background };
}

/** The cells of one box: rows top…bottom, columns left…right, all inclusive and on the map. */
interface Cover {
  readonly top: number;
  readonly bottom: number;
  readonly left: number;
  readonly right: number;
  /** What the box's cells are counted as. */
  readonly area: number;
}

function coverOf(target: BoxTarget, start: number, { height, width, imageHeight, imageWidth, scaleBy = "padded", area = "inside" }: BoxMaskOptions): Cover {
  const box = target.boxes.subarray(start, start + 4);
  if (box.length !== 4 || !box.every(Number.isFinite)) throw new Error(`object ${start / 4} of image ${target.imageId} has box [${box.join(", ")}]; needed: four finite numbers x1, y1, x2, y2`);
  // The order of the operations is FGD's where its scale is: a quotient that misses a whole number by a bit moves a border.
  const inCells = (pixel: number, cells: number, whole: number, content: number) => (scaleBy === "content" ? (pixel / content) * cells : (pixel * cells) / whole);
  const [x1, x2] = [box[0], box[2]].map((x) => inCells(x, width, imageWidth, target.width));
  const [y1, y2] = [box[1], box[3]].map((y) => inCells(y, height, imageHeight, target.height));
  const whole = { top: Math.floor(y1), bottom: Math.ceil(y2), left: Math.floor(x1), right: Math.ceil(x2) };
  const cut = { top: Math.max(whole.top, 0), bottom: Math.min(whole.bottom, height - 1), left: Math.max(whole.left, 0), right: Math.min(whole.right, width - 1) };
  return { ...cut, area: count(area === "whole" ? whole : cut) };
}

function count({ top, bottom, left, right }: Omit<Cover, "area">): number {
  return (bottom - top + 1) * (right - left + 1);
}

function paint(mask: Float32Array, { top, bottom, left, right, area }: Cover, width: number): void {
  for (let y = top; y <= bottom; y++) {
    for (let x = left; x <= right; x++) mask[y * width + x] = Math.max(mask[y * width + x], 1 / area);
  }
}
