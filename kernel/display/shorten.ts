import { randomUUID } from "node:crypto";
import { inspect, types } from "node:util";
import { most } from "./limits.ts";
import { isObject, lookup } from "./lookup.ts";

/** What to give to `inspect`, how deep it may go, and how to finish its text. */
export type Shortened = { short: unknown; depth: number; restore: (text: string) => string };

/**
 * Prepares a value for `inspect`, which limits each array, but neither an object's keys nor the whole: finds a depth
 * at which the text does not become longer than anybody reads, and where the value holds objects with very many keys
 * makes a likeness in which those have few. `restore` notes what was left out. Runs no getters and no traps.
 */
export function shorten(value: unknown): Shortened {
  if (!isObject(value)) return { short: value, depth: 0, restore: (text) => text };
  const shortener = new Shortener();
  const depth = shortener.depth(value);
  const short = shortener.hasMany ? shortener.likeness(value, depth) : value;
  return { short, depth, restore: (text) => (short === value ? text : shortener.restore(text)) };
}

/** Values whose inside is not looked at, because they show it in their own way or because that would run code. */
const isOpaque = (owner: object): boolean =>
  types.isProxy(owner) || ArrayBuffer.isView(owner) || types.isAnyArrayBuffer(owner) || typeof lookup(owner, inspect.custom) === "function";

const isSpecial = [types.isNativeError, types.isDate, types.isRegExp, types.isPromise, types.isMap, types.isSet, types.isWeakMap, types.isWeakSet, types.isBoxedPrimitive,
  types.isGeneratorObject, types.isMapIterator, types.isSetIterator, types.isArgumentsObject, types.isModuleNamespaceObject, types.isExternal];

/** Objects that are nothing but their properties: a likeness of others would not look like them. */
const isOrdinary = (value: object): boolean => typeof value === "object" && !Array.isArray(value) && !isSpecial.some((fits) => fits(value));

const own = (owner: object, key: PropertyKey): unknown => Object.getOwnPropertyDescriptor(owner, key)?.value;
const firstIndices = (list: readonly unknown[]): number[] => Array.from({ length: Math.min(list.length, most.items) }, (_, i) => i);
const nothing = { [inspect.custom]: () => "" };

class Shortener {
  readonly #mark = `left_${randomUUID().replaceAll("-", "")}_`;
  /** The keys of objects that have many, as listing a million takes a second. */
  readonly #keys = new Map<object, readonly string[]>();
  /** What stands for an object, from when it is first looked at, so that circles stay circles. */
  readonly #made = new Map<object, object>();
  /** Likenesses that a circle leads to: they must be used. */
  readonly #circular = new Set<object>();

  /** Whether {@link depth} has met objects with very many keys. */
  get hasMany(): boolean {
    return this.#keys.size > 0;
  }

  depth(value: object): number {
    let level = [value];
    let nodes = 0;
    for (let depth = 0; depth < most.depth; depth++) {
      const next: object[] = [];
      for (const owner of level) {
        for (const child of this.#children(owner)) {
          if (++nodes > most.nodes) return Math.max(0, depth - 1);
          if (isObject(child)) next.push(child);
        }
      }
      level = next;
    }
    return most.depth;
  }

  likeness(value: unknown, depth: number): unknown {
    if (!isObject(value) || depth < 0 || isOpaque(value)) return value;
    const made = this.#made.get(value);
    if (made !== undefined) this.#circular.add(made);
    if (made !== undefined) return made;
    if (Array.isArray(value)) return Object.getPrototypeOf(value) === Array.prototype ? this.#array(value, depth) : value;
    return isOrdinary(value) ? this.#object(value, depth) : value;
  }

  restore(text: string): string {
    return text.replace(new RegExp(`${this.#mark}(\\d+): `, "g"), (_, left: string) => `... ${left} more properties`);
  }

  /** The values that `inspect` would show within an object. */
  *#children(owner: object): Generator<unknown> {
    if (isOpaque(owner)) return;
    if (Array.isArray(owner)) for (const i of firstIndices(owner)) yield own(owner, i);
    else if (types.isMap(owner)) for (const [key, value] of first(Map.prototype.entries.call(owner))) yield* [key, value];
    else if (types.isSet(owner)) yield* first(Set.prototype.values.call(owner));
    else for (const key of this.#keysOf(owner).slice(0, most.keys)) yield own(owner, key);
  }

  #keysOf(owner: object): readonly string[] {
    const known = this.#keys.get(owner);
    if (known !== undefined) return known;
    const keys = Object.keys(owner);
    if (keys.length > most.keys) this.#keys.set(owner, keys);
    return keys;
  }

  #array(value: readonly unknown[], depth: number): object {
    const copy: unknown[] = [];
    this.#made.set(value, copy);
    let changed = false;
    for (const i of firstIndices(value)) {
      const item = this.likeness(own(value, i), depth - 1);
      changed ||= item !== own(value, i);
      if (i in value) copy[i] = item;
    }
    copy.length = value.length;
    return this.#chosen(value, copy, changed);
  }

  #object(value: object, depth: number): object {
    const keys = this.#keysOf(value);
    const left = keys.length - most.keys;
    const copy = Object.create(Object.getPrototypeOf(value) as object | null) as object;
    this.#made.set(value, copy);
    let changed = left > 0;
    for (const key of left > 0 ? keys.slice(0, most.keys) : Reflect.ownKeys(value)) {
      const descriptor = Object.getOwnPropertyDescriptor(value, key)!;
      const item = this.likeness(descriptor.value, depth - 1);
      changed ||= item !== descriptor.value;
      Object.defineProperty(copy, key, "value" in descriptor ? { ...descriptor, value: item } : descriptor);
    }
    if (left > 0) Object.defineProperty(copy, `${this.#mark}${left}`, { value: nothing, enumerable: true });
    return this.#chosen(value, copy, changed);
  }

  #chosen(value: object, copy: object, changed: boolean): object {
    const chosen = changed || this.#circular.has(copy) ? copy : value;
    this.#made.set(value, chosen);
    return chosen;
  }
}

function* first<T>(items: Iterable<T>): Generator<T> {
  let left: number = most.items;
  for (const item of items) {
    if (left-- === 0) return;
    yield item;
  }
}
