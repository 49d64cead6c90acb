import { displaySymbol, escapeHtml } from "./html.ts";
import type { Displayable } from "./html.ts";
import { colour, darkTextOn } from "./palette.ts";

/** How one whole is divided. */
export interface ShareBar {
  readonly label: string;
  /** Parts of the whole, in the order of the names; they need not add up to 1. */
  readonly shares: readonly number[];
}

/**
 * Bars of equal length, one per row, each cut into its named shares in per cent.
 * @throws RangeError for another number of shares than of names, and for shares below 0 or without a sum
 */
export function shareBars(names: readonly string[], bars: readonly ShareBar[]): Displayable {
  for (const { label, shares } of bars) {
    if (shares.length !== names.length) throw new RangeError(`"${label}" has ${shares.length} shares; allowed: one for each of ${names.length} names`);
    if (!shares.every((share) => share >= 0) || !(sum(shares) > 0 && sum(shares) < Infinity)) throw new RangeError(`"${label}" has the shares ${shares.join(", ")}; allowed: numbers from 0, not all 0`);
  }
  return { [displaySymbol]: () => ({ "text/html": html(names, bars), "text/plain": bars.map((bar) => describe(names, bar)).join("\n") }) };
}

const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0);

function percent({ shares }: ShareBar): number[] {
  return shares.map((share) => (100 * share) / sum(shares));
}

function describe(names: readonly string[], bar: ShareBar): string {
  return `${bar.label}: ${percent(bar).map((share, i) => `${names[i]} ${share.toFixed(0)} %`).join(", ")}`;
}

function html(names: readonly string[], bars: readonly ShareBar[]): string {
  const rows = bars.map((bar) => `<div style="font-size:0.9em;font-weight:600">${escapeHtml(bar.label)}</div><div role="img" aria-label="${escapeHtml(describe(names, bar))}" style="display:flex;gap:2px;min-width:0">${segments(names, bar)}</div>`);
  return `<div style="color:inherit;display:grid;grid-template-columns:auto minmax(0,1fr);gap:6px 12px;align-items:center;max-width:640px">${rows.join("")}</div>`;
}

/** A segment that is too short for its text shows none of it; the title has it. */
function segments(names: readonly string[], bar: ShareBar): string {
  return percent(bar).map((share, i) => {
    const [fill, text] = [colour(i), `${names[i]} ${share.toFixed(0)} %`];
    const style = `flex:${share.toFixed(3)} 1 0;min-width:0;overflow:hidden;white-space:nowrap;font-size:0.8em;line-height:1.9em;text-align:center;background:${fill};color:${darkTextOn(fill) ? "#000" : "#fff"}`;
    return `<span title="${escapeHtml(text)}" style="${style}">${share < 10 ? "&nbsp;" : escapeHtml(text)}</span>`;
  }).join("");
}
