export interface Size {
  /** Pixels. */
  readonly width: number;
  readonly height: number;
}

/** Where each output sample comes from on one axis: `low[i]`, `high[i]` and the weight of `high`. */
interface Taps {
  readonly low: Int32Array;
  readonly high: Int32Array;
  readonly weight: Float32Array;
}

/**
 * Half-pixel centres: output i samples input (i + ½)·from/to − ½, clamped to the edge, as PyTorch's
 * `interpolate(align_corners=False)` and OpenCV's INTER_LINEAR do; no antialiasing when shrinking.
 * @param step distance in elements between neighbours of the axis
 */
function taps(from: number, to: number, step: number): Taps {
  const low = new Int32Array(to), high = new Int32Array(to), weight = new Float32Array(to);
  const scale = from / to;
  for (let i = 0; i < to; i++) {
    const at = Math.max(0, (i + 0.5) * scale - 0.5);
    const cell = Math.min(Math.floor(at), from - 1);
    low[i] = cell * step;
    high[i] = Math.min(cell + 1, from - 1) * step;
    weight[i] = at - cell;
  }
  return { low, high, weight };
}

type Stretch = (source: Uint8Array | Float32Array, start: number, x: Taps, out: Float32Array) => void;

/** RGB rows, unrolled: twice as fast as the loop over channels. */
const stretchRgb: Stretch = (source, start, { low, high, weight }, out) => {
  for (let i = 0, o = 0; i < low.length; i++, o += 3) {
    const a = start + low[i], b = start + high[i], w = weight[i];
    const r = source[a], g = source[a + 1], v = source[a + 2];
    out[o] = r + w * (source[b] - r);
    out[o + 1] = g + w * (source[b + 1] - g);
    out[o + 2] = v + w * (source[b + 2] - v);
  }
};

function stretchAny(channels: number): Stretch {
  return (source, start, { low, high, weight }, out) => {
    for (let i = 0, o = 0; i < low.length; i++) {
      const a = start + low[i], b = start + high[i], w = weight[i];
      for (let c = 0; c < channels; c++, o++) out[o] = source[a + c] + w * (source[b + c] - source[a + c]);
    }
  };
}

/**
 * Resizes bilinearly and hands over the rows from top to bottom; the row's buffer is used again for the next one.
 * Each source row is stretched once (two are kept), so the cost is about one multiplication per output value and axis.
 * @param source [height, width, channels]
 * @param emit receives [width · channels] float32 and the row's number
 */
export function resizeRows(source: Uint8Array | Float32Array, from: Size, to: Size, channels: number, emit: (row: Float32Array, y: number) => void): void {
  const x = taps(from.width, to.width, channels);
  const y = taps(from.height, to.height, 1);
  const stretch = channels === 3 ? stretchRgb : stretchAny(channels);
  const length = to.width * channels;
  const blended = new Float32Array(length);
  let upper = { row: new Float32Array(length), of: -1 };
  let lower = { row: new Float32Array(length), of: -1 };
  const load = (slot: { row: Float32Array; of: number }, of: number) => {
    if (slot.of !== of) stretch(source, of * from.width * channels, x, slot.row);
    slot.of = of;
  };
  for (let i = 0; i < to.height; i++) {
    if (lower.of === y.low[i]) [upper, lower] = [lower, upper];
    load(upper, y.low[i]);
    const w = y.weight[i];
    if (w === 0) { emit(upper.row, i); continue; }
    load(lower, y.high[i]);
    const a = upper.row, b = lower.row;
    for (let k = 0; k < length; k++) blended[k] = a[k] + w * (b[k] - a[k]);
    emit(blended, i);
  }
}

/**
 * Bilinear resize with half-pixel centres and without antialiasing, in float32 and without rounding.
 * @param source [height, width, channels]
 * @returns [to.height, to.width, channels]
 * Throws RangeError when the source does not have `from`'s size or a side is not a positive integer.
 */
export function resizeBilinear(source: Uint8Array | Float32Array, from: Size, to: Size, channels = 3): Float32Array {
  const sides = [from.width, from.height, to.width, to.height];
  if (!sides.every((side) => Number.isInteger(side) && side > 0)) throw new RangeError(`resize sides must be whole numbers above 0, received ${sides.join(", ")}`);
  if (source.length !== from.width * from.height * channels) throw new RangeError(`resize received ${source.length} values, expected ${from.height}×${from.width}×${channels}`);
  const out = new Float32Array(to.width * to.height * channels);
  resizeRows(source, from, to, channels, (row, y) => out.set(row, y * to.width * channels));
  return out;
}
