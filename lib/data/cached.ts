import type { Dataset, Pixels } from "./dataset.ts";

/**
 * A dataset that keeps decoded images up to `limitBytes`, the least recently used going first. Pixels are shared: do
 * not write to them. An image asked for twice at once is decoded once; a failed one is tried again.
 */
export function cached<D extends Dataset>(dataset: D, limitBytes: number = 256 << 20): D {
  const kept = new Map<number, Pixels>();
  const pending = new Map<number, Promise<Pixels>>();
  let bytes = 0;
  const keep = (index: number, pixels: Pixels) => {
    if (pixels.data.byteLength > limitBytes) return;
    kept.set(index, pixels);
    bytes += pixels.data.byteLength;
    for (const [oldest, old] of kept) {
      if (bytes <= limitBytes) break;
      kept.delete(oldest);
      bytes -= old.data.byteLength;
    }
  };
  const load = async (index: number): Promise<Pixels> => {
    try {
      const pixels = await dataset.pixels(index);
      keep(index, pixels);
      return pixels;
    } finally {
      pending.delete(index);
    }
  };
  const pixels = async (index: number): Promise<Pixels> => {
    const hit = kept.get(index);
    if (hit !== undefined) {
      kept.delete(index);
      kept.set(index, hit);
      return hit;
    }
    const waiting = pending.get(index) ?? load(index);
    if (!kept.has(index)) pending.set(index, waiting);
    return waiting;
  };
  return { ...dataset, pixels };
}
