import { mkdtempSync, readFileSync, readdirSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { readSafetensors, writeSafetensors } from "../../../../lib/detector/weights/safetensors.ts";

const folder = mkdtempSync(join(tmpdir(), "potstill-safetensors-"));
afterAll(() => { rmSync(folder, { recursive: true }); });

const tensors = new Map([
  ["b.weight", { shape: [2, 3], data: Float32Array.from([1, -2, 3.5, Infinity, 1e-30, -0]) }],
  ["a.count", { shape: [], data: Int32Array.from([-7]) }],
  ["empty", { shape: [0, 4], data: new Float32Array(0) }],
]);

describe("safetensors", () => {
  it("reads back what it wrote, metadata included", () => {
    const path = join(folder, "round.safetensors");
    writeSafetensors(path, tensors, { iteration: "12", note: "ü" });
    const read = readSafetensors(path);
    expect(read.metadata).toEqual({ iteration: "12", note: "ü" });
    expect([...read.tensors.keys()].sort()).toEqual([...tensors.keys()].sort());
    for (const [name, { shape, data }] of tensors) expect(read.tensors.get(name)).toEqual({ shape, data });
  });

  it("follows the format: little-endian length, JSON header padded to 8 bytes, contiguous offsets", () => {
    const path = join(folder, "format.safetensors");
    writeSafetensors(path, tensors);
    const bytes = readFileSync(path);
    const length = Number(bytes.readBigUInt64LE(0));
    expect(length % 8).toBe(0);
    const header = JSON.parse(bytes.subarray(8, 8 + length).toString()) as Record<string, { dtype: string; data_offsets: number[] }>;
    expect(header["a.count"]).toEqual({ dtype: "I32", shape: [], data_offsets: [0, 4] });
    expect(header["b.weight"].data_offsets).toEqual([4, 28]);
    expect(bytes.length).toBe(8 + length + 28);
  });

  it("leaves the old file and no temporary one when writing fails", () => {
    const path = join(folder, "no-such-folder", "x.safetensors");
    expect(() => writeSafetensors(path, tensors)).toThrow();
    expect(readdirSync(folder).filter((name) => name.endsWith(".tmp"))).toEqual([]);
  });

  it.each([
    ["truncated data", (path: string) => truncateSync(path, 60), /claims/],
    ["truncated header", (path: string) => truncateSync(path, 20), /header claims/],
    ["tiny file", (path: string) => truncateSync(path, 3), /shorter than/],
    ["no JSON", (path: string) => { const bytes = readFileSync(path); bytes[8] = 0x21; writeFileSync(path, bytes); }, /not JSON/],
  ])("refuses a file with %s, naming it", (_, spoil, message) => {
    const path = join(folder, "bad.safetensors");
    writeSafetensors(path, tensors);
    spoil(path);
    expect(() => readSafetensors(path)).toThrow(message);
    expect(() => readSafetensors(path)).toThrow(path);
  });
});
