import { readFileSync } from "node:fs";
import { join } from "node:path";
import * as tf from "@tensorflow/tfjs-core";

/** One input tensor as the oracle files describe it: a formula, explicit values, or a sum of tensors. */
export type TensorSpec =
  | { readonly shape: number[]; readonly seed?: number; readonly transform: string; readonly scale?: number; readonly offset?: number; readonly values?: number[]; readonly name?: string; readonly layout?: string }
  | { readonly sum: readonly TensorSpec[]; readonly shape?: number[] };

type Printed = number | "NaN" | "Infinity" | "-Infinity";
export interface LossValue {
  readonly f64: Printed;
  readonly f32?: Printed;
  readonly f32Stable?: Printed;
}
export interface Summary {
  readonly none?: boolean;
  readonly shape: number[];
  readonly sum: number;
  readonly sumSq: number;
  readonly samples: readonly (readonly [readonly number[], number])[];
  readonly f32Sum?: number | null;
}
export interface OracleCase<Inputs, Params> {
  readonly id: string;
  readonly inputs: Inputs;
  readonly params: Params;
  readonly expected: {
    readonly losses: Readonly<Record<string, LossValue>>;
    readonly gradients: Readonly<Record<string, Summary>>;
    readonly intermediates: Readonly<Record<string, unknown>>;
  };
}
export interface OracleFile<Inputs, Params> {
  readonly weights?: Readonly<Record<string, readonly (TensorSpec & { readonly name: string; readonly shape: number[]; readonly layout: string })[]>>;
  readonly cases: readonly OracleCase<Inputs, Params>[];
}

export function readOracle<Inputs, Params>(folder: string, name: string): OracleFile<Inputs, Params> {
  return JSON.parse(readFileSync(join(folder, name), "utf8")) as OracleFile<Inputs, Params>;
}

function mulberry32(seed: number): () => number {
  let a = seed >>> 0;
  return () => {
    a = (a + 0x6d2b79f5) >>> 0;
    let t = Math.imul(a ^ (a >>> 15), a | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

export function shapeOf(spec: TensorSpec): number[] {
  return "sum" in spec ? (spec.shape ?? shapeOf(spec.sum[0])) : spec.shape;
}

/** The tensor's float32 values, row-major in its shape. */
export function fill(spec: TensorSpec): Float32Array {
  if ("sum" in spec) {
    const parts = spec.sum.map(fill);
    return parts[0].map((_, i) => parts.reduce((total, part) => total + part[i], 0));
  }
  const out = new Float32Array(spec.shape.reduce((a, b) => a * b, 1));
  if (spec.transform === "explicit") return out.fill(0).map((_, i) => spec.values![i]);
  const u = mulberry32(spec.seed!);
  for (let i = 0; i < out.length; i++) {
    const v = spec.transform === "uniform" ? u() : (u() + u() + u() + u() - 2) * 1.7320508075688772;
    out[i] = v * spec.scale! + spec.offset!;
  }
  return out;
}

/** A map described in NCHW as a TensorFlow map [B, H, W, C]. */
export function mapOf(spec: TensorSpec): tf.Tensor4D {
  return tf.tidy(() => tf.transpose(tf.tensor4d(fill(spec), shapeOf(spec) as [number, number, number, number]), [0, 2, 3, 1]));
}

/** A map [B, H, W, C] in PyTorch's order. */
export function toNchw(map: tf.Tensor): tf.Tensor {
  return tf.transpose(map, [0, 3, 1, 2]);
}

/** The worst deviation per kind in units of what is allowed (so 1 is the limit), and its relative size. */
export class Agreement {
  readonly worst = new Map<string, number>();

  /** Records |error| relative to `scale`. */
  note(kind: string, relative: number): void {
    this.worst.set(kind, Math.max(this.worst.get(kind) ?? 0, relative));
  }

  toString(): string {
    return [...this.worst].map(([kind, error]) => `${kind} ${error.toExponential(1)}`).join(", ");
  }
}

const number = (value: Printed | null | undefined) => (value === undefined || value === null ? NaN : Number(value));

/** Message when a loss misses relative 2e-5 + 10·|f32 − f64|, else undefined. */
export function lossError(name: string, actual: number, expected: LossValue, agreement: Agreement): string | undefined {
  const truth = number(expected.f64);
  const single = number(expected.f32 ?? expected.f32Stable);
  const error = Math.abs(actual - truth);
  const allowed = 2e-5 * Math.abs(truth) + (Number.isFinite(single) ? 10 * Math.abs(single - truth) : 0);
  if (truth !== 0) agreement.note("loss", error / Math.abs(truth));
  if (Number.isFinite(truth) ? error <= allowed : Object.is(actual, truth)) return undefined;
  return `${name}: ${actual} instead of ${truth} (error ${error}, allowed ${allowed})`;
}

const smallestNormal = 2 ** -126;

/**
 * Messages where a tensor misses its summary. A sum may be off by 1e-4 of itself or of the tensor's 2-norm (a sum of
 * cancelling entries says nothing relative to itself) + 10·|f32 − f64|, the sum of squares by 1e-4, an entry by 1e-4 of
 * itself or of the root mean square; and whatever float32 cannot hold: `resolution` per entry, by default its smallest normal
 * number, more where entries are what is left of far greater parts.
 */
export function summaryErrors(name: string, tensor: tf.Tensor, expected: Summary, agreement: Agreement, resolution = smallestNormal): string[] {
  if (tensor.shape.join() !== expected.shape.join()) return [`${name}: shape [${tensor.shape.join(", ")}] instead of [${expected.shape.join(", ")}]`];
  const values = tensor.dataSync();
  let sum = 0;
  let sumSq = 0;
  for (const value of values) {
    sum += value;
    sumSq += value * value;
  }
  const norm = Math.sqrt(expected.sumSq);
  const single = number(expected.f32Sum);
  const slack = Number.isFinite(single) ? 10 * Math.abs(single - expected.sum) : 0;
  const out: string[] = [];
  const test = (what: string, actual: number, truth: number, scale: number, extra = 0) => {
    const error = Math.abs(actual - truth);
    if (scale > 1e6 * resolution) agreement.note(what.replace(/\[.*/, ""), error / scale);
    if (!(error <= 1e-4 * scale + extra)) out.push(`${name}.${what}: ${actual} instead of ${truth} (error ${error}, allowed ${1e-4 * scale + extra})`);
  };
  const n = values.length;
  test("sum", sum, expected.sum, Math.max(Math.abs(expected.sum), norm), slack + n * resolution);
  test("sumSq", sumSq, expected.sumSq, expected.sumSq, resolution * (2 * norm * Math.sqrt(n) + n * resolution));
  const strides = expected.shape.map((_, axis) => expected.shape.slice(axis + 1).reduce((a, b) => a * b, 1));
  for (const [index, truth] of expected.samples) {
    const flat = index.reduce((at, i, axis) => at + i * strides[axis], 0);
    test(`sample[${index.join(", ")}]`, values[flat], truth, Math.max(Math.abs(truth), norm / Math.sqrt(n)), resolution);
  }
  return out;
}
