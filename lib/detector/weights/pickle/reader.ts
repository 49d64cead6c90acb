import { WeightFileError, type ByteSource } from "../source.ts";

/** Reads bytes in order. Every method throws WeightFileError where the bytes end. */
export interface ByteReader {
  /** Position of the next byte in the source. */
  position(): number;
  byte(): number;
  /** The next bytes, in a buffer of their own. */
  take(length: number): Uint8Array<ArrayBuffer>;
  /** The bytes before the next newline, which is passed over; at most 64 KiB. */
  line(): string;
}

const windowSize = 1 << 16;

/** A reader of a source's bytes from `start` to `end`, through a window of 64 KiB. */
export function byteReader(source: ByteSource, start = 0, end = source.size): ByteReader {
  let [window, base, at] = [new Uint8Array(0), start, 0];
  const truncated = (): never => { throw new WeightFileError(`${source.path} ends in the middle of its pickle, at byte ${end}. It is truncated or corrupt; fetch it again`); };
  const position = () => base + at;
  const fill = (): void => {
    base = position();
    if (base >= end) truncated();
    window = source.read(base, Math.min(windowSize, end - base));
    at = 0;
  };
  const byte = (): number => {
    if (at >= window.length) fill();
    return window[at++];
  };
  const take = (length: number): Uint8Array<ArrayBuffer> => {
    if (position() + length > end) truncated();
    if (at + length <= window.length) return window.slice(at, (at += length));
    const bytes = source.read(position(), length);
    [base, at, window] = [position() + length, 0, new Uint8Array(0)];
    return bytes;
  };
  const line = (): string => {
    const bytes: number[] = [];
    for (let next = byte(); next !== 10; next = byte()) {
      if (bytes.length >= windowSize) throw new WeightFileError(`${source.path} has a line of more than ${windowSize} bytes in its pickle at byte ${position()}. It is corrupt; fetch it again`);
      bytes.push(next);
    }
    return Buffer.from(bytes).toString("latin1");
  };
  return { position, byte, take, line };
}
