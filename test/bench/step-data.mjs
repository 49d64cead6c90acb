// Images, boxes and labels by formula, the same in step.py.
export const SIZE = 320;
export const BATCH = 2;
export const CLASSES = 80;

/** [BATCH, SIZE, SIZE, 3] in (−2, 2). */
export function imageValues() {
  const values = new Float32Array(BATCH * SIZE * SIZE * 3);
  for (let i = 0; i < values.length; i++) values[i] = ((Math.imul(i, 2654435761) >>> 0) / 4294967296 - 0.5) * 4;
  return values;
}

/** Six boxes per image. */
export function targets() {
  return Array.from({ length: BATCH }, (_, b) => {
    const boxes = Array.from({ length: 6 }, (_, i) => {
      const side = 20 * 1.6 ** i;
      const [x, y] = [(37 * i + 11 * b) % (SIZE - side), (53 * i + 29 * b) % (SIZE - side)];
      return [x, y, x + side, y + side * 0.8];
    });
    return { boxes: Float32Array.from(boxes.flat()), labels: Int32Array.from(boxes, (_, i) => (13 * i + 7 * b) % CLASSES) };
  });
}
