import type { Magic } from "./magic.ts";
import { expectArguments } from "./magic.ts";

/** Tells how long a cell's code took. */
export const time: Magic = {
  usage: "%%time",
  summary: "Prints how long this cell's code ran (wall time, without its type check).",
  run(context, args) {
    expectArguments(args, time, [0, 0]);
    context.afterCell((milliseconds) => context.print(`Wall time: ${duration(milliseconds)}\n`));
  },
};

/** A duration as people say it: `4.20 ms`, `3.1 s`, `2 min 5 s`. */
export function duration(milliseconds: number): string {
  if (milliseconds < 1000) return `${milliseconds.toPrecision(3)} ms`;
  const seconds = milliseconds / 1000;
  if (seconds < 59.95) return `${seconds.toFixed(1)} s`;
  return `${Math.floor(Math.round(seconds) / 60)} min ${Math.round(seconds) % 60} s`;
}
