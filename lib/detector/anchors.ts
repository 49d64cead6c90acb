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
  return sizes[0]!.length * ratios.length;
}

/** The anchors of one level's cell at the origin: [A, 4] xyxy, centred on 0. */
export function cellAnchors(options: AnchorOptions, level: number): Float32Array {
  const { ratios, rounded, outer } = options;
  const sizes = options.sizes[level]!;
  const pairs = outer === "ratio"
    ? ratios.flatMap((ratio) => sizes.map((size) => [size, ratio] as const))
    : sizes.flatMap((size) => ratios.map((ratio) => [size, ratio] as const));
  const side = rounded ? roundHalfEven : (v: number) => v;
  return Float32Array.from(pairs.flatMap(([size, ratio]) => {
    const [w, h] = [(size / Math.sqrt(ratio)) / 2, (size * Math.sqrt(ratio)) / 2];
    return [side(-w), side(-h), side(w), side(h)];
  }));
}

function roundHalfEven(v: number): number {
  const floor = Math.floor(v);
  const rest = v - floor;
  if (rest !== 0.5) return Math.round(v) + 0;
  return floor % 2 === 0 ? floor : floor + 1;
}

/** All anchors: level, row, column, anchor; [N, 4] xyxy in pixels. A cell's centre is index · stride. */
export function gridAnchors(options: AnchorOptions, grids: readonly Grid[]): Float32Array {
  const perCell = anchorsPerCell(options);
  const out = new Float32Array(4 * perCell * grids.reduce((sum, { height, width }) => sum + height * width, 0));
  let k = 0;
  for (const [level, { height, width, strideY, strideX }] of grids.entries()) {
    const cell = cellAnchors(options, level);
    for (let y = 0; y < height; y++) {
      for (let x = 0; x < width; x++) {
        for (let i = 0; i < cell.length; i++, k++) out[k] = cell[i]! + (i % 2 === 0 ? x * strideX : y * strideY);
      }
    }
  }
  return out;
}
