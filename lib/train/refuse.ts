/** @throws RangeError that says which option of the optimiser, what was received and what is allowed */
export function refuse(option: string, received: unknown, allowed: string): never {
  throw new RangeError(`optimiser: ${option} is ${JSON.stringify(received) ?? String(received)}; it must be ${allowed}`);
}
