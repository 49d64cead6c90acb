import { expect, it } from "vitest";
import { sortDescending } from "../../../lib/evaluate/sort.ts";
import { seeded } from "./random-case.ts";

it("sorts like a stable sort, inside its range alone", () => {
  const random = seeded(1);
  for (let size = 0; size < 300; size += 7) {
    const key = Float64Array.from({ length: size }, () => Math.floor(random() * 9) / 9);
    const order = Int32Array.from({ length: size }, (_, i) => i);
    const [from, to] = [Math.floor(size / 5), size - Math.floor(size / 9)];
    const expected = [...order.subarray(0, from), ...[...order.subarray(from, to)].sort((a, b) => key[b] - key[a]), ...order.subarray(to)];
    sortDescending(order, key, { from, to, scratch: new Int32Array(size) });
    expect([...order]).toEqual(expected);
  }
});
