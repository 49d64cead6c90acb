import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { createSharedState, slot } from "../../../kernel/language/link.ts";
import { grace, stopsByItself } from "../../../kernel/server/cooperation.ts";

beforeEach(() => { vi.useFakeTimers({ toFake: ["setTimeout", "performance"] }); });
afterEach(() => { vi.useRealTimers(); });

const never = new Promise<void>(() => undefined);

/** Milliseconds until the wait is over; `act` is called at every sample. */
async function waited(mode: number, { act, answered = never }: { act?: (control: Int32Array, time: number) => void; answered?: Promise<void> } = {}): Promise<{ time: number; stopped: boolean }> {
  const { control } = createSharedState();
  control[slot.cooperative] = mode;
  let stopped: boolean | undefined;
  void stopsByItself(control, answered).then((result) => { stopped = result; });
  let time = 0;
  for (; ; time += grace.sample) {
    await vi.advanceTimersByTimeAsync(0);
    if (stopped !== undefined) return { time, stopped };
    act?.(control, time);
    await vi.advanceTimersByTimeAsync(grace.sample);
  }
}

it("nobody who honours the flag: no grace", async () => {
  expect(await waited(0)).toEqual({ time: 0, stopped: false });
});

it("who only looks at the flag has two seconds", async () => {
  const { time, stopped } = await waited(1);
  expect(stopped).toBe(false);
  expect(Math.abs(time - grace.flag)).toBeLessThanOrEqual(2 * grace.sample);
});

it("when operations are marked and none begins or ends, other code runs", async () => {
  const { time } = await waited(2);
  expect(Math.abs(time - grace.quiet)).toBeLessThanOrEqual(2 * grace.sample);
});

it("waits for a long operation, and for what follows it", async () => {
  const { time } = await waited(2, { act: (control, now) => { control[slot.operations] = now < 5000 ? 1 : 0; } });
  expect(Math.abs(time - 5000 - grace.quiet)).toBeLessThanOrEqual(3 * grace.sample);
});

it("one operation may take a minute, not for ever", async () => {
  const { time } = await waited(2, { act: (control) => { control[slot.operations] = 1; } });
  expect(Math.abs(time - grace.operation)).toBeLessThanOrEqual(3 * grace.sample);
});

it("operations that go on, although each was told to stop, have two seconds", async () => {
  const { time } = await waited(2, { act: (control) => { control[slot.looks]++; } });
  expect(Math.abs(time - grace.flag)).toBeLessThanOrEqual(2 * grace.sample);
});

it("an answer ends the wait", async () => {
  let answer = (): void => undefined;
  const answered = new Promise<void>((resolve) => { answer = resolve; });
  const { time, stopped } = await waited(2, { act: (_control, now) => { if (now >= 100) answer(); }, answered });
  expect(stopped).toBe(true);
  expect(time).toBeLessThan(grace.quiet);
});
