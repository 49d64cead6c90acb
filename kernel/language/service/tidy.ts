import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";

/** Growth of the heap that is worth a collection, in bytes. */
const worthwhile = 8 << 20;

let collect: (() => void) | undefined;
let heapAfter = 0;

/**
 * Gives memory back that this thread no longer uses: V8 by itself collects only while a program runs, and keeps what
 * reading TypeScript's libraries took for as long as a kernel is idle.
 */
export function tidyHeap(): void {
  if (process.memoryUsage().heapUsed < heapAfter + worthwhile) return;
  collect ??= collector();
  collect();
  heapAfter = process.memoryUsage().heapUsed;
}

function collector(): () => void {
  setFlagsFromString("--expose-gc");
  const found = runInNewContext("gc") as () => void;
  // Contexts that user code makes shall not see it.
  setFlagsFromString("--no-expose-gc");
  return found;
}
