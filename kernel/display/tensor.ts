import { hasMethods } from "./lookup.ts";

/** What is asked of a TensorFlow.js tensor; nothing here loads TensorFlow. */
type Tensor = {
  readonly shape: readonly number[];
  readonly dtype: string;
  readonly isDisposed?: boolean;
  readonly name?: string;
  dataSync(): ArrayLike<unknown>;
  slice?(begin: number[], size: number[]): Tensor;
  dispose(): void;
};

/** Tensors up to this many elements are read whole; of larger ones only a corner. */
const mostElements = 4096;
const edge = 3;
const cornerEdge = 6;

export function isTensor(value: unknown): value is Tensor {
  if (!hasMethods(value, "dataSync", "dispose")) return false;
  const { shape, dtype } = value as Record<string, unknown>;
  return Array.isArray(shape) && shape.every((size) => typeof size === "number") && typeof dtype === "string";
}

/** Type, shape and some values; never reads more than a few thousand elements from the device. */
export function tensorText(tensor: Tensor): string {
  const title = `${tensor.constructor.name === "Variable" ? `Variable "${tensor.name ?? ""}"` : "Tensor"} ${tensor.dtype} [${tensor.shape.join(", ")}]`;
  if (tensor.isDisposed === true) return `${title}, disposed`;
  const size = tensor.shape.reduce((product, length) => product * length, 1);
  if (size === 0) return `${title}, no elements`;
  if (size <= mostElements) return `${title}\n${nested(tensor.dataSync(), tensor.shape, { whole: tensor.shape })}`;
  return `${title}\n${corner(tensor)}`;
}

/** The values at the beginning of every axis of a large tensor. */
function corner(tensor: Tensor): string {
  if (typeof tensor.slice !== "function") return `(${tensor.shape.reduce((a, b) => a * b, 1)} elements, not read)`;
  const size = tensor.shape.map((length, axis) => Math.min(length, axis < tensor.shape.length - 2 ? 2 : cornerEdge));
  const part = tensor.slice(tensor.shape.map(() => 0), size);
  try {
    return nested(part.dataSync(), size, { whole: tensor.shape });
  } finally {
    part.dispose();
  }
}

/** Values in brackets, the way they nest; long axes show both ends, cut ones end in "…". */
function nested(data: ArrayLike<unknown>, shape: readonly number[], { whole }: { whole: readonly number[] }): string {
  const decimals = decimalsFor(data);
  const walk = (axis: number, offset: number): string => {
    if (axis === shape.length) return scalarText(data[offset], decimals);
    const stride = shape.slice(axis + 1).reduce((a, b) => a * b, 1);
    const separator = axis === shape.length - 1 ? ", " : `,${"\n".repeat(shape.length - 1 - axis)}${" ".repeat(axis + 1)}`;
    const shown = pick(shape[axis]).map((i) => (i === undefined ? "…" : walk(axis + 1, offset + i * stride)));
    if (shape[axis] < whole[axis]) shown.push("…");
    return `[${shown.join(separator)}]`;
  };
  return walk(0, 0);
}

const pick = (length: number): (number | undefined)[] =>
  length <= 4 * edge ? Array.from({ length }, (_, i) => i) : [...Array.from({ length: 2 * edge }, (_, i) => i), undefined, ...Array.from({ length: edge }, (_, i) => length - edge + i)];

/** Digits after the point that four significant digits of the typical value need; undefined for integers and text. */
function decimalsFor(data: ArrayLike<unknown>): number | undefined {
  const finite = Array.from(data).filter((value): value is number => typeof value === "number" && Number.isFinite(value));
  if (finite.every(Number.isInteger)) return undefined;
  const largest = Math.max(...finite.map(Math.abs));
  return Math.min(8, Math.max(1, 4 - Math.ceil(Math.log10(largest))));
}

function scalarText(value: unknown, decimals: number | undefined): string {
  if (typeof value !== "number") return typeof value === "string" ? JSON.stringify(value) : String(value);
  if (decimals === undefined || !Number.isFinite(value)) return String(value);
  const magnitude = Math.abs(value);
  return magnitude >= 1e7 || (magnitude > 0 && magnitude < 10 ** -decimals / 2) ? value.toExponential(3) : value.toFixed(decimals);
}
