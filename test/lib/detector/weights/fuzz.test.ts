import { existsSync, readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { readWeights } from "../../../../lib/detector/weights/read.ts";
import { WeightFileError } from "../../../../lib/detector/weights/source.ts";
import { random, type Random } from "../../../../lib/tensor/random.ts";
import { forgePth, forgeStateDict } from "./forge.ts";

const stored = join(import.meta.dirname, "data");
const samples: [string, Buffer][] = [
  ...(existsSync(stored) ? readdirSync(stored).sort().map((name): [string, Buffer] => [name, readFileSync(join(stored, name))]) : []),
  ["forged.pth", forgePth()],
  ["forged-deflated.pth", forgePth({ member: { deflate: true } })],
  ["forged-64.pth", forgePth({ member: { zip64: true }, zip64: true })],
];

/** Mutations per sample; with the samples, thousands in all. */
const mutations = 900;

const edges = [0, 1, 0x7f, 0x80, 0xff];
const opcodes = Buffer.from("(.01234]}tlduscRbqQhjrpBCTUXKMJINVSFGiogaePb)\x80\x81\x82\x85\x86\x87\x88\x8a\x8b\x8c\x8d\x8e\x8f\x90\x91\x92\x93\x94\x95\x96\x97", "latin1");

/** A copy with a few bytes set, cut, repeated, or exchanged with those of another place. */
function mutate(bytes: Buffer, stream: Random): Buffer {
  let out = Buffer.from(bytes);
  for (let n = 1 + stream.integer(4); n > 0; n--) {
    const at = stream.integer(out.length);
    const length = Math.min(1 + stream.integer(16), out.length - at);
    const kind = stream.integer(7);
    if (kind === 0) out[at] = stream.integer(256);
    else if (kind === 1) out[at] = edges[stream.integer(edges.length)];
    else if (kind === 2) out[at] = opcodes[stream.integer(opcodes.length)];
    else if (kind === 3) out.fill(0xff, at, at + Math.min(length, 8));
    else if (kind === 4) out = Buffer.concat([out.subarray(0, at), out.subarray(at + length)]);
    else if (kind === 5) out = Buffer.concat([out.subarray(0, at + length), out.subarray(at)]);
    else out.copyWithin(at, stream.integer(out.length), stream.integer(out.length));
    if (out.length === 0) return Buffer.from([0]);
  }
  return stream.integer(10) === 0 ? out.subarray(0, stream.integer(out.length + 1)) : out;
}

interface Seen {
  read: number;
  refused: number;
}

/** Reads a mutation: it is read, within the bound of its size, or refused with an error of ours that is not too long. */
function tryOne(bytes: Buffer, seen: Seen): void {
  try {
    const { tensors } = readWeights(bytes, { nonFinite: "keep" });
    const values = [...tensors.values()].reduce((sum, { data }) => sum + data.byteLength, 0);
    expect(values).toBeLessThanOrEqual(16 * 1024 * 1024 + 16 * bytes.length);
    seen.read++;
  } catch (error) {
    if (!(error instanceof WeightFileError)) throw error;
    expect(error.message.length).toBeLessThan(3000);
    seen.refused++;
  }
}

describe("mutated weight files", () => {
  it.each(samples)("%s: none hangs, takes memory beyond its bound, or fails with anything but a clear error", (name, bytes) => {
    const seen: Seen = { read: 0, refused: 0 };
    const before = process.memoryUsage.rss();
    for (let i = 0; i < mutations; i++) tryOne(mutate(bytes, random(i, "mutation", name)), seen);
    expect(seen.read + seen.refused).toBe(mutations);
    expect(seen.refused).toBeGreaterThan(mutations / 10);
    expect(process.memoryUsage.rss() - before).toBeLessThan(1024 ** 3);
  });

  it("random pickles of the known opcodes", () => {
    const words = ["ctorch._utils\n_rebuild_tensor_v2\n", "ccollections\nOrderedDict\n", "ctorch\nFloatStorage\n", "cnumpy\ndtype\n", "cnumpy.core.multiarray\n_reconstruct\n", "cnumpy\nndarray\n", "c__builtin__\ngetattr\n", "cargparse\nNamespace\n", "c__builtin__\nset\n", "c_codecs\nencode\n", "X\x03\0\0\0abc", "U\x02f4", "K\x05", "J\xff\xff\xff\x7f", "q\0", "h\0", "G@\0\0\0\0\0\0\0"];
    const [head, tail] = [forgeStateDict([]).subarray(0, 2), Buffer.from(".")];
    const seen: Seen = { read: 0, refused: 0 };
    for (let i = 0; i < 3000; i++) {
      const stream = random(i, "pickle");
      const body = Array.from({ length: 1 + stream.integer(40) }, () => (stream.integer(2) === 0 ? Buffer.from(words[stream.integer(words.length)], "latin1") : opcodes.subarray(stream.integer(opcodes.length)).subarray(0, 1)));
      const pickle = Buffer.concat([head, ...body, tail]);
      tryOne(i % 2 === 0 ? pickle : forgePth({ pickle }), seen);
    }
    expect(seen.refused).toBe(3000);
  });
});
