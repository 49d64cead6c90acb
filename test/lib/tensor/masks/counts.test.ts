import { describe, expect, it } from "vitest";
import { compressCounts, decompressCounts } from "../../../../lib/tensor/masks/counts.ts";
import { MaskError, rleFromCounts } from "../../../../lib/tensor/masks/rle.ts";
import { random } from "../../../../lib/tensor/random.ts";

describe("compressed counts", () => {
  it("are read back, whatever the runs", () => {
    const u = random("counts", 1);
    for (let n = 0; n < 500; n++) {
      const scale = 10 ** u.uniform(0, 7);
      const counts = Uint32Array.from({ length: 1 + u.integer(20) }, () => Math.floor(u.next() * scale));
      const size = { height: counts.reduce((sum, v) => sum + v, 0), width: 1 };
      if (size.height === 0) continue;
      expect(decompressCounts(compressCounts(counts), size).counts).toEqual(counts);
    }
  });

  it("reach the largest mask", () => {
    const size = { height: 65535, width: 65537 };
    for (const counts of [[2 ** 32 - 1], [0, 2 ** 32 - 1], [1, 1, 1, 2 ** 32 - 4], [0, 1, 2, 2 ** 32 - 6, 1, 1]]) {
      expect([...decompressCounts(compressCounts(rleFromCounts(counts, size).counts), size).counts]).toEqual(counts);
    }
  });

  it.each<[string, string, RegExp]>([
    ["a space", "2 2", /character 1 of its counts is " ", allowed are "0" to "o"/],
    ["another letter", "2é", /character 1 of its counts is "é"/],
    ["a text cut off", "P", /end inside a run, at character 1; the text was cut off/],
    ["a run without end", "PPPPPPPP0", /the run at character 0 of its counts has more than 7 characters/],
    ["runs that do not fill the mask", "21", /add up to 3 pixels, but 2 × 2 has 4/],
    ["runs that overfill it", "9999", /more than 4 pixels/],
    ["a negative run", "O5", /run 0 is -1/],
    ["nothing", "", /add up to 0 pixels/],
  ])("refuse %s", (_, text, message) => {
    expect(() => decompressCounts(text, { height: 2, width: 2 })).toThrow(MaskError);
    expect(() => decompressCounts(text, { height: 2, width: 2 })).toThrow(message);
  });

  it("refuse a long text of rubbish at once, naming its first fault", () => {
    expect(() => decompressCounts("1".repeat(1 << 22), { height: 2, width: 2 })).toThrow(/more than 4 pixels/);
    expect(() => decompressCounts("o".repeat(1 << 22), { height: 2, width: 2 })).toThrow(/more than 7 characters/);
  });
});
