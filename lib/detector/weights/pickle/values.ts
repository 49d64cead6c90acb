import type { Budget } from "../source.ts";

/**
 * What the pickle machine makes: null, boolean, number, bigint, string, Uint8Array (bytes), arrays (lists and tuples),
 * Map (dict), Set, and the classes below. Nothing of it runs code.
 */
export type PickleValue = unknown;

/** A Python 2 `str`: text or bytes, as its reader needs. */
export class ByteString {
  readonly bytes: Uint8Array<ArrayBuffer>;
  constructor(bytes: Uint8Array<ArrayBuffer>) {
    this.bytes = bytes;
  }
  /** Latin-1, as pickles of Python 2 are read by convention. */
  toString(): string {
    return Buffer.from(this.bytes.buffer, this.bytes.byteOffset, this.bytes.byteLength).toString("latin1");
  }
}

/** What a global may do when a pickle calls it. */
export interface Call {
  readonly args: readonly PickleValue[];
  /** Counts work that a pickle causes beyond one step per byte, and stops it when it is too much. */
  readonly work: (steps: number) => void;
  /** Charges memory beyond the bytes of the pickle. */
  readonly budget: Budget;
  /** Throws a WeightFileError that says where in the pickle. */
  readonly fail: (what: string) => never;
  /** Throws a WeightFileError that calls the file unsafe. */
  readonly refuse: (what: string) => never;
}

/** A global that pickles may name. */
export interface Known {
  readonly name: string;
  /** Absent: it may be named, but not called. */
  readonly call?: (call: Call) => PickleValue;
}

export function isKnown(value: PickleValue): value is Known {
  return value instanceof KnownGlobal;
}

/** The machine's own mark on globals, so that no other value passes for one. */
export class KnownGlobal implements Known {
  readonly name: string;
  readonly call?: (call: Call) => PickleValue;
  constructor(name: string, call?: (call: Call) => PickleValue) {
    this.name = name;
    if (call !== undefined) this.call = call;
  }
}

/** An object of a class that we do not have (a configuration, a history): its parts, as data. */
export class Inert {
  readonly type: string;
  readonly args: readonly PickleValue[];
  state: PickleValue = null;
  /** What a subclass of dict holds. */
  readonly items = new Map<PickleValue, PickleValue>();
  constructor(type: string, args: readonly PickleValue[]) {
    this.type = type;
    this.args = args;
  }
}

/** An object whose pickled state is given to it after it is made (`BUILD`). */
export interface Stateful {
  setState(state: PickleValue): void;
}

export function isStateful(value: PickleValue): value is Stateful {
  return typeof value === "object" && value !== null && "setState" in value && typeof value.setState === "function";
}

/** Text of a string of either Python. */
export function textOf(value: PickleValue): string | undefined {
  if (typeof value === "string") return value;
  return value instanceof ByteString ? value.toString() : undefined;
}

/** A whole number ≥ 0 that a double holds exactly. */
export function sizeOf(value: PickleValue): number | undefined {
  const number = typeof value === "bigint" ? Number(value) : value;
  return typeof number === "number" && Number.isSafeInteger(number) && number >= 0 ? number : undefined;
}
