import { describe, expect, it } from "vitest";
import { tidyHeap } from "../../../../kernel/language/service/tidy.ts";

/** Something large that nobody holds, known only by a reference that does not keep it. */
function litter(): WeakRef<object> {
  return new WeakRef({ numbers: Array.from({ length: 3_000_000 }, (_, i) => i + 0.5) });
}

describe("tidying the heap", () => {
  it("frees what nobody holds, and leaves no gc() to user code", async () => {
    const lost = litter();
    await new Promise((resolve) => setImmediate(resolve)); // a WeakRef holds its target until the task ends
    tidyHeap();
    expect(lost.deref()).toBeUndefined();
    expect("gc" in globalThis).toBe(false);
  });
});
