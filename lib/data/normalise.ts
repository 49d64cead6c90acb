/** value = (pixel − mean) / std per channel, pixels from 0 to 255, channels in the stated order. */
export interface Normalisation {
  readonly order: "rgb" | "bgr";
  /** In `order`. */
  readonly mean: readonly [number, number, number];
  readonly std: readonly [number, number, number];
}

export type NormalisationName = "torchvision" | "caffe" | "simple";

/**
 * - `torchvision`: ImageNet mean and deviation, RGB (torchvision's and mmdet's pretrained weights);
 * - `caffe`: BGR minus the mean, deviation 1 (detectron2's MSRA weights);
 * - `simple`: (x − ½)/¼ for x in 0 to 1, RGB (networks trained from scratch).
 */
export const normalisations: Readonly<Record<NormalisationName, Normalisation>> = {
  torchvision: { order: "rgb", mean: [123.675, 116.28, 103.53], std: [58.395, 57.12, 57.375] },
  caffe: { order: "bgr", mean: [103.53, 116.28, 123.675], std: [1, 1, 1] },
  simple: { order: "rgb", mean: [127.5, 127.5, 127.5], std: [63.75, 63.75, 63.75] },
};

/** @throws RangeError for an unknown name, and constants that are none */
export function normalisation(of: NormalisationName | Normalisation): Normalisation {
  if (typeof of !== "string") return checked(of);
  const found = (normalisations as Partial<Record<string, Normalisation>>)[of];
  if (found === undefined) throw new RangeError(`normalisation "${of}" is unknown; allowed: ${Object.keys(normalisations).join(", ")}, or {order, mean, std}`);
  return found;
}

function checked(of: Normalisation): Normalisation {
  const numbers = (values: unknown, accepts: (value: number) => boolean) => Array.isArray(values) && values.length === 3 && values.every((value) => Number.isFinite(value) && accepts(value as number));
  const sound = typeof of === "object" && (of.order === "rgb" || of.order === "bgr") && numbers(of.mean, () => true) && numbers(of.std, (value) => value > 0);
  if (!sound) throw new RangeError(`normalisation ${JSON.stringify(of)}: it must be {order, mean, std}, the order "rgb" or "bgr", three finite means, three deviations above 0`);
  return of;
}

/** One row of RGB values written normalised, mirrored when asked. */
export type RowWriter = (row: Float32Array | Uint8Array, out: Float32Array, offset: number, mirrored: boolean) => void;

/** A writer for rows of `row.length / 3` RGB pixels. */
export function rowWriter(of: NormalisationName | Normalisation): RowWriter {
  const { order, mean, std } = normalisation(of);
  const [r, b] = order === "rgb" ? [0, 2] : [2, 0];
  const [m0, m1, m2] = mean;
  const [s0, s1, s2] = [1 / std[0], 1 / std[1], 1 / std[2]];
  return (row, out, offset, mirrored) => {
    const step = mirrored ? -3 : 3;
    let o = mirrored ? offset + row.length - 3 : offset;
    for (let i = 0; i < row.length; i += 3, o += step) {
      out[o] = (row[i + r] - m0) * s0;
      out[o + 1] = (row[i + 1] - m1) * s1;
      out[o + 2] = (row[i + b] - m2) * s2;
    }
  };
}
