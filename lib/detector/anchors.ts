/** How the reference implementations lay anchors; widths and heights per size s and ratio r = h / w are s/√r and s·√r. */
export interface AnchorOptions {
  /** Sides √area in pixels, per level. */
  readonly sizes: readonly (readonly number[])[];
  /** Heights over widths, the same on every level. */
  readonly ratios: readonly number[];
  /** Anchors of the cell at the origin are rounded to whole pixels, halves to even (torchvision). */
  readonly rounded: boolean;
  /** Which of ratio and size varies slowest within a cell: `ratio` (torchvision, mmdet) or `size` (detectron2). */
  readonly outer: "ratio" | "size";
}

export interface Grid {
  readonly height: number;
  readonly width: number;
  /** Pixels between cells, vertically and horizontally. */
  readonly strideY: number;
  readonly strideX: number;
}

/** Anchors per cell: every level must have equally many, as the head is shared. */
export function anchorsPerCell({ sizes, ratios }: Pick<AnchorOptions, "sizes" | "ratios">): number {
  return sizes[0].length * ratios.length;
}

/**
 * The anchors of one level's cell at the origin: [A, 4] xyxy, centred on 0. In single precision and in the reference
 * implementations' order of operations: the last bit decides which anchors tie for an object.
 */
export function cellAnchors(options: AnchorOptions, level: number): Float32Array {
  const { ratios, rounded, outer } = options;
  const sizes = options.sizes[level];
  const shapes = outer === "ratio"
    ? ratios.flatMap((ratio) => sizes.map((size) => singleShape(size, ratio)))
    : sizes.flatMap((size) => ratios.map((ratio) => doubleShape(size, ratio)));
  const side = rounded ? roundHalfEven : (v: number) => v;
  return Float32Array.from(shapes.flatMap(([w, h]) => [side(-w / 2), side(-h / 2), side(w / 2), side(h / 2)]));
}

/** Width and height as torchvision and mmdet compute them, all in single precision. */
function singleShape(size: number, ratio: number): readonly [number, number] {
  const f = Math.fround;
  const root = f(Math.sqrt(f(ratio)));
  return [f(f(1 / root) * f(size)), f(root * f(size))];
}

/** The same as detectron2 computes them. */
function doubleShape(size: number, ratio: number): readonly [number, number] {
  const width = Math.sqrt((size * size) / ratio);
  return [width, ratio * width];
}

function roundHalfEven(v: number): number {
  const floor = Math.floor(v);
  const rest = v - floor;
  if (rest !== 0.5) return Math.round(v) + 0;
  return floor % 2 === 0 ? floor : floor + 1;
}

/**
 * All anchors: level, row, column, anchor; [N, 4] xyxy in pixels. A cell's centre is index · stride. The shift is added
 * exactly (in double precision), so that a cell's anchors have the same area everywhere.
 */
export function gridAnchors(options: AnchorOptions, grids: readonly Grid[]): Float64Array {
  const perCell = anchorsPerCell(options);
  const out = new Float64Array(4 * perCell * grids.reduce((sum, { height, width }) => sum + height * width, 0));
  let k = 0;
  for (const [level, { height, width, strideY, strideX }] of grids.entries()) {
    const cell = cellAnchors(options, level);
    for (let y = 0; y < height; y++) {
      for (let x = 0; x < width; x++) {
        for (let i = 0; i < cell.length; i++, k++) out[k] = cell[i] + (i % 2 === 0 ? x * strideX : y * strideY);
      }
    }
  }
  return out;
}

/**
 * Which cells of one level lie (by their index) inside an image of this size: [H·W], row-major. These are mmdet's valid flags when
 * the size is an image's own, padded to 32; detectors ask for the same by the anchors' centres (region "centre").
 */
export function validCells({ height, width, strideY, strideX }: Grid, image: { readonly height: number; readonly width: number }): boolean[] {
  const rows = Math.min(Math.ceil(image.height / strideY), height);
  const columns = Math.min(Math.ceil(image.width / strideX), width);
  return Array.from({ length: height * width }, (_, i) => Math.floor(i / width) < rows && i % width < columns);
}
