import { syncBuiltinESMExports } from "node:module";
import timers from "node:timers";

type Callback = (this: unknown, ...args: unknown[]) => unknown;
type Scheduler = (callback: unknown, ...args: unknown[]) => unknown;

/**
 * Lets the callbacks of immediates run as the tick right behind their immediate. Node moves on in its queue of immediates
 * in a `finally`, which does not run when a callback is terminated: that callback stayed at the head for ever, and no
 * immediate ran again. Ticks and immediates run in the order in which they otherwise would.
 */
export function makeImmediatesSafe(): void {
  const safe = behindImmediate(globalThis.setImmediate as Scheduler);
  Object.assign(globalThis, { setImmediate: safe });
  Object.assign(timers, { setImmediate: safe });
  syncBuiltinESMExports();
}

function behindImmediate(schedule: Scheduler): Scheduler {
  const nextTick = process.nextTick.bind(process);
  const wrapper = (callback: unknown, ...args: unknown[]): unknown => {
    if (typeof callback !== "function") return schedule(callback, ...args);
    const immediate = schedule(() => nextTick(() => Reflect.apply(callback as Callback, immediate, args)));
    return immediate;
  };
  // Name, length and the symbol of `util.promisify` are the original's.
  return Object.defineProperties(wrapper, Object.getOwnPropertyDescriptors(schedule));
}
