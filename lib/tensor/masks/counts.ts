import { MaskError, checkMaskSize, rleFromCounts } from "./rle.ts";
import type { MaskSize, Rle } from "./rle.ts";

/** COCO's characters begin here; each carries six bits. */
const FIRST = 48;
/** Five bits of the value, then one that says whether another character follows. */
const [VALUE_BITS, MORE, SIGN] = [0x1f, 0x20, 0x10];
/** A value has at most 33 bits with its sign, so seven characters. */
const LONGEST = 7;

/**
 * Writes run lengths as COCO's text: each run (from the fourth on its difference from the one two before) in groups of
 * five bits, low ones first, as characters "0" … "o" (cocoapi `rleToString`).
 */
export function compressCounts(counts: Uint32Array): string {
  const codes: number[] = [];
  for (let i = 0; i < counts.length; i++) {
    let value = i > 2 ? counts[i] - counts[i - 2] : counts[i];
    for (let more = true; more;) {
      const low = value - Math.floor(value / 32) * 32;
      value = Math.floor(value / 32);
      more = (low & SIGN) !== 0 ? value !== -1 : value !== 0;
      codes.push(FIRST + low + (more ? MORE : 0));
    }
  }
  return textOf(codes);
}

/** Character codes as text; in pieces, since a call takes only so many arguments. */
function textOf(codes: readonly number[]): string {
  let text = "";
  for (let from = 0; from < codes.length; from += 8192) text += String.fromCharCode(...codes.slice(from, from + 8192));
  return text;
}

/**
 * Reads COCO's text of run lengths, the inverse of `compressCounts`.
 * Throws MaskError for other characters, a text that ends inside a run, and runs that do not add up to the mask's pixels.
 */
export function decompressCounts(text: string, size: MaskSize, what = "mask"): Rle {
  checkMaskSize(size, what);
  const counts = new Float64Array(text.length);
  let length = 0;
  for (let at = 0; at < text.length; length++) {
    const end = endOfRun(text, at, what);
    const delta = readRun(text, at, end);
    counts[length] = length > 2 ? delta + counts[length - 2] : delta;
    at = end;
  }
  return rleFromCounts(counts.subarray(0, length), size, what);
}

/** The place after a run's last character. */
function endOfRun(text: string, from: number, what: string): number {
  for (let at = from; at < text.length; at++) {
    const code = text.charCodeAt(at) - FIRST;
    if (!(code >= 0 && code < 64)) throw new MaskError(`${what}: character ${at} of its counts is ${JSON.stringify(text[at])}, allowed are "0" to "o"; compressed counts are written by COCO's encode`);
    if ((code & MORE) === 0) return at + 1;
    if (at - from + 1 === LONGEST) throw new MaskError(`${what}: the run at character ${from} of its counts has more than ${LONGEST} characters, which no mask needs`);
  }
  throw new MaskError(`${what}: its counts end inside a run, at character ${text.length}; the text was cut off`);
}

function readRun(text: string, from: number, end: number): number {
  let value = 0;
  let scale = 1;
  let code = 0;
  for (let at = from; at < end; at++, scale *= 32) {
    code = text.charCodeAt(at) - FIRST;
    value += (code & VALUE_BITS) * scale;
  }
  return (code & SIGN) !== 0 ? value - scale : value;
}
