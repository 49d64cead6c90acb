/** @throws RangeError where an option is set to none of its values */
export function checkChoices(method: string, options: object, allowed: Readonly<Record<string, readonly string[]>>): void {
  for (const [name, list] of Object.entries(allowed)) {
    const value = (options as Readonly<Record<string, unknown>>)[name];
    if (value !== undefined && !list.includes(value as string)) throw new RangeError(`${method}: ${name} is ${JSON.stringify(value)}; it must be ${list.map((one) => JSON.stringify(one)).join(", ")}`);
  }
}

/** @throws RangeError where a weight is no finite number from 0 */
export function checkWeights(method: string, weights: Readonly<Record<string, number>>): void {
  for (const [name, value] of Object.entries(weights)) if (!(value >= 0 && value < Infinity)) throw new RangeError(`${method}: ${name} is ${value}; it must be a finite number from 0`);
}
