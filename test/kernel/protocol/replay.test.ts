import { expect, it } from "vitest";
import { ReplayGuard } from "../../../kernel/protocol/replay.ts";

const signature = (n: number) => Buffer.from(`signature ${n}`);

it("accepts a signature once, and messages without signature always", () => {
  const guard = new ReplayGuard();
  expect([guard.accept(signature(1)), guard.accept(signature(1)), guard.accept(signature(2))]).toEqual([true, false, true]);
  expect([guard.accept(Buffer.from("")), guard.accept(Buffer.from(""))]).toEqual([true, true]);
});

it("forgets the oldest tenth when full, never the newest", () => {
  const guard = new ReplayGuard(100);
  for (let n = 0; n <= 100; n++) expect(guard.accept(signature(n))).toBe(true);
  expect(guard.accept(signature(100))).toBe(false);
  expect(guard.accept(signature(50))).toBe(false);
  expect(guard.accept(signature(3))).toBe(true);
});
