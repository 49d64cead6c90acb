import { bytesOf, isBinary } from "../comm/bytes.ts";
import type { Binary } from "../comm/bytes.ts";

/** Where in a state a buffer belongs: keys and indices. */
export type BufferPath = readonly (string | number)[];

/** A state without its binary values, which travel beside it. */
export interface Separated {
  readonly state: Record<string, unknown>;
  readonly paths: readonly BufferPath[];
  readonly buffers: readonly Uint8Array[];
}

/** Takes the binary values out of a state: in objects their keys go, in arrays `null` keeps their places. */
export function separateBuffers(state: Readonly<Record<string, unknown>>): Separated {
  const found: { path: BufferPath; value: Binary }[] = [];
  const rest = without(state, [], found) as Record<string, unknown>;
  return { state: rest, paths: found.map(({ path }) => path), buffers: found.map(({ value }) => bytesOf(value)) };
}

function without(value: unknown, path: BufferPath, found: { path: BufferPath; value: Binary }[]): unknown {
  if (Array.isArray(value)) {
    return value.map((item: unknown, index) => {
      if (!isBinary(item)) return without(item, [...path, index], found);
      found.push({ path: [...path, index], value: item });
      return null;
    });
  }
  if (!isPlain(value)) return value;
  const rest: Record<string, unknown> = {};
  for (const [key, item] of Object.entries(value)) {
    if (isBinary(item)) found.push({ path: [...path, key], value: item });
    else rest[key] = without(item, [...path, key], found);
  }
  return rest;
}

/** Puts buffers back to where their paths say. Paths that lead nowhere are left out. */
export function insertBuffers(state: Readonly<Record<string, unknown>>, paths: readonly unknown[], buffers: readonly Uint8Array[]): Record<string, unknown> {
  const whole = structuredClone(state) as Record<string, unknown>;
  for (const [index, path] of paths.entries()) {
    const buffer = buffers[index];
    if (Array.isArray(path) && path.length > 0 && buffer !== undefined) place(whole, path as BufferPath, buffer);
  }
  return whole;
}

function place(target: object, path: BufferPath, buffer: Uint8Array): void {
  const [key, ...rest] = path;
  if (rest.length === 0) {
    Object.defineProperty(target, key, { value: buffer, writable: true, enumerable: true, configurable: true });
    return;
  }
  const next = Object.hasOwn(target, key) ? (target as Record<string | number, unknown>)[key] : undefined;
  if (typeof next === "object" && next !== null) place(next, rest, buffer);
}

function isPlain(value: unknown): value is Record<string, unknown> {
  if (typeof value !== "object" || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}
