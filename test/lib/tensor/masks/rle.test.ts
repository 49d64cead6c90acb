import { describe, expect, it } from "vitest";
import { MaskError, RunBuilder, areaOfRle, boxOfRle, decodeRle, emptyRle, encodeRle, forEachRun, rleFromCounts } from "../../../../lib/tensor/masks/rle.ts";
import { random } from "../../../../lib/tensor/random.ts";

const u = random("rle", 1);
const masks = Array.from({ length: 300 }, () => {
  const size = { height: 1 + u.integer(9), width: 1 + u.integer(9) };
  const density = u.next() < 0.3 ? Math.round(u.next()) : u.next();
  return { size, dense: Uint8Array.from({ length: size.height * size.width }, () => (u.next() < density ? 1 : 0)) };
});

describe("run lengths", () => {
  it("give dense masks back, with no empty run but the first", () => {
    for (const { size, dense } of masks) {
      const mask = encodeRle(dense, size);
      expect(decodeRle(mask)).toEqual(dense);
      expect(mask.counts.reduce((sum, v) => sum + v, 0)).toBe(size.height * size.width);
      expect(mask.counts.subarray(1).every((count) => count > 0)).toBe(true);
      expect(rleFromCounts(mask.counts, size)).toEqual(mask);
    }
  });

  it("know area and tight box", () => {
    for (const { size, dense } of masks) {
      const mask = encodeRle(dense, size);
      const at = Array.from(dense, (v, i) => (v === 1 ? [i % size.width, Math.floor(i / size.width)] : [])).filter((p) => p.length > 0);
      expect(areaOfRle(mask)).toBe(at.length);
      const [xs, ys] = [at.map(([x]) => x), at.map(([, y]) => y)];
      const [left, top] = [Math.min(...xs), Math.min(...ys)];
      expect(boxOfRle(mask)).toEqual(at.length === 0 ? [0, 0, 0, 0] : [left, top, Math.max(...xs) - left + 1, Math.max(...ys) - top + 1]);
    }
  });

  it("go down the columns, beginning with background", () => {
    expect([...encodeRle([1, 0, 0, 1, 1, 0], { height: 2, width: 3 }).counts]).toEqual([0, 2, 1, 1, 2]);
    expect(encodeRle([true, false], { height: 1, width: 2 }).counts).toEqual(Uint32Array.of(0, 1, 1));
    expect(emptyRle({ height: 2, width: 3 })).toEqual({ height: 2, width: 3, counts: Uint32Array.of(6) });
    expect(boxOfRle({ height: 2, width: 2, counts: Uint32Array.of(4, 0) })).toEqual([0, 0, 0, 0]);
  });

  it("are visited column by column", () => {
    const stretches: number[][] = [];
    forEachRun({ height: 3, width: 3, counts: Uint32Array.of(2, 5, 2) }, (...stretch) => stretches.push(stretch));
    expect(stretches).toEqual([[0, 2, 3], [1, 0, 3], [2, 0, 1]]);
  });

  it("join what touches when they are built", () => {
    const builder = new RunBuilder({ height: 4, width: 2 });
    for (const [from, to] of [[0, 1], [1, 3], [3, 3], [6, 8]]) builder.add(from, to);
    expect(builder.finish().counts).toEqual(Uint32Array.of(0, 3, 3, 2));
  });

  it.each<[string, number[], number, number, RegExp]>([
    ["too few pixels", [1, 2], 2, 2, /runs add up to 3 pixels, but 2 × 2 has 4/],
    ["too many", [1, 2, 5], 2, 2, /add up to more than 4 pixels/],
    ["far too many", [2 ** 40, 2 ** 40], 2, 2, /add up to more than 4 pixels/],
    ["a negative run", [3, -1, 2], 2, 2, /run 1 is -1, allowed are whole numbers/],
    ["a fraction", [1.5, 2.5], 2, 2, /run 0 is 1\.5/],
    ["not a number", [NaN, 4], 2, 2, /run 0 is NaN/],
    ["no runs", [], 2, 2, /add up to 0 pixels/],
    ["no height", [0], 0, 2, /size received is 0 × 2/],
    ["half a pixel", [1], 0.5, 2, /size received is 0\.5 × 2/],
    ["more pixels than counts can say", [1], 2 ** 20, 2 ** 20, /at most 2\^32 − 1 pixels/],
  ])("refuse %s", (_, counts, height, width, message) => {
    expect(() => rleFromCounts(counts, { height, width })).toThrow(MaskError);
    expect(() => rleFromCounts(counts, { height, width }, "mask 7")).toThrow(/^mask 7: /);
    expect(() => rleFromCounts(counts, { height, width })).toThrow(message);
  });

  it("refuse dense masks that do not fill their size", () => {
    expect(() => encodeRle([1, 0, 1], { height: 2, width: 2 })).toThrow(/3 values received, 2 × 2 needs 4/);
  });
});
