import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { readWeights } from "../../../../lib/detector/weights/read.ts";
import { WeightFileError } from "../../../../lib/detector/weights/source.ts";
import { forgePth, forgeStateDict, forgeZip } from "./forge.ts";

const folder = mkdtempSync(join(tmpdir(), "potstill-refusals-"));
afterAll(() => { rmSync(folder, { recursive: true }); });

const latin1 = (text: string) => Buffer.from(text, "latin1");
const values = (bytes: Uint8Array) => [...readWeights(bytes).tensors].map(([name, { shape, data }]) => [name, [...shape], [...data]]);
const one = [["w", [2, 2], [1, 2, 3, 4]]];

function refusal(bytes: Uint8Array, name = "bad.pth"): string {
  const path = join(folder, name);
  writeFileSync(path, bytes);
  let message = "";
  expect(() => {
    try {
      readWeights(path);
    } catch (error) {
      message = (error as Error).message;
      throw error;
    }
  }).toThrow(WeightFileError);
  expect(message).toContain(path);
  return message;
}

describe("forged archives that are sound", () => {
  it.each([
    ["stored", forgePth()],
    ["deflated", forgePth({ member: { deflate: true } })],
    ["zip64 sizes", forgePth({ member: { zip64: true } })],
    ["zip64 end", forgePth({ member: { zip64: true, deflate: true }, zip64: true })],
    ["a checksum left out", forgePth({ member: { crc: 0 } })],
  ])("%s are read", (_, bytes) => { expect(values(bytes)).toEqual(one); });
});

/** Pickles that run a command when Python loads them, by how they name it. */
const commands: [string, Buffer, string][] = [
  ["os.system by os.system", latin1("\x80\x02cos\nsystem\nX\x04\0\0\0trueq\0\x85R."), "os.system"],
  ["os.system as pickled", latin1("\x80\x02cposix\nsystem\nX\x04\0\0\0true\x85R."), "os.system (as posix.system)"],
  ["os.system on Windows", latin1("cnt\nsystem\n(S'dir'\ntR."), "os.system (as nt.system)"],
  ["os.system by protocol 0", latin1("cos\nsystem\n(S'true'\ntR."), "os.system"],
  ["os.system by INST", latin1("(S'true'\nios\nsystem\n."), "os.system"],
  ["os.system by OBJ", latin1("(cos\nsystem\nS'true'\no."), "os.system"],
  ["os.system by STACK_GLOBAL", latin1("\x80\x04\x8c\x02os\x8c\x06system\x93\x8c\x04true\x85R."), "os.system"],
  ["os.system by NEWOBJ", latin1("\x80\x02cos\nsystem\nX\x04\0\0\0true\x85\x81."), "os.system"],
  ["eval", latin1("\x80\x02c__builtin__\neval\nX\x01\0\0\x001\x85R."), "builtins.eval"],
  ["exec", latin1("\x80\x04\x8c\x08builtins\x8c\x04exec\x93."), "builtins.exec"],
  ["__import__", latin1("c__builtin__\n__import__\n(S'os'\ntR."), "builtins.__import__"],
  ["subprocess", latin1("\x80\x02csubprocess\nPopen\n]X\x04\0\0\0truea\x85R."), "subprocess.Popen"],
  ["a nested torch.load", latin1("\x80\x02ctorch.storage\n_load_from_bytes\nX\x01\0\0\0x\x85R."), "torch.storage._load_from_bytes"],
  ["getattr on a module", latin1("\x80\x02c__builtin__\ngetattr\nccollections\nOrderedDict\nX\x03\0\0\0pop\x86R."), "builtins.getattr"],
  ["a whole model", latin1("\x80\x02ctorch.nn.modules.conv\nConv2d\n)\x81."), "torch.nn.modules.conv.Conv2d"],
  ["a name like a prototype's", latin1("\x80\x02c__proto__\nconstructor\n)R."), "__proto__.constructor"],
  ["a dotted name behind a harmless module", latin1("\x80\x04\x8c\x0bcollections\x8c\x14OrderedDict.__init__\x93."), "collections.OrderedDict.__init__"],
];

describe("pickles that ask for code", () => {
  it.each(commands)("%s are refused by name, alone, in an archive and in the old form", (_, pickle, name) => {
    const legacy = Buffer.concat([latin1("\x80\x02\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19\x2e\x80\x02M\xe9\x03.\x80\x02}."), pickle]);
    for (const bytes of [pickle, forgePth({ pickle }), legacy]) {
      const message = refusal(bytes);
      expect(message).toContain(`asks for ${name}`);
      expect(message).toMatch(/Nothing of it was executed/);
    }
  });

  it("keep harmless classes as data", () => {
    const pickle = latin1("\x80\x02}(X\x04\0\0\0metacargparse\nNamespace\n)\x81}X\x02\0\0\0lrG?\x94z\xe1G\xae\x14{sbX\x01\0\0\0hcmmengine.logging.history_buffer\nHistoryBuffer\n)\x81X\x01\0\0\0gc__builtin__\ngetattr\ncmmengine.logging.history_buffer\nHistoryBuffer\nX\x03\0\0\0min\x86Ru.");
    expect(refusal(pickle)).toMatch(/holds no weights: it is a dict of meta, h, g\. A state dict is needed/);
  });
});

const [fewZeros, manyZeros] = [new Float32Array(1 << 12), new Float32Array(1 << 24)];

describe("files that claim too much", () => {
  it.each([
    ["a bomb of zeros", () => forgePth({ tensors: [{ name: "w", length: 1 << 24, shape: [1 << 24], strides: [1] }], data: manyZeros, member: { deflate: true } }), /zip bomb/],
    ["a claim beyond deflate", () => forgePth({ tensors: [{ name: "w", length: 1 << 12, shape: [4], strides: [1] }], data: fewZeros, member: { deflate: true, claims: 1 << 23 } }), /more than deflate can \(a zip bomb\?\)/],
    ["more bytes than claimed", () => forgePth({ data: fewZeros, member: { deflate: true, claims: 1024 } }), /inflates to more than the 1024 bytes/],
    ["fewer bytes than claimed", () => forgePth({ member: { deflate: true, claims: 1024 } }), /inflates to 16 bytes, its directory claims 1024/],
    ["a wrong checksum", () => forgePth({ member: { deflate: true, crc: 5 } }), /does not match its checksum/],
    ["an absurd expansion", () => forgePth({ tensors: [{ name: "w", length: 4, shape: [1 << 20, 1 << 20], strides: [0, 0] }] }), /w of shape \[1048576, 1048576\].*made to fill the memory/],
    ["a thousand views of one storage", () => forgePth({ tensors: Array.from({ length: 1000 }, (_, i) => ({ name: `w${i}`, length: 4096, shape: [64, 64], strides: [64, 1] })), data: fewZeros, member: {} }), undefined],
    ["a tensor beyond its storage", () => forgePth({ tensors: [{ name: "w", length: 4, shape: [2, 2], strides: [3, 1] }] }), /tensor w of shape \[2, 2\] and strides \[3, 1\] at element 0 reaches to element 5 of a storage of 4/],
    ["an offset beyond the storage", () => forgePth({ tensors: [{ name: "w", length: 4, offset: 3, shape: [2], strides: [1] }] }), /reaches to element 5/],
    ["negative shapes", () => forgePth({ tensors: [{ name: "w", length: 4, shape: [-2, -2], strides: [1, 1] }] }), /no whole numbers from 0/],
    ["negative strides", () => forgePth({ tensors: [{ name: "w", length: 4, shape: [2], strides: [-1] }] }), /no whole numbers from 0/],
    ["a storage larger than its member", () => forgePth({ tensors: [{ name: "w", length: 5, shape: [5], strides: [1] }] }), /storage 0 of 5 float32 has only 16 bytes/],
    ["a missing member", () => forgePth({ tensors: [{ name: "w", key: "7", length: 4, shape: [4], strides: [1] }] }), /archive\/data\/7 is missing/],
    ["an unknown storage", () => forgePth({ tensors: [{ name: "w", length: 4, shape: [4], strides: [1], type: "QInt8Storage" }] }), /asks for torch\.QInt8Storage/],
    ["an encrypted member", () => forgePth({ member: { flags: 1 } }), /archive\/data\/0 is encrypted/],
    ["another compression", () => forgePth({ member: { method: 12 } }), /method 12; allowed: 0 \(stored\), 8 \(deflate\)/],
    ["two members of one name", () => forgeZip([{ name: "a/data.pkl", data: latin1("N.") }, { name: "a/data.pkl", data: latin1("N.") }]), /there twice/],
    ["no data.pkl", () => forgeZip([{ name: "word/document.xml", data: latin1("x") }]), /0 members named data\.pkl.*word\/document\.xml/],
    ["big-endian numbers", () => forgeZip([{ name: "a/data.pkl", data: latin1("N.") }, { name: "a/byteorder", data: latin1("big") }]), /big-endian/],
    ["TorchScript", () => forgeZip([{ name: "a/data.pkl", data: latin1("N.") }, { name: "a/constants.pkl", data: latin1("N.") }]), /TorchScript/],
  ])("%s", (_, make, message) => {
    const bytes = make();
    if (message === undefined) expect(() => readWeights(bytes)).not.toThrow();
    else expect(refusal(bytes)).toMatch(message);
  });

  it("a pickle bomb: lists of lists that double, sets made of them, and memo entries that were never stored", () => {
    const doubling = Buffer.concat([latin1("\x80\x02]q\0(K\x01K\x02e"), ...Array.from({ length: 40 }, (_, i) => latin1(`]q${String.fromCharCode(i + 1)}(h${String.fromCharCode(i)}h${String.fromCharCode(i)}e`)), latin1(".")]);
    expect(refusal(doubling)).toMatch(/holds no weights: it is a list of 2 values/);
    const sets = Buffer.concat([latin1("\x80\x02](" + "K\x01".repeat(100_000) + "eq\0" + "c__builtin__\nset\nh\0\x85R0".repeat(1000)), latin1(".")]);
    expect(refusal(sets)).toMatch(/more than 2000000 steps/);
    expect(refusal(latin1("\x80\x02r\xff\xff\xff\x7f."))).toMatch(/the stack is empty/);
    expect(refusal(latin1("\x80\x02j\xff\xff\xff\x7f."))).toMatch(/memo 2147483647 was never stored/);
    expect(refusal(latin1("\x80\x02}".padEnd(300_000, "}") + "."))).toMatch(/more than 2000000 steps/);
    expect(refusal(latin1("\x80\x02\x8b\xff\xff\xff\x7f."))).toMatch(/integer of 2147483647 bytes/);
    expect(refusal(latin1("\x80\x04\x8e\xff\xff\xff\xff\0\0\0\0."))).toMatch(/ends in the middle of its pickle/);
    expect(refusal(latin1("\x80\x04\x8e\xff\xff\xff\xff\xff\xff\xff\xff."))).toMatch(/a length of/);
  });

  it("numpy arrays whose bytes are too few", () => {
    const array = (shape: string) => latin1(`\x80\x02}X\x01\0\0\0wcnumpy.core.multiarray\n_reconstruct\n(cnumpy\nndarray\nK\0\x85U\x01btR(K\x01${shape}cnumpy\ndtype\nU\x02f4K\0K\x01\x87R(K\x03U\x01<NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\0tb\x89U\x08\0\0\x80?\0\0\0@tbs.`);
    expect(values(array("K\x02\x85"))).toEqual([["w", [2], [1, 2]]]);
    expect(refusal(array("K\x03\x85"))).toMatch(/reaches to element 3 of a storage of 2/);
    expect(refusal(array("J\xff\xff\xff\x7f\x85"))).toMatch(/reaches to element 2147483647/);
  });
});

describe("files that are none", () => {
  it.each([
    ["an empty file", Buffer.alloc(0), /it has 0 bytes \(a stopped download\?\)/],
    ["a web page", Buffer.from("<!DOCTYPE html><title>404</title>"), /a web page, as a server sends/],
    ["gzip", Buffer.from("1f8b08000000", "hex"), /compressed with gzip/],
    ["a pointer of Git LFS", Buffer.from("version https://git-lfs.github.com/spec/v1\n"), /git lfs pull/],
    ["noise", Buffer.from("ffd8ffe000104a46", "hex"), /begins with bytes ffd8ffe000104a46/],
    ["a list", latin1("\x80\x02]."), /it is a list of 0 values/],
    ["None", latin1("\x80\x02N."), /it is None/],
    ["a dict of settings", latin1("\x80\x02}X\x05\0\0\0epochK\x01s."), /a dict of epoch/],
  ])("%s", (_, bytes, message) => { expect(refusal(bytes)).toMatch(message); });

  it("absent files and folders", () => {
    expect(() => readWeights(join(folder, "absent.pth"))).toThrow(/absent\.pth does not exist; `potstill weights list`/);
    expect(() => readWeights(folder)).toThrow(/is a folder/);
  });

  it("every cut of a sound file", () => {
    const legacy = latin1("\x80\x02\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19\x2e\x80\x02M\xe9\x03.\x80\x02}.");
    const whole = Buffer.concat([legacy, forgeStateDict([{ name: "w", length: 4, shape: [4], strides: [1] }]), latin1("\x80\x02]X\x01\0\0\x000a."), Buffer.from("0400000000000000", "hex"), Buffer.from(new Float32Array([1, 2, 3, 4]).buffer)]);
    expect(values(whole)).toEqual([["w", [4], [1, 2, 3, 4]]]);
    for (const bytes of [whole, forgePth(), forgePth({ member: { deflate: true } })]) {
      for (let end = 0; end < bytes.length; end++) expect(() => readWeights(bytes.subarray(0, end)), `${end} of ${bytes.length}`).toThrow(WeightFileError);
    }
  });
});

describe("values that are no weights", () => {
  it("NaN and infinity are refused with their place, or kept when asked", () => {
    const bytes = forgePth({ data: new Float32Array([1, 2, NaN, 4]) });
    expect(refusal(bytes)).toMatch(/tensor w holds NaN at element 2 of 4; .*diverged/);
    expect(readWeights(bytes, { nonFinite: "keep" }).tensors.get("w")!.data[2]).toBeNaN();
    expect(refusal(forgePth({ data: new Float32Array([1, -Infinity, 3, 4]) }))).toMatch(/holds -Infinity at element 1/);
  });

  it("doubles beyond float32 and whole numbers that it rounds are refused", () => {
    const data = (bytes: ArrayBuffer) => new Float32Array(bytes);
    const doubles = forgePth({ tensors: [{ name: "w", length: 2, shape: [2], strides: [1], type: "DoubleStorage" }], data: data(new Float64Array([0.1, 1e300]).buffer) });
    expect(refusal(doubles)).toMatch(/tensor w holds 1e\+300, beyond float32/);
    const longs = forgePth({ tensors: [{ name: "w", length: 2, shape: [2], strides: [1], type: "LongStorage" }], data: data(new BigInt64Array([1n, (1n << 24n) + 1n]).buffer) });
    expect(refusal(longs)).toMatch(/whole number 16777217, which float32 rounds/);
  });
});
