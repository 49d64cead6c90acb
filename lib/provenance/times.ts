/** A moment as run crates want it: UTC, three decimals, offset `+00:00` (the validator takes no `Z`). */
export function isoTime(milliseconds: number): string {
  return new Date(milliseconds).toISOString().replace("Z", "+00:00");
}
