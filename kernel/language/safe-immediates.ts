import { syncBuiltinESMExports } from "node:module";
import timers from "node:timers";

type Callback = (this: unknown, ...args: unknown[]) => unknown;
type Scheduler = (callback: unknown, ...args: unknown[]) => unknown;

/** Immediates that wait for their turn. Node never sees them cleared: it would look for the one before, which may be gone. */
const waiting = new WeakSet<object>();

/**
 * Lets the callbacks of immediates run as the tick right behind their immediate. Node moves on in its queue of immediates
 * in a `finally`, which does not run when a callback is terminated: that callback stayed at the head for ever, and no
 * immediate ran again. Ticks and immediates run in the order in which they otherwise would.
 */
export function makeImmediatesSafe(): void {
  const clear = clearing(globalThis.clearImmediate as (immediate: unknown) => void);
  const safe = { setImmediate: behindImmediate(globalThis.setImmediate as Scheduler), clearImmediate: clear };
  disposeBy(clear);
  Object.assign(globalThis, safe);
  Object.assign(timers, safe);
  syncBuiltinESMExports();
}

/** A cleared immediate comes to nothing, and no longer keeps the process alive. */
function clearing(original: (immediate: unknown) => void): (immediate: unknown) => void {
  const wrapper = (immediate: unknown): void => {
    if (typeof immediate === "object" && immediate !== null && waiting.delete(immediate)) (immediate as NodeJS.Immediate).unref();
    else if (!wrapped.has(immediate as object)) original(immediate);
  };
  return Object.defineProperties(wrapper, Object.getOwnPropertyDescriptors(original));
}

/** Every immediate made here: those that have run need not be cleared. */
const wrapped = new WeakSet<object>();

/** `using` clears an immediate, too. */
function disposeBy(clear: (immediate: unknown) => void): void {
  const probe = globalThis.setImmediate(() => undefined);
  const prototype = Object.getPrototypeOf(probe) as Record<symbol, unknown>;
  globalThis.clearImmediate(probe);
  if (typeof Symbol.dispose !== "symbol" || !(Symbol.dispose in prototype)) return;
  Object.defineProperty(prototype, Symbol.dispose, { value(this: object) { clear(this); }, writable: true, configurable: true });
}

function behindImmediate(schedule: Scheduler): Scheduler {
  const nextTick = process.nextTick.bind(process);
  const wrapper = (callback: unknown, ...args: unknown[]): unknown => {
    if (typeof callback !== "function") return schedule(callback, ...args);
    const immediate = schedule(() => {
      if (waiting.delete(immediate)) nextTick(() => Reflect.apply(callback as Callback, immediate, args));
    }) as object;
    wrapped.add(immediate);
    waiting.add(immediate);
    return immediate;
  };
  // Name, length and the symbol of `util.promisify` are the original's.
  return Object.defineProperties(wrapper, Object.getOwnPropertyDescriptors(schedule));
}
