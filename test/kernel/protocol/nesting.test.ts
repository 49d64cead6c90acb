import { expect, it } from "vitest";
import { isDeeperThan } from "../../../kernel/protocol/nesting.ts";

const deeper = (json: string): boolean => isDeeperThan(100, Buffer.from(json));

it("tells deep JSON from long JSON", () => {
  expect(deeper("[".repeat(101) + "]".repeat(101))).toBe(true);
  expect(deeper("[".repeat(100) + "]".repeat(100))).toBe(false);
  expect(deeper('{"a":'.repeat(101) + "1" + "}".repeat(101))).toBe(true);
  expect(deeper(`[${"[],{},".repeat(1000)}1]`)).toBe(false);
});

it("brackets in strings are text", () => {
  expect(deeper(JSON.stringify({ code: "[".repeat(5000) }))).toBe(false);
  expect(deeper(JSON.stringify({ a: '\\"[{"'.repeat(1000), b: "\\" }))).toBe(false);
  expect(deeper(`{"a":"\\\\",${'"b":['.repeat(1)}${"[".repeat(200)}`)).toBe(true);
});

it("a string that does not end is no trouble", () => {
  expect(deeper(`"${"[".repeat(500)}`)).toBe(false);
});
