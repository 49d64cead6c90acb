import type { CellContext } from "./cell-context.ts";

type Callback = (this: unknown, ...args: unknown[]) => unknown;
type Scheduler = (callback: unknown, ...args: unknown[]) => unknown;

/** A callback that runs for the cell that makes it now; anything but a function stays as it is. */
export function bound(context: CellContext, callback: unknown): unknown {
  const cell = context.current();
  if (cell === undefined || typeof callback !== "function") return callback;
  return function (this: unknown, ...args: unknown[]): unknown {
    return context.run(cell, () => (callback as Callback).apply(this, args));
  };
}

/** Makes timers and queues run their callbacks for the cell that handed them over, where Node does not. */
export function carryCells(context: CellContext): void {
  if (!context.needsHelp) return;
  const globals = globalThis as unknown as Record<string, Scheduler>;
  for (const name of ["setTimeout", "setInterval", "setImmediate", "queueMicrotask"]) globals[name] = carrying(context, globals[name]);
  const owner = process as unknown as Record<"nextTick", Scheduler>;
  owner.nextTick = carrying(context, owner.nextTick);
}

function carrying(context: CellContext, schedule: Scheduler): Scheduler {
  const wrapper = (callback: unknown, ...args: unknown[]) => schedule.call(process, bound(context, callback), ...args);
  // Name, length and the symbol of `util.promisify` are the original's.
  return Object.defineProperties(wrapper, Object.getOwnPropertyDescriptors(schedule));
}
