/** Convolutions in plain double-precision loops, independent of TensorFlow and of TF.js. */

export interface Case {
  readonly input: readonly [batch: number, height: number, width: number, channels: number];
  readonly filter: readonly [height: number, width: number, inputs: number, outputs: number];
  readonly stride: number;
  readonly dilation: number;
  /** [top, bottom, left, right]. */
  readonly pads: readonly [number, number, number, number];
}

/** Visits every product of the convolution as (input index, filter index, output index). */
export function visit(test: Case, each: (x: number, f: number, y: number) => void): void {
  const [batch, height, width, inputs] = test.input;
  const [kh, kw, , outputs] = test.filter;
  const [, oh, ow] = outputShape(test);
  for (let b = 0; b < batch; b++) for (let r = 0; r < oh; r++) for (let c = 0; c < ow; c++) {
    for (let i = 0; i < kh; i++) for (let j = 0; j < kw; j++) {
      const row = r * test.stride + i * test.dilation - test.pads[0];
      const column = c * test.stride + j * test.dilation - test.pads[2];
      if (row < 0 || row >= height || column < 0 || column >= width) continue;
      for (let k = 0; k < inputs; k++) for (let o = 0; o < outputs; o++) {
        each(((b * height + row) * width + column) * inputs + k, ((i * kw + j) * inputs + k) * outputs + o, ((b * oh + r) * ow + c) * outputs + o);
      }
    }
  }
}

export function outputShape({ input, filter, stride, dilation, pads }: Case): [number, number, number, number] {
  const size = (length: number, taps: number, pad: number) => Math.floor((length + pad - dilation * (taps - 1) - 1) / stride) + 1;
  return [input[0], size(input[1], filter[0], pads[0] + pads[1]), size(input[2], filter[1], pads[2] + pads[3]), filter[3]];
}

export const sizeOf = (shape: readonly number[]): number => shape.reduce((product, length) => product * length, 1);

/** Values in (−1, 1) from a linear congruential sequence. */
export function values(count: number, seed: number): number[] {
  let state = seed >>> 0;
  return Array.from({ length: count }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.fround((state / 2 ** 32) * 2 - 1);
  });
}

/** Largest |a − b| / (1 + |b|); NaN when the lengths differ or a value is not finite. */
export function worst(actual: ArrayLike<number>, expected: ArrayLike<number>): number {
  if (actual.length !== expected.length) return NaN;
  let largest = 0;
  for (let i = 0; i < expected.length; i++) {
    const error = Math.abs(actual[i] - expected[i]) / (1 + Math.abs(expected[i]));
    if (!Number.isFinite(error)) return NaN;
    largest = Math.max(largest, error);
  }
  return largest;
}
