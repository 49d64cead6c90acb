/** How a file stores numbers, little-endian. */
export interface Dtype {
  readonly name: string;
  /** Bytes of one element. */
  readonly size: number;
  /** Element `index` of the bytes as a double. Absent where the bytes are float32 themselves. */
  readonly at: (view: DataView, index: number) => number;
}

const dtype = (name: string, size: number, at: Dtype["at"]): Dtype => ({ name, size, at });

const widen = new DataView(new ArrayBuffer(4));

function bfloat16(bits: number): number {
  widen.setUint32(0, bits << 16);
  return widen.getFloat32(0);
}

/** IEEE 754 binary16. */
function half(bits: number): number {
  const [sign, exponent, fraction] = [(bits & 0x8000) === 0 ? 1 : -1, (bits >> 10) & 31, bits & 0x3ff];
  if (exponent === 31) return fraction === 0 ? sign * Infinity : NaN;
  return exponent === 0 ? sign * fraction * 2 ** -24 : sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}

/** The dtypes that can be read, by PyTorch's names. */
export const dtypes = {
  float32: dtype("float32", 4, (view, i) => view.getFloat32(4 * i, true)),
  float64: dtype("float64", 8, (view, i) => view.getFloat64(8 * i, true)),
  float16: dtype("float16", 2, (view, i) => half(view.getUint16(2 * i, true))),
  bfloat16: dtype("bfloat16", 2, (view, i) => bfloat16(view.getUint16(2 * i, true))),
  int64: dtype("int64", 8, (view, i) => Number(view.getBigInt64(8 * i, true))),
  int32: dtype("int32", 4, (view, i) => view.getInt32(4 * i, true)),
  int16: dtype("int16", 2, (view, i) => view.getInt16(2 * i, true)),
  int8: dtype("int8", 1, (view, i) => view.getInt8(i)),
  uint8: dtype("uint8", 1, (view, i) => view.getUint8(i)),
  bool: dtype("bool", 1, (view, i) => (view.getUint8(i) === 0 ? 0 : 1)),
} as const satisfies Record<string, Dtype>;

export type DtypeName = keyof typeof dtypes;
