import { types } from "node:util";

export const isObject = (value: unknown): value is object => (typeof value === "object" && value !== null) || typeof value === "function";

/** What a property holds, without running a getter or a proxy's trap: undefined where that would be needed. */
export function lookup(value: unknown, name: PropertyKey): unknown {
  for (let owner = isObject(value) ? value : null; owner !== null && !types.isProxy(owner); owner = Object.getPrototypeOf(owner) as object | null) {
    const found = Object.getOwnPropertyDescriptor(owner, name);
    if (found !== undefined) return found.value as unknown;
  }
  return undefined;
}

/** Whether an object has all these methods, told without running any code of its own. */
export function hasMethods(value: unknown, ...names: readonly PropertyKey[]): boolean {
  return isObject(value) && names.every((name) => typeof lookup(value, name) === "function");
}

/** Whether an object has these properties, be they values or getters, told without running any code of its own. */
export function hasProperties(value: unknown, ...names: readonly PropertyKey[]): boolean {
  if (!isObject(value) || types.isProxy(value)) return false;
  return names.every((name) => name in value);
}
