import { dtypes, type Dtype } from "./dtypes.ts";
import { WeightFileError, type Budget } from "./source.ts";

/** Bytes that tensors lie in; several may share one. */
export interface Storage {
  readonly dtype: Dtype;
  /** Number of elements. */
  readonly length: number;
  /** Elements `start` to `start + count`, as little-endian bytes. */
  read(start: number, count: number): Uint8Array<ArrayBuffer>;
}

/** A tensor in a file: a strided view of a storage. Offset and strides in elements. */
export class StoredView {
  readonly storage: Storage;
  readonly offset: number;
  readonly shape: readonly number[];
  readonly strides: readonly number[];
  constructor({ storage, offset, shape, strides }: Pick<StoredView, "storage" | "offset" | "shape" | "strides">) {
    [this.storage, this.offset, this.shape, this.strides] = [storage, offset, shape, strides];
  }
}

/** A tensor of a weight file, whose values are read when they are asked for. */
export interface WeightTensor {
  readonly shape: readonly number[];
  /** How the file stores it (PyTorch's name of the dtype). */
  readonly dtype: string;
  /**
   * Its values, row-major, as float32.
   * @throws WeightFileError where a finite value does not fit float32, or a whole number is not exact in it
   */
  read(): Float32Array<ArrayBuffer>;
}

const product = (shape: readonly number[]) => shape.reduce((size, n) => size * n, 1);

/** Strides of a row-major tensor, in elements. */
export function rowMajor(shape: readonly number[]): number[] {
  const strides: number[] = [];
  let stride = 1;
  for (let d = shape.length - 1; d >= 0; d--) {
    strides.unshift(stride);
    stride *= shape[d];
  }
  return strides;
}

/**
 * Checks a view against its storage and charges what reading it will take.
 * @param what file and tensor, for errors
 */
export function weightTensor(view: StoredView, what: string, budget: Budget): WeightTensor {
  const { storage, offset, shape, strides } = view;
  const size = product(shape);
  const last = size === 0 ? offset : offset + shape.reduce((sum, n, d) => sum + (n - 1) * strides[d], 0) + 1;
  if (!(last <= storage.length)) throw new WeightFileError(`${what} of shape [${shape.join(", ")}] and strides [${strides.join(", ")}] at element ${offset} reaches to element ${last} of a storage of ${storage.length}. The file is corrupt; fetch it again`);
  const span = size === 0 ? 0 : last - offset;
  budget(4 * size + (isContiguous(view) ? 0 : span * storage.dtype.size), `${what} of shape [${shape.join(", ")}]`);
  return { shape, dtype: storage.dtype.name, read: () => readView(view, { size, span, what }) };
}

function isContiguous({ shape, strides }: StoredView): boolean {
  const plain = rowMajor(shape);
  return shape.every((n, d) => n === 1 || strides[d] === plain[d]);
}

interface Extent {
  readonly size: number;
  readonly span: number;
  readonly what: string;
}

function readView(view: StoredView, { size, span, what }: Extent): Float32Array<ArrayBuffer> {
  if (size === 0) return new Float32Array(0);
  const { dtype } = view.storage;
  const contiguous = isContiguous(view);
  const bytes = view.storage.read(view.offset, span);
  if (dtype === dtypes.float32 && contiguous) return new Float32Array(bytes.buffer, 0, size); // this code runs on little-endian machines
  const data = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const out = new Float32Array(size);
  const check = checkOf(dtype, what);
  if (contiguous) for (let i = 0; i < size; i++) out[i] = check(dtype.at(data, i));
  else eachIndex(view, (from, to) => { out[to] = check(dtype.at(data, from)); });
  return out;
}

/** Calls f with each element's place in the storage (from the view's offset) and in row-major order. */
function eachIndex({ shape, strides }: StoredView, f: (from: number, to: number) => void): void {
  const index = shape.map(() => 0);
  const size = product(shape);
  for (let to = 0, from = 0; to < size; to++) {
    f(from, to);
    for (let d = shape.length - 1; d >= 0; d--) {
      from += strides[d];
      if (++index[d] < shape[d]) break;
      from -= index[d] * strides[d];
      index[d] = 0;
    }
  }
}

/** What makes sure that float32 holds a value. */
function checkOf({ name }: Dtype, what: string): (value: number) => number {
  if (name === "float64") {
    return (value) => {
      if (Number.isFinite(value) && !Number.isFinite(Math.fround(value))) throw new WeightFileError(`${what} holds ${value}, beyond float32 (at most 3.4e38)`);
      return value;
    };
  }
  if (!name.startsWith("int") || name === "int8" || name === "int16") return (value) => value;
  return (value) => {
    if (Math.fround(value) !== value) throw new WeightFileError(`${what} holds the whole number ${value}, which float32 rounds; it is no weight. Leave it out`);
    return value;
  };
}
