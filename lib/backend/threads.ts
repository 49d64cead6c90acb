import { availableParallelism } from "node:os";

/** Threads within one operation: the option, else `POTSTILL_THREADS`, else every core. Throws unless a whole number ≥ 1. */
export function threadCount(option: number | undefined): number {
  const text = process.env.POTSTILL_THREADS;
  if (option === undefined && !text) return availableParallelism();
  const count = option ?? Number(text);
  if (Number.isInteger(count) && count >= 1 && count <= 4096) return count;
  const received = option === undefined ? `POTSTILL_THREADS is "${text ?? ""}"` : `threads is ${option}`;
  throw new Error(`${received}; allowed: a whole number from 1 to 4096`);
}
