/** Data that contradicts its format: says where, what was received, what is allowed and how to mend it. */
export class DatasetError extends Error {
  override name = "DatasetError";
}

/** Short form of a received value for a message; NaN and infinities, which JSON lacks, are written as they are. */
export function shown(value: unknown): string {
  const bare = (_key: string, v: unknown) => (typeof v === "number" && !Number.isFinite(v) ? `\u0000${v}\u0000` : v);
  const text = value === undefined ? "undefined" : JSON.stringify(value, bare).replace(/"\\u0000(-?\w+)\\u0000"/g, "$1");
  return text.length > 80 ? `${text.slice(0, 77)}...` : text;
}
