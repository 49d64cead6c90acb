import type { Machine, Operation } from "./machine.ts";

const view = (bytes: Uint8Array) => new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);

/** Longest integer in bytes; PyTorch's own are at most ten. */
const maxLong = 1024;

function long(machine: Machine, length: number): number | bigint {
  if (length > maxLong) machine.fail(`an integer of ${length} bytes; allowed up to ${maxLong}`);
  const bytes = machine.reader.take(length);
  let value = 0n;
  for (let i = length - 1; i >= 0; i--) value = (value << 8n) | BigInt(bytes[i]);
  if (length > 0 && bytes[length - 1] >= 0x80) value -= 1n << BigInt(8 * length);
  return plain(value);
}

function plain(value: bigint): number | bigint {
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : value;
}

function written(machine: Machine, ending: RegExp): number | bigint | boolean {
  const line = machine.reader.line();
  if (line === "00" || line === "01") return line === "01"; // how protocol 0 writes False and True
  const digits = line.replace(ending, "");
  return /^-?\d{1,2400}$/.test(digits) ? plain(BigInt(digits)) : machine.fail(`"${line.slice(0, 40)}" is no integer`);
}

const notFinite: ReadonlyMap<string, number> = new Map([["nan", NaN], ["inf", Infinity], ["-inf", -Infinity]]);

function writtenFloat(machine: Machine): number {
  const line = machine.reader.line().trim();
  const special = notFinite.get(line);
  const value = special ?? (line === "" ? NaN : Number(line));
  return special === undefined && Number.isNaN(value) ? machine.fail(`"${line.slice(0, 40)}" is no number`) : value;
}

/** Opcodes that push numbers. */
export const numberOps: readonly (readonly [number, Operation])[] = [
  [0x46, (m) => { m.push(writtenFloat(m)); }], // F
  [0x49, (m) => { m.push(written(m, /$/)); }], // I
  [0x4c, (m) => { m.push(written(m, /L$/)); }], // L
  [0x4a, (m) => { m.push(view(m.reader.take(4)).getInt32(0, true)); }], // J
  [0x4b, (m) => { m.push(m.reader.byte()); }], // K
  [0x4d, (m) => { m.push(view(m.reader.take(2)).getUint16(0, true)); }], // M
  [0x47, (m) => { m.push(view(m.reader.take(8)).getFloat64(0, false)); }], // G
  [0x8a, (m) => { m.push(long(m, m.reader.byte())); }],
  [0x8b, (m) => { m.push(long(m, view(m.reader.take(4)).getUint32(0, true))); }],
];
