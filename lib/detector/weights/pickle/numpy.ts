import { dtypes, type Dtype } from "../dtypes.ts";
import { rowMajor, StoredView, type Storage } from "../tensor.ts";
import { globalTable, type GlobalTable } from "./globals.ts";
import { ByteString, isKnown, sizeOf, textOf, type Call, type PickleValue, type Stateful } from "./values.ts";

const codes: ReadonlyMap<string, Dtype> = new Map(Object.entries({
  f2: dtypes.float16, f4: dtypes.float32, f8: dtypes.float64,
  i1: dtypes.int8, i2: dtypes.int16, i4: dtypes.int32, i8: dtypes.int64, u1: dtypes.uint8, b1: dtypes.bool,
}));

/** numpy's dtype; its state carries the byte order. */
class NumpyDtype implements Stateful {
  readonly code: string;
  #order = "|";
  constructor(code: string) {
    this.code = code;
  }
  setState(state: PickleValue): void {
    this.#order = (Array.isArray(state) ? textOf(state[1]) : undefined) ?? "|";
  }
  /** What we read it as; undefined for big-endian numbers, text, records and objects. */
  known(): Dtype | undefined {
    return this.#order === ">" ? undefined : codes.get(this.code.replace(/^[<|=]/, ""));
  }
}

/** numpy's ndarray as its state describes it. */
export class NumpyArray implements Stateful {
  #shape: readonly number[] = [];
  #dtype: NumpyDtype | undefined;
  #fortran = false;
  #data: Uint8Array<ArrayBuffer> | undefined;

  /** State: version, shape, dtype, whether column-major, bytes. Anything else leaves an array that is no tensor. */
  setState(state: PickleValue): void {
    if (!Array.isArray(state) || state.length < 4) return;
    const [shape, dtype, fortran, data] = state.slice(-4) as PickleValue[];
    this.fill({ shape, dtype, fortran: fortran === true, data });
  }

  fill({ shape, dtype, fortran, data }: { shape: PickleValue; dtype: PickleValue; fortran: boolean; data: PickleValue }): void {
    if (!Array.isArray(shape) || shape.length > 32 || !(dtype instanceof NumpyDtype)) return;
    const sizes = shape.map(sizeOf);
    const bytes = data instanceof ByteString ? data.bytes : data;
    if (sizes.includes(undefined) || !(bytes instanceof Uint8Array)) return;
    [this.#shape, this.#dtype, this.#fortran, this.#data] = [sizes as number[], dtype, fortran, bytes as Uint8Array<ArrayBuffer>];
  }

  /** As a tensor, or why it is none. */
  view(): StoredView | string {
    const dtype = this.#dtype?.known();
    if (this.#data === undefined || dtype === undefined) return `a numpy array of dtype ${this.#dtype?.code ?? "unknown"}`;
    const shape = this.#shape;
    const strides = this.#fortran ? rowMajor([...shape].reverse()).reverse() : rowMajor(shape);
    return new StoredView({ storage: memoryStorage(dtype, this.#data), offset: 0, shape, strides });
  }
}

/** A storage whose bytes are in memory. */
export function memoryStorage(dtype: Dtype, bytes: Uint8Array<ArrayBuffer>): Storage {
  return {
    dtype,
    length: Math.floor(bytes.length / dtype.size),
    read: (start, count) => bytes.slice(start * dtype.size, (start + count) * dtype.size),
  };
}

function makeDtype({ args: [code], fail }: Call): PickleValue {
  const text = textOf(code);
  return text === undefined || text.length > 64 ? fail("a numpy dtype has no name") : new NumpyDtype(text);
}

/** Protocol 5: bytes, dtype, shape, order. */
function fromBuffer({ args: [data, dtype, shape, order] }: Call): PickleValue {
  const array = new NumpyArray();
  array.fill({ shape, dtype, fortran: textOf(order) === "F", data });
  return array;
}

/** One number, as a number (a learning rate, say): no weight. */
function scalar({ args: [dtype, data] }: Call): PickleValue {
  const bytes = data instanceof ByteString ? data.bytes : data;
  const known = dtype instanceof NumpyDtype ? dtype.known() : undefined;
  if (known === undefined || !(bytes instanceof Uint8Array) || bytes.length < known.size) return null;
  return known.at(new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength), 0);
}

function makeArray({ args: [type], fail }: Call): PickleValue {
  return isKnown(type) && type.name === "numpy.ndarray" ? new NumpyArray() : fail("a numpy array of an unknown class");
}

const inBoth = (name: string) => [`numpy.core.${name}`, `numpy._core.${name}`]; // before and since numpy 2
const forBoth = (name: string, call: (call: Call) => PickleValue) => inBoth(name).map((full) => [full, call] as const);

/** What pickled numpy arrays need. */
export const numpyGlobals: GlobalTable = globalTable({
  "numpy.ndarray": undefined,
  "numpy.dtype": makeDtype,
  ...Object.fromEntries([...forBoth("multiarray._reconstruct", makeArray), ...forBoth("multiarray.scalar", scalar), ...forBoth("numeric._frombuffer", fromBuffer)]),
});
