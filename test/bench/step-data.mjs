// Images, boxes and labels by formula, the same in step.py.
export const SIZE = 320;
export const BATCH = 2;
export const CLASSES = 80;

/** [batch, side, side, 3] in (−2, 2). */
export function imageValues({ side = SIZE, batch = BATCH } = {}) {
  const values = new Float32Array(batch * side * side * 3);
  for (let i = 0; i < values.length; i++) values[i] = ((Math.imul(i, 2654435761) >>> 0) / 4294967296 - 0.5) * 4;
  return values;
}

/** Six boxes per image. */
export function targets({ side: whole = SIZE, batch = BATCH } = {}) {
  return Array.from({ length: batch }, (_, b) => {
    const boxes = Array.from({ length: 6 }, (_, i) => {
      const side = 20 * 1.6 ** i;
      const [x, y] = [(37 * i + 11 * b) % (whole - side), (53 * i + 29 * b) % (whole - side)];
      return [x, y, x + side, y + side * 0.8];
    });
    return { boxes: Float32Array.from(boxes.flat()), labels: Int32Array.from(boxes, (_, i) => (13 * i + 7 * b) % CLASSES) };
  });
}
