import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import * as tf from "@tensorflow/tfjs-core";
import { expect } from "vitest";
import type { NamedArray } from "../../lib/detector/load.ts";
import { oracleFolder } from "../shared.ts";

/** A tensor made by formula: element i = float32(offset + scale · u_i). */
export interface Formula {
  readonly name: string;
  readonly shape: readonly number[];
  readonly layout: string;
  readonly seed: number;
  readonly scale: number;
  readonly offset: number;
}

export interface Whole {
  readonly shape: readonly number[];
  readonly data: readonly (number | string)[];
}

export interface Sampled {
  readonly shape: readonly number[];
  readonly index: readonly number[];
  readonly value: readonly (number | string)[];
  readonly mean: number;
  readonly std: number;
  readonly sumsq: number;
}

export type Expected = Whole | Sampled;
// Oracle files are data of many shapes; each test states the shape it reads by the type arguments it gives.
export interface OracleCase<P = Record<string, unknown>, I = Record<string, unknown>, E = Record<string, unknown>> {
  readonly file: string;
  readonly name: string;
  readonly function: string;
  readonly params: P;
  readonly inputs: I;
  readonly expected: E;
  readonly parameters?: readonly (readonly [string, readonly number[], number, number])[];
  readonly tolerance: unknown;
}

const folder = oracleFolder("detectors");

/** Every case of every file in the oracle folder; none when there is no folder. */
export const allCases: readonly OracleCase[] = folder === undefined ? [] : readdirSync(folder).filter((name) => name.endsWith(".json")).sort().flatMap((file) => {
  const { cases } = JSON.parse(readFileSync(join(folder, file), "utf8")) as { cases: OracleCase[] };
  return cases.map((one) => ({ ...one, file }));
});

/** The cases whose function begins with the prefix, as vitest's `it.each` takes them. */
export function casesOf<P, I, E>(prefix: string): [string, OracleCase<P, I, E>][] {
  return allCases.filter((one) => one.function.startsWith(prefix)).map((one) => [`${one.file} ${one.name}`, one as unknown as OracleCase<P, I, E>]);
}

/** Fails for a parameter that the test does not read: a case may not be half covered. */
export function checkKeys(what: string, object: object, known: readonly string[]): void {
  expect(Object.keys(object).filter((key) => !known.includes(key)), `${what} has entries that this test does not cover`).toEqual([]);
}

export function mulberry32(seed: number): () => number {
  let a = seed | 0;
  return () => {
    a = (a + 0x6d2b79f5) | 0;
    let t = Math.imul(a ^ (a >>> 15), 1 | a);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

export function fnv1a(text: string): number {
  let h = 0x811c9dc5;
  for (const byte of new TextEncoder().encode(text)) h = Math.imul(h ^ byte, 0x01000193) >>> 0;
  return h;
}

export function make(formula: Pick<Formula, "shape" | "seed" | "scale" | "offset">): Float32Array {
  const u = mulberry32(formula.seed);
  const out = new Float32Array(formula.shape.reduce((product, n) => product * n, 1));
  for (let i = 0; i < out.length; i++) out[i] = formula.offset + formula.scale * u();
  return out;
}

/** A formula's or a stored tensor, in PyTorch's layout. */
export function tensorOf(source: Formula | Whole): tf.Tensor {
  const data = "seed" in source ? make(source) : Float32Array.from(source.data, Number);
  return tf.tensor(data, source.shape as number[]);
}

/** NCHW → NHWC. */
export function nhwc(x: tf.Tensor): tf.Tensor4D {
  return tf.transpose(x as tf.Tensor4D, [0, 2, 3, 1]);
}

/** NHWC → NCHW. */
export function nchw(x: tf.Tensor): tf.Tensor4D {
  return tf.transpose(x as tf.Tensor4D, [0, 3, 1, 2]);
}

/** OIHW ↔ HWIO. */
export function hwio(x: tf.Tensor): tf.Tensor4D {
  return tf.transpose(x as tf.Tensor4D, [2, 3, 1, 0]);
}

export function oihw(x: tf.Tensor): tf.Tensor4D {
  return tf.transpose(x as tf.Tensor4D, [3, 2, 0, 1]);
}

/** A case's weights by formula. */
export function weights(one: Pick<OracleCase, "parameters">, prefix: string): Map<string, NamedArray> {
  return new Map((one.parameters ?? []).map(([name, shape, scale, offset]) => [name, { shape, data: make({ shape, scale, offset, seed: fnv1a(prefix + name) }) }]));
}

/** Fails unless |actual − expected| ≤ tolerance in every entry; not-a-number and infinities must match exactly. */
export function expectClose(what: string, actual: ArrayLike<number>, expected: ArrayLike<number | string>, tolerance: number): void {
  expect(actual.length, `${what}: number of values`).toBe(expected.length);
  for (let i = 0; i < expected.length; i++) {
    const [a, e] = [actual[i], Number(expected[i])];
    if (Object.is(a, e) || a === e || Math.abs(a - e) <= tolerance) continue;
    expect.fail(`${what}: entry ${i} is ${a}, expected ${e} within ${tolerance}`);
  }
}

/** Fails unless a · (1 ± tolerance) = e. */
export function expectRelative(what: string, actual: number, expected: number, tolerance: number): void {
  const scale = Math.max(Math.abs(expected), 1e-12);
  if (!(Math.abs(actual - expected) <= tolerance * scale)) expect.fail(`${what} is ${actual}, expected ${expected} within ${tolerance} relative`);
}

/** Compares a tensor in PyTorch's layout with a stored or sampled one; mean and deviation too. */
export function expectTensor(what: string, actual: { readonly shape: readonly number[]; readonly data: ArrayLike<number> }, expected: Expected, tolerance: number): void {
  expect([...actual.shape], `${what}: shape`).toEqual([...expected.shape]);
  if ("data" in expected) return expectClose(what, actual.data, expected.data, tolerance);
  expectClose(what, expected.index.map((i) => actual.data[i]), expected.value, tolerance);
  const values = Array.from({ length: actual.data.length }, (_, i) => actual.data[i]);
  const mean = values.reduce((sum, v) => sum + v, 0) / values.length;
  const deviation = Math.sqrt(values.reduce((sum, v) => sum + (v - mean) ** 2, 0) / values.length);
  expectClose(`${what}: mean`, [mean], [expected.mean], tolerance);
  expectClose(`${what}: deviation`, [deviation], [expected.std], tolerance);
}

/** `expectTensor` for a live tensor, already in PyTorch's layout. */
export function expectLive(what: string, actual: tf.Tensor, expected: Expected, tolerance: number): void {
  expectTensor(what, { shape: actual.shape, data: actual.dataSync() }, expected, tolerance);
}

/** Σ x² in double precision. */
export function sumOfSquares(x: tf.Tensor): number {
  return (x.dataSync() as Float32Array).reduce((sum, v) => sum + v * v, 0);
}
