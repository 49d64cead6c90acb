import { describe, expect, it } from "vitest";
import { InterruptedError, Interrupts } from "../../../kernel/language/interrupts.ts";
import { createSharedState, slot } from "../../../kernel/language/link.ts";

function running(cell = 1): Interrupts {
  const interrupts = new Interrupts(createSharedState());
  interrupts.begin(cell);
  return interrupts;
}

const never = () => new Promise<never>(() => undefined);

describe("Interrupts", () => {
  it("passes values, results and errors through", async () => {
    const interrupts = running();
    expect([interrupts.top(1, 5), interrupts.inner(null)]).toEqual([5, null]);
    await expect(interrupts.top(1, Promise.resolve("a"))).resolves.toBe("a");
    await expect(interrupts.inner(Promise.reject(new Error("b")))).rejects.toThrow("b");
  });

  it("throws out of waiting functions before the top level", async () => {
    const interrupts = running();
    const order: string[] = [];
    const inner = (async () => { try { await interrupts.inner(never()); } finally { order.push("inner"); } })();
    const top = (async () => { try { await interrupts.top(1, inner); } finally { order.push("top"); } })();
    interrupts.interrupt();
    await expect(top).rejects.toBeInstanceOf(InterruptedError);
    expect(order).toEqual(["inner", "top"]);
  });

  it("throws out of a top level that waits for nothing of ours", async () => {
    const interrupts = running();
    const top = interrupts.top(1, never());
    interrupts.interrupt();
    await expect(top).rejects.toBeInstanceOf(InterruptedError);
  });

  it("throws out of a loop of waits that each end by themselves before it comes to them", async () => {
    const interrupts = running();
    const wait = async () => { await interrupts.top(1, new Promise((done) => setTimeout(done, 3))); interrupts.woke(1); };
    const loop = (async () => { for (;;) await wait(); })();
    setTimeout(() => interrupts.interrupt(), 10);
    await expect(loop).rejects.toBeInstanceOf(InterruptedError);
  });

  it("throws once: what a cell waits for after it has caught the interrupt is its own affair", async () => {
    const interrupts = running();
    const first = interrupts.top(1, never()) as Promise<never>;
    interrupts.interrupt();
    await expect(first).rejects.toBeInstanceOf(InterruptedError);
    interrupts.woke(1);
    await expect(interrupts.top(1, new Promise((done) => setTimeout(done, 60, "cleaned up")))).resolves.toBe("cleaned up");
  });

  it("does not let an abandoned cell start another wait", async () => {
    const interrupts = running();
    interrupts.abandon(1);
    const settled = await Promise.race([interrupts.top(1, Promise.resolve()), new Promise((done) => setTimeout(done, 20, "still waiting"))]);
    expect(settled).toBe("still waiting");
  });

  it("closes the iterator of an interrupted for await", async () => {
    const interrupts = running();
    let closed = false;
    const source: AsyncIterable<number> = { [Symbol.asyncIterator]: () => ({ next: never, return: async () => { closed = true; return { done: true, value: undefined }; } }) };
    const loop = (async () => { for await (const _ of interrupts.each(1, source)); })();
    interrupts.interrupt();
    await expect(loop).rejects.toBeInstanceOf(InterruptedError);
    expect(closed).toBe(true);
  });

  it("iterates synchronous iterables of promises as for await does", async () => {
    const seen: unknown[] = [];
    for await (const value of running().each(undefined, [1, Promise.resolve(2)])) seen.push(value);
    expect(seen).toEqual([1, 2]);
    expect(() => running().each(undefined, 5)[Symbol.asyncIterator]()).toThrow("not iterable");
  });

  it("publishes a flag and a fresh signal for each cell, and notices who reads the flag", () => {
    const shared = createSharedState();
    const interrupts = new Interrupts(shared);
    interrupts.publish();
    const contract = (globalThis as Record<symbol, unknown>)[Symbol.for("potstill.interrupt")] as { flag: Int32Array; operations: Int32Array; signal: AbortSignal };
    interrupts.begin(1);
    const first = contract.signal;
    interrupts.interrupt();
    expect(first.aborted).toBe(true);
    interrupts.begin(2);
    expect(contract.signal.aborted).toBe(false);
    expect(shared.control[slot.cooperative]).toBe(0);
    expect(contract.flag).toBe(shared.flag);
    expect([shared.control[slot.cooperative], shared.control[slot.looks]]).toEqual([1, 1]);
    Atomics.add(contract.operations, 0, 1);
    expect([shared.control[slot.cooperative], shared.control[slot.operations]]).toEqual([2, 1]);
    expect(contract.flag).toBe(shared.flag);
    expect(shared.control[slot.cooperative]).toBe(2);
  });
});
