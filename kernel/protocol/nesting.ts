const [quote, backslash] = [0x22, 0x5c];
const opening = new Set([0x5b, 0x7b]);
const closing = new Set([0x5d, 0x7d]);

/**
 * Whether JSON text, in UTF-8, holds arrays or objects within each other to more than `limit` levels. JSON.parse copes
 * with any depth; writing such a value again (as a parent header) or cloning it overflows the stack.
 */
export function isDeeperThan(limit: number, json: Uint8Array): boolean {
  if (json.length <= 2 * limit) return false; // every level takes two bytes
  let depth = 0;
  for (let i = 0; i < json.length; i++) {
    const byte = json[i];
    if (byte === quote) i = endOfString(json, i);
    else if (opening.has(byte) && ++depth > limit) return true;
    else if (closing.has(byte)) depth--;
  }
  return false;
}

function endOfString(json: Uint8Array, start: number): number {
  let end = json.indexOf(quote, start + 1);
  while (end >= 0 && isEscaped(json, end)) end = json.indexOf(quote, end + 1);
  return end < 0 ? json.length : end;
}

/** Whether an odd number of backslashes stands before a quote. */
function isEscaped(json: Uint8Array, at: number): boolean {
  let start = at;
  while (json[start - 1] === backslash) start--;
  return (at - start) % 2 === 1;
}
