/** Jupyter counts cursor positions in Unicode code points, JavaScript in UTF-16 units: this is the first to the second. */
export function toUtf16(text: string, codePoints: number): number {
  let units = 0;
  for (let left = codePoints; left > 0 && units < text.length; left--) units += text.codePointAt(units)! > 0xffff ? 2 : 1;
  return units;
}

/** The number of code points in the first `units` UTF-16 units of `text`. */
export function toCodePoints(text: string, units: number): number {
  let count = 0;
  for (let at = 0; at < units && at < text.length; count++) at += text.codePointAt(at)! > 0xffff ? 2 : 1;
  return count;
}
