const multiplier = 0x5bd1e995;

/** MurmurHash2 (32 bits, of the UTF-8 bytes), by which frontends and kernels name a cell's code. */
export function murmur2(text: string, seed: number): number {
  const bytes = new TextEncoder().encode(text);
  const view = new DataView(bytes.buffer);
  let hash = seed ^ bytes.length;
  let at = 0;
  for (; at + 4 <= bytes.length; at += 4) {
    let block = Math.imul(view.getUint32(at, true), multiplier);
    block = Math.imul(block ^ (block >>> 24), multiplier);
    hash = Math.imul(hash, multiplier) ^ block;
  }
  if (at < bytes.length) {
    for (let rest = bytes.length - 1; rest >= at; rest--) hash ^= bytes[rest] << (8 * (rest - at));
    hash = Math.imul(hash, multiplier);
  }
  hash = Math.imul(hash ^ (hash >>> 13), multiplier);
  return (hash ^ (hash >>> 15)) >>> 0;
}
