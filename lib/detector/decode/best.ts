import { byScore } from "./nms.ts";

/**
 * The first `count` of {@link byScore}, without sorting the others: of the millions of a level a thousand go on. Linear in
 * the number of scores, however they are spread.
 */
export function bestByScore(scores: Float32Array, count: number): Int32Array {
  const least = nthLargest(scores, count);
  if (least === -Infinity) return byScore(scores).subarray(0, count);
  const above: number[] = [];
  const equal: number[] = [];
  for (let i = 0; i < scores.length; i++) {
    if (scores[i] > least) above.push(i);
    else if (scores[i] === least && equal.length < count) equal.push(i);
  }
  const order = byScore(Float32Array.from(above, (i) => scores[i]));
  return Int32Array.from([...Array.from(order, (k) => above[k]), ...equal.slice(0, count - above.length)]);
}

/** The n-th largest value, n ≥ 1; −Infinity when there are fewer, not-a-number not counted. Two histograms of 16 bits each. */
export function nthLargest(values: Float32Array, n: number): number {
  if (n < 1 || values.length < n) return -Infinity;
  const bits = new Uint32Array(values.buffer, values.byteOffset, values.length);
  const coarse = new Int32Array(1 << 16);
  for (let i = 0; i < bits.length; i++) coarse[rankOf(bits[i]) >>> 16]++;
  const upper = binOfNth(coarse, n);
  const fine = new Int32Array(1 << 16);
  for (let i = 0; i < bits.length; i++) {
    const rank = rankOf(bits[i]);
    if (rank >>> 16 === upper.bin) fine[rank & 0xffff]++;
  }
  return valueOf(((upper.bin << 16) | binOfNth(fine, n - upper.above).bin) >>> 0);
}

/** The bin in which the n-th entry from above lies, and how many entries lie in the bins above. */
function binOfNth(histogram: Int32Array, n: number): { bin: number; above: number } {
  let bin = histogram.length - 1;
  let above = 0;
  while (above + histogram[bin] < n) above += histogram[bin--];
  return { bin, above };
}

/** A float's bits as an unsigned number that rises with the float; 0 for not-a-number. */
function rankOf(bits: number): number {
  if ((bits & 0x7fffffff) > 0x7f800000) return 0;
  return (bits >>> 31 === 0 ? bits | 0x80000000 : ~bits) >>> 0;
}

function valueOf(rank: number): number {
  if (rank === 0) return -Infinity;
  return new Float32Array(Uint32Array.of(rank >= 0x80000000 ? rank ^ 0x80000000 : ~rank).buffer)[0];
}
