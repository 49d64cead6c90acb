/**
 * Geometry of boxes [x1, y1, x2, y2] in flat arrays ([n, 4], row-major), computed in double precision.
 * A box's width is x2 − x1 (no +1); boxes may be empty.
 */
export type Boxes = Float32Array | Float64Array | readonly number[];

/** Areas (x2 − x1)·(y2 − y1): [n]. */
export function boxAreas(boxes: Boxes): Float64Array {
  return Float64Array.from({ length: boxes.length / 4 }, (_, i) => (boxes[4 * i + 2] - boxes[4 * i]) * (boxes[4 * i + 3] - boxes[4 * i + 1]));
}

type OverlapKind = "iou" | "giou" | "diou" | "iof";

export interface OverlapOptions {
  /** `iou` (default), `giou` (Rezatofighi et al. 2019, eq. 1), `diou` (Zheng et al. 2020, eq. 6) or `iof`: intersection over the area of `a`. */
  readonly kind?: OverlapKind;
  /** Lower bound of the denominators. Default 0: two empty boxes give NaN, as torchvision has it; mmdet uses 1e-6. */
  readonly epsilon?: number;
}

/** Pairwise overlaps [a, b], row-major. */
export function boxOverlaps(a: Boxes, b: Boxes, { kind = "iou", epsilon = 0 }: OverlapOptions = {}): Float64Array {
  const [rows, columns] = [a.length / 4, b.length / 4];
  const out = new Float64Array(rows * columns);
  for (let i = 0; i < rows; i++) {
    for (let j = 0; j < columns; j++) out[i * columns + j] = overlap(a, i, b, j, kind, epsilon);
  }
  return out;
}

function overlap(a: Boxes, i: number, b: Boxes, j: number, kind: OverlapKind, epsilon: number): number {
  const [ax1, ay1, ax2, ay2] = [a[4 * i], a[4 * i + 1], a[4 * i + 2], a[4 * i + 3]];
  const [bx1, by1, bx2, by2] = [b[4 * j], b[4 * j + 1], b[4 * j + 2], b[4 * j + 3]];
  const width = Math.max(0, Math.min(ax2, bx2) - Math.max(ax1, bx1));
  const height = Math.max(0, Math.min(ay2, by2) - Math.max(ay1, by1));
  const area = (ax2 - ax1) * (ay2 - ay1);
  const intersection = width * height;
  if (kind === "iof") return intersection / Math.max(area, epsilon);
  const union = Math.max(area + (bx2 - bx1) * (by2 - by1) - intersection, epsilon);
  if (kind === "iou") return intersection / union;
  const [hullWidth, hullHeight] = [Math.max(ax2, bx2) - Math.min(ax1, bx1), Math.max(ay2, by2) - Math.min(ay1, by1)];
  if (kind === "diou") return intersection / union - ((bx1 + bx2 - ax1 - ax2) ** 2 + (by1 + by2 - ay1 - ay2) ** 2) / 4 / Math.max(hullWidth ** 2 + hullHeight ** 2, epsilon);
  const hull = Math.max(hullWidth * hullHeight, epsilon);
  return intersection / union - (hull - union) / hull;
}

/** Cuts boxes to [0, width] × [0, height]: a new array. */
export function clipBoxes(boxes: Boxes, width: number, height: number): Float64Array {
  return Float64Array.from(boxes, (v, k) => Math.min(Math.max(v, 0), k % 2 === 0 ? width : height));
}

/** Indices of boxes whose sides are both at least `minimum` pixels. */
export function largeBoxes(boxes: Boxes, minimum: number): number[] {
  return Array.from({ length: boxes.length / 4 }, (_, i) => i).filter((i) => {
    return boxes[4 * i + 2] - boxes[4 * i] >= minimum && boxes[4 * i + 3] - boxes[4 * i + 1] >= minimum;
  });
}

/** Rows of a matrix [n, depth]; of boxes by default. */
export function rowsOf<T extends Boxes>(matrix: T, rows: readonly number[] | Int32Array, depth?: number): T extends Float32Array ? Float32Array : Float64Array;
export function rowsOf(matrix: Boxes, rows: readonly number[] | Int32Array, depth = 4): Float32Array | Float64Array {
  const out = matrix instanceof Float32Array ? new Float32Array(rows.length * depth) : new Float64Array(rows.length * depth);
  for (const [i, row] of rows.entries()) for (let k = 0; k < depth; k++) out[i * depth + k] = matrix[row * depth + k];
  return out;
}
