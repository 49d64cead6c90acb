import type { Target } from "../data/batch.ts";

/** The cells of a level: cell (column, row) is the square of one stride from (column·stride, row·stride) on. */
export interface Grid {
  readonly stride: number;
  readonly height: number;
  readonly width: number;
}

/**
 * 1 where a cell's centre lies in a box (its border included) of its image, else 0: [B·H·W].
 * @param served with it, only where the farthest side of that box is more than the first and at most the second number of
 *   pixels away from the centre
 */
export function foregroundOf(targets: readonly Pick<Target, "boxes">[], grid: Grid, served?: readonly [number, number]): Uint8Array {
  const { height, width } = grid;
  const cells = new Uint8Array(targets.length * height * width);
  targets.forEach(({ boxes }, image) => {
    for (let o = 0; o < boxes.length; o += 4) markBox(cells.subarray(image * height * width), [boxes[o], boxes[o + 1], boxes[o + 2], boxes[o + 3]], grid, served);
  });
  return cells;
}

type Box = readonly [number, number, number, number];

function markBox(cells: Uint8Array, box: Box, { stride, height, width }: Grid, served: readonly [number, number] | undefined): void {
  const [x1, y1, x2, y2] = box;
  const [left, right] = centresWithin(x1, x2, stride, width);
  const [top, bottom] = centresWithin(y1, y2, stride, height);
  for (let row = top; row <= bottom; row++) {
    for (let column = left; column <= right; column++) {
      if (served === undefined || serves(served, box, [(column + 0.5) * stride, (row + 0.5) * stride])) cells[row * width + column] = 1;
    }
  }
}

/** First and last cell along an axis whose centre is in [from, to]. */
function centresWithin(from: number, to: number, stride: number, cells: number): [number, number] {
  return [Math.max(0, Math.ceil(from / stride - 0.5)), Math.min(cells - 1, Math.floor(to / stride - 0.5))];
}

function serves([low, high]: readonly [number, number], [x1, y1, x2, y2]: Box, [x, y]: readonly [number, number]): boolean {
  const far = Math.max(x - x1, y - y1, x2 - x, y2 - y);
  return far > low && far <= high;
}
