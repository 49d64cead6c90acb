import { crc32, deflateRawSync } from "node:zlib";

/** A member of a zip archive to forge; sizes can be lied about. */
export interface ForgedMember {
  readonly name: string;
  readonly data: Uint8Array;
  readonly deflate?: boolean;
  /** Sizes and position go to zip64 fields. */
  readonly zip64?: boolean;
  /** What the directory claims as uncompressed size. */
  readonly claims?: number;
  readonly crc?: number;
  readonly flags?: number;
  readonly method?: number;
}

const u16 = (...values: number[]) => Buffer.concat(values.map((value) => { const b = Buffer.alloc(2); b.writeUInt16LE(value); return b; }));
const u32 = (...values: number[]) => Buffer.concat(values.map((value) => { const b = Buffer.alloc(4); b.writeUInt32LE(value); return b; }));
const u64 = (...values: number[]) => Buffer.concat(values.map((value) => { const b = Buffer.alloc(8); b.writeBigUInt64LE(BigInt(value)); return b; }));

/** Bytes of a zip archive. `zip64`: also its end is in the 64-bit form. */
export function forgeZip(members: readonly ForgedMember[], { zip64 = false } = {}): Buffer {
  const [locals, directory]: [Buffer[], Buffer[]] = [[], []];
  let at = 0;
  for (const member of members) {
    const body = member.deflate ? deflateRawSync(member.data) : Buffer.from(member.data);
    const [name, method, size] = [Buffer.from(member.name), member.method ?? (member.deflate ? 8 : 0), member.claims ?? member.data.length];
    const crc = member.crc ?? crc32(member.data);
    const head = [u16(45, member.flags ?? 0, method, 0, 0), u32(crc)];
    const extra = member.zip64 ? Buffer.concat([u16(1, 24), u64(size, body.length, at)]) : Buffer.alloc(0);
    const sizes = member.zip64 ? u32(0xffffffff, 0xffffffff) : u32(body.length, size);
    const padding = Buffer.from("FB\x05\0ZZZZZ"); // as PyTorch aligns its storages
    const local = Buffer.concat([u32(0x04034b50), ...head, u32(body.length, size), u16(name.length, padding.length), name, padding, body]);
    directory.push(Buffer.concat([u32(0x02014b50), u16(45), ...head, sizes, u16(name.length, extra.length, 0, 0, 0), u32(0), u32(member.zip64 ? 0xffffffff : at), name, extra]));
    locals.push(local);
    at += local.length;
  }
  const entries = Buffer.concat(directory);
  const end64 = zip64 ? [u32(0x06064b50), u64(44), u16(45, 45), u32(0, 0), u64(members.length, members.length, entries.length, at), u32(0x07064b50, 0), u64(at + entries.length), u32(1)] : [];
  const [count, size, offset] = zip64 ? [0xffff, 0xffffffff, 0xffffffff] : [members.length, entries.length, at];
  return Buffer.concat([...locals, entries, ...end64, u32(0x06054b50), u16(0, 0, count, count), u32(size, offset), u16(0)]);
}

const text = (value: string) => Buffer.concat([Buffer.from("X"), u32(Buffer.byteLength(value)), Buffer.from(value)]);
const int = (value: number) => Buffer.concat([Buffer.from("J"), u32(value >>> 0)]);
const ints = (values: readonly number[]) => Buffer.concat([Buffer.from("("), ...values.map(int), Buffer.from("t")]);

/** A tensor as PyTorch pickles it. */
export interface ForgedTensor {
  readonly name: string;
  readonly key?: string;
  /** Elements that the storage claims. */
  readonly length: number;
  readonly offset?: number;
  readonly shape: readonly number[];
  readonly strides: readonly number[];
  readonly type?: string;
}

/** Bytes of the pickle of a dict of tensors. */
export function forgeStateDict(tensors: readonly ForgedTensor[]): Buffer {
  const entries = tensors.map(({ name, key = "0", length, offset = 0, shape, strides, type = "FloatStorage" }) => Buffer.concat([
    text(name), Buffer.from("ctorch._utils\n_rebuild_tensor_v2\n(("), text("storage"), Buffer.from(`ctorch\n${type}\n`), text(key), text("cpu"), int(length),
    Buffer.from("tQ"), int(offset), ints(shape), ints(strides), Buffer.from("\x89ccollections\nOrderedDict\n)RtR", "latin1"),
  ]));
  return Buffer.concat([Buffer.from("\x80\x02}(", "latin1"), ...entries, Buffer.from("u.")]);
}

/** A `.pth` of one float32 tensor `w`; its parts can be replaced. */
export function forgePth({ tensors = [{ name: "w", length: 4, shape: [2, 2], strides: [2, 1] }], pickle = forgeStateDict(tensors), data = new Float32Array([1, 2, 3, 4]), member = {}, zip64 = false }: {
  readonly tensors?: readonly ForgedTensor[];
  readonly pickle?: Uint8Array;
  readonly data?: Float32Array;
  readonly member?: Partial<ForgedMember>;
  readonly zip64?: boolean;
} = {}): Buffer {
  return forgeZip([{ name: "archive/data.pkl", data: pickle }, { name: "archive/data/0", data: new Uint8Array(data.buffer), ...member }, { name: "archive/byteorder", data: Buffer.from("little") }], { zip64 });
}
