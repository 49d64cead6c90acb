/**
 * Sorts `order[from, to)` so that `key[order[i]]` descends; equal keys keep their order (numpy's mergesort of −key).
 * @param scratch as long as `order`; overwritten
 */
export function sortDescending(order: Int32Array, key: Float64Array, { from = 0, to = order.length, scratch }: { from?: number; to?: number; scratch: Int32Array }): void {
  const RUN = 12;
  for (let start = from; start < to; start += RUN) insertionSort(order, key, start, Math.min(start + RUN, to));
  let source = order;
  let target = scratch;
  for (let width = RUN; width < to - from; width *= 2) {
    for (let start = from; start < to; start += 2 * width) {
      merge(source, target, key, start, Math.min(start + width, to), Math.min(start + 2 * width, to));
    }
    [source, target] = [target, source];
  }
  if (source !== order) order.set(source.subarray(from, to), from);
}

function insertionSort(order: Int32Array, key: Float64Array, from: number, to: number): void {
  for (let i = from + 1; i < to; i++) {
    const item = order[i];
    const value = key[item];
    let j = i - 1;
    for (; j >= from && key[order[j]] < value; j--) order[j + 1] = order[j]!;
    order[j + 1] = item;
  }
}

function merge(source: Int32Array, target: Int32Array, key: Float64Array, from: number, middle: number, to: number): void {
  let left = from;
  let right = middle;
  for (let i = from; i < to; i++) {
    const takeLeft = left < middle && (right >= to || key[source[left]] >= key[source[right]]);
    target[i] = takeLeft ? source[left++] : source[right++];
  }
}
