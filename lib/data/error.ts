/** Data that contradicts its format: says where, what was received, what is allowed and how to mend it. */
export class DatasetError extends Error {
  override name = "DatasetError";
}

/** Short form of a received value for a message. */
export function shown(value: unknown): string {
  const text = typeof value === "number" || value === undefined ? String(value) : JSON.stringify(value);
  return text.length > 80 ? `${text.slice(0, 77)}...` : text;
}
