/** Signed distance to a shape of about unit half size: negative inside. y points down, as in images. */
export type Distance = (x: number, y: number) => number;

const { abs, hypot, max, min, SQRT1_2 } = Math;

function triangle(x: number, y: number): number {
  return max(y - 0.8, (1.8 * abs(x) - 0.95 * (y + 1)) / hypot(1.8, 0.95));
}

function ring(x: number, y: number): number {
  return abs(hypot(x, y) - 0.72) - 0.26;
}

function plus(x: number, y: number): number {
  const [a, b] = [abs(x), abs(y)];
  return min(max(a - 0.98, b - 0.32), max(a - 0.32, b - 0.98));
}

/** The labelled shapes. Warm and cool disks differ in hue alone. */
export const classShapes = {
  "warm disk": (x, y) => hypot(x, y) - 0.98,
  "cool disk": (x, y) => hypot(x, y) - 0.98,
  square: (x, y) => max(abs(x), abs(y)) - 0.86,
  triangle,
  ring,
  plus,
} satisfies Record<string, Distance>;

/** Shapes that resemble a labelled one and carry no label: plausible false positives. */
export const distractorShapes = {
  hexagon: (x, y) => max(abs(x), abs(x) / 2 + abs(y) * 0.866) - 0.86,
  diamond: (x, y) => (abs(x) + abs(y)) * SQRT1_2 - 0.69,
  "inverted triangle": (x, y) => triangle(x, -y),
  "C-ring": (x, y) => max(ring(x, y), min(x, 0.36 - abs(y))),
  X: (x, y) => plus((x + y) * SQRT1_2, (x - y) * SQRT1_2),
} satisfies Record<string, Distance>;

export type ClassName = keyof typeof classShapes;
export type DistractorName = keyof typeof distractorShapes;

export const classNames = Object.keys(classShapes) as ClassName[];
export const distractorNames = Object.keys(distractorShapes) as DistractorName[];
export const shapes: Readonly<Record<ClassName | DistractorName, Distance>> = { ...classShapes, ...distractorShapes };
