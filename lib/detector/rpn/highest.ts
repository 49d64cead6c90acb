/** Indices of the `count` highest values, descending; of equal ones the earlier comes first. Values that are not numbers are left out. */
export function highest(values: Float32Array, count: number): Int32Array {
  const numbers = values.filter((value) => !Number.isNaN(value));
  const places = Math.min(count, numbers.length);
  if (places === 0) return new Int32Array(0);
  const limit = numbers.sort()[numbers.length - places];
  const chosen: number[] = [];
  const tied: number[] = [];
  for (let i = 0; i < values.length; i++) {
    if (values[i] > limit) chosen.push(i);
    else if (values[i] === limit) tied.push(i);
  }
  const all = Int32Array.from([...chosen, ...tied.slice(0, places - chosen.length)]);
  return all.sort((i, j) => values[j] - values[i] || i - j);
}
