import { execFileSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { resizeBilinear } from "../../../lib/data/resize.ts";
import { testPython } from "../../python.ts";
import { noise, temporaryFolder } from "./fixtures.ts";

/** The definition, pixel by pixel in double precision. */
function reference(data: Uint8Array, from: { width: number; height: number }, to: { width: number; height: number }, channels: number): number[] {
  const at = (y: number, x: number, c: number) => data[(Math.min(Math.max(y, 0), from.height - 1) * from.width + Math.min(Math.max(x, 0), from.width - 1)) * channels + c];
  const out: number[] = [];
  for (let i = 0; i < to.height; i++) for (let j = 0; j < to.width; j++) for (let c = 0; c < channels; c++) {
    const y = Math.max(0, ((i + 0.5) * from.height) / to.height - 0.5), x = Math.max(0, ((j + 0.5) * from.width) / to.width - 0.5);
    const [y0, x0] = [Math.floor(y), Math.floor(x)];
    const [b, a] = [y - y0, x - x0];
    out.push((1 - b) * ((1 - a) * at(y0, x0, c) + a * at(y0, x0 + 1, c)) + b * ((1 - a) * at(y0 + 1, x0, c) + a * at(y0 + 1, x0 + 1, c)));
  }
  return out;
}

function worst(a: ArrayLike<number>, b: ArrayLike<number>): number {
  expect(a.length).toBe(b.length);
  let most = 0;
  for (let i = 0; i < a.length; i++) if (!(Math.abs(a[i] - b[i]) <= most)) most = Math.abs(a[i] - b[i]);
  return most;
}

const sizes = [[7, 5, 16, 11], [16, 11, 7, 5], [1, 1, 4, 3], [9, 9, 9, 4], [5, 8, 5, 8], [3, 40, 41, 2], [2, 2, 1, 1]] as const;

describe("resizeBilinear", () => {
  it.each(sizes)("equals the definition from %i×%i to %i×%i", (w, h, width, height) => {
    const image = noise(w, h, `${w} ${h}`);
    const out = resizeBilinear(image.data, image, { width, height });
    expect(worst(out, reference(image.data, image, { width, height }, 3))).toBeLessThan(1e-4);
  });

  it("is exact on the same size and stays within the source's range", () => {
    const image = noise(13, 9, 2);
    expect([...resizeBilinear(image.data, image, { width: 13, height: 9 })]).toEqual([...image.data]);
    const flat = new Uint8Array(300).fill(77);
    expect(new Set(resizeBilinear(flat, { width: 10, height: 10 }, { width: 33, height: 21 }))).toEqual(new Set([77]));
  });

  it("refuses sizes that do not fit", () => {
    expect(() => resizeBilinear(new Uint8Array(12), { width: 2, height: 3 }, { width: 2, height: 2 })).toThrow(/12 values, expected 3×2×3/);
    expect(() => resizeBilinear(new Uint8Array(12), { width: 2, height: 2 }, { width: 0, height: 2 })).toThrow(RangeError);
    expect(() => resizeBilinear(new Uint8Array(12), { width: 2, height: 2 }, { width: 2.5, height: 2 })).toThrow(RangeError);
  });
});

const python = testPython(["cv2", "PIL", "numpy", "torch"]);
describe.skipIf(python === undefined)("resizeBilinear beside OpenCV, Pillow and PyTorch", () => {
  it("is within a grey level of all when enlarging, of OpenCV when shrinking, and equal to PyTorch", () => {
    const folder = temporaryFolder();
    const image = noise(64, 48, 5);
    writeFileSync(join(folder, "image"), image.data);
    const script = `
import sys, json, numpy as np, cv2, torch
from PIL import Image
a = np.fromfile(sys.argv[1], np.uint8).reshape(48, 64, 3)
out = []
for w, h in [(107, 80), (200, 49), (31, 40)]:
    t = torch.nn.functional.interpolate(torch.tensor(a).permute(2, 0, 1)[None].double(), size=(h, w), mode="bilinear")[0].permute(1, 2, 0).numpy()
    out.append([w, h, cv2.resize(a, (w, h)).ravel().tolist(), np.asarray(Image.fromarray(a).resize((w, h), Image.BILINEAR)).ravel().tolist(), t.ravel().tolist()])
print(json.dumps(out))`;
    const results = JSON.parse(execFileSync(python!, ["-c", script, join(folder, "image")], { encoding: "utf8", maxBuffer: 1 << 28 })) as [number, number, number[], number[], number[]][];
    for (const [width, height, opencv, pillow, torch] of results) {
      const own = resizeBilinear(image.data, image, { width, height });
      expect(worst(own, torch)).toBeLessThan(1e-4);
      expect(worst(own.map(Math.round), opencv)).toBeLessThanOrEqual(1);
      if (width >= 64) expect(worst(own.map(Math.round), pillow)).toBeLessThanOrEqual(1);
    }
  });
});
