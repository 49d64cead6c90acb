import { expect, it } from "vitest";
import { nearestDouble } from "../../../lib/evaluate/decimal.ts";
import { seeded } from "./random-case.ts";

const random = seeded(7);
const digitsOf = (count: number) => Array.from({ length: count }, (_, i) => (i === 0 ? 1 + Math.floor(random() * 9) : Math.floor(random() * 10))).join("");

it("is Number(text) wherever it answers, and answers nearly always", () => {
  let answered = 0;
  const rounds = 100_000;
  for (let i = 0; i < rounds; i++) {
    const text = digitsOf(1 + Math.floor(random() * 22));
    const fraction = Math.floor(random() * 23);
    const value = nearestDouble(Number(text.slice(0, 15)), Number(text.slice(15)), { lowDigits: Math.max(0, text.length - 15), fraction });
    if (Number.isNaN(value)) continue;
    answered++;
    if (value !== Number(`${text}e-${fraction}`)) expect.fail(`${text}e-${fraction} gave ${value}`);
  }
  expect(answered / rounds).toBeGreaterThan(0.99);
});

it("leaves exact halves between two doubles to a slower way", () => {
  // 2^53 + 1 lies midway between two doubles.
  const value = nearestDouble(900719925474099, 3, { lowDigits: 1, fraction: 0 });
  expect(Number.isNaN(value) || value === 9007199254740992).toBe(true);
});

it("does not answer beyond the powers of ten that doubles hold", () => {
  expect(nearestDouble(1, 0, { lowDigits: 0, fraction: 23 })).toBeNaN();
  expect(nearestDouble(123456789012345, 0, { lowDigits: 0, fraction: -22 })).toBeNaN();
});
