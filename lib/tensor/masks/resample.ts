import { RunBuilder, checkMaskSize } from "./rle.ts";
import type { MaskSize, Rle } from "./rle.ts";

/**
 * Which pixel of the old mask a pixel of the new one takes: the one under its centre (`centre`, PIL and PyTorch's
 * `nearest-exact`), or the one at ⌊index · old / new⌋ (`floor`: PyTorch's `nearest`, with which torchvision resizes masks,
 * and OpenCV's, with which mmdet does).
 */
export type MaskSampling = "centre" | "floor";

export interface ResampleOptions {
  readonly size: MaskSize;
  /** Mirror left-right. Default false. */
  readonly flipX?: boolean;
  /** Mirror top-bottom. Default false. */
  readonly flipY?: boolean;
  /** Default `centre`. */
  readonly sampling?: MaskSampling;
}

/** [to] the old index that each new index takes, ascending. Steps are 32-bit floats where PyTorch's are. */
function sources(from: number, to: number, sampling: MaskSampling): Int32Array {
  const step = Math.fround(from / to);
  const source = (i: number) => (sampling === "floor" ? Math.fround(i * step) : ((2 * i + 1) * from) / (2 * to));
  return Int32Array.from({ length: to }, (_, i) => Math.min(from - 1, Math.floor(source(i))));
}

/** [from + 1] the first new index that takes an old index of at least i. */
function firstTakers(taken: Int32Array, from: number): Int32Array {
  const first = new Int32Array(from + 1).fill(taken.length);
  for (let i = taken.length - 1; i >= 0; i--) first[taken[i]] = i;
  for (let i = from - 1; i >= 0; i--) first[i] = Math.min(first[i], first[i + 1]);
  return first;
}

/** The object's stretches of every column: column x has places start[x] … start[x + 1] of `from` and `to`. */
function columnsOf({ height, width, counts }: Rle): { start: Int32Array; from: number[]; to: number[] } {
  const start = new Int32Array(width + 1);
  const [from, to]: [number[], number[]] = [[], []];
  let at = 0;
  for (let i = 0; i < counts.length; at += counts[i++]) {
    if ((i & 1) === 0) continue;
    for (let y = at; y < at + counts[i];) {
      const x = Math.floor(y / height);
      const stop = Math.min(at + counts[i], (x + 1) * height);
      from.push(y - x * height);
      to.push(stop - x * height);
      start[x + 1]++;
      y = stop;
    }
  }
  for (let x = 0; x < width; x++) start[x + 1] += start[x];
  return { start, from, to };
}

/**
 * A mask resized to nearest pixels, then mirrored, without making it dense. Each axis has its own factor.
 * Throws MaskError for a size that no mask can have.
 */
export function resampleRle(mask: Rle, { size, flipX = false, flipY = false, sampling = "centre" }: ResampleOptions): Rle {
  checkMaskSize(size);
  if (size.height === mask.height && size.width === mask.width && !flipX && !flipY) return mask;
  const { start, from, to } = columnsOf(mask);
  const columns = sources(mask.width, size.width, sampling);
  const rows = firstTakers(sources(mask.height, size.height, sampling), mask.height);
  const builder = new RunBuilder(size);
  for (let x = 0; x < size.width; x++) {
    const source = columns[flipX ? size.width - 1 - x : x];
    const [first, count] = [start[source], start[source + 1] - start[source]];
    for (let n = 0; n < count; n++) {
      const i = first + (flipY ? count - 1 - n : n);
      const [top, bottom] = [rows[from[i]], rows[to[i]]];
      builder.add(x * size.height + (flipY ? size.height - bottom : top), x * size.height + (flipY ? size.height - top : bottom));
    }
  }
  return builder.finish();
}
