import { expect, it } from "vitest";
import { lookedAt } from "../../../lib/papers/looking.ts";

it("says how many validation images an AP on the way is of", () => {
  expect([lookedAt(87), lookedAt(32), lookedAt(5), lookedAt(undefined)]).toEqual(["32 of the 87 validation images", "the 32 validation images", "the 5 validation images", "at most 32 validation images"]);
});
