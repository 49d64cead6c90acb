/** A whole number that its source wrote as a float (`5.0`): JavaScript has one number type, the notebook's language may not. */
export class Float {
  readonly value: number;
  constructor(value: number) {
    this.value = value;
  }
}

/** Everything a notebook parameter can be: the values of YAML and JSON, with large integers and floats kept apart. */
export type ParameterValue =
  | null
  | boolean
  | number
  | bigint
  | string
  | Float
  | readonly ParameterValue[]
  | { readonly [key: string]: ParameterValue };

export type Parameters = Readonly<Record<string, ParameterValue>>;

/** The integer a run of decimal digits says: a number while that is exact, a bigint beyond 2^53. */
export function integer(digits: string | bigint): number | bigint {
  const big = BigInt(digits);
  const small = Number(big);
  return Number.isSafeInteger(small) ? small : big;
}

/** A float from its value: whole values are marked, so that they stay floats in languages that tell them apart. */
export function float(value: number): number | Float {
  return Number.isInteger(value) ? new Float(value) : value;
}
