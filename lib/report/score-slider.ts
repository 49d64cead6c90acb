/** Hides what has a lower score than the slider's value, and shows what says that nothing has a higher one, within the nearest `data-overlay`. */
const hide = [
  "var least=+this.value",
  "this.nextElementSibling.textContent=least.toFixed(2)",
  "this.closest('[data-overlay]').querySelectorAll('[data-score]').forEach(function(e){e.style.display=+e.getAttribute('data-score')<least?'none':''})",
  "this.closest('[data-overlay]').querySelectorAll('[data-best]').forEach(function(e){e.style.display=+e.getAttribute('data-best')<least?'':'none';e.firstElementChild.textContent=least.toFixed(2)})",
].join(";");

/** "none ≥ 0.30; best 0.27": shown while no score reaches the slider's value. */
export function noneAbove(scores: ArrayLike<number>, threshold: number): string {
  if (scores.length === 0) return "<span>none at any score</span>";
  const best = Math.max(...Array.from(scores));
  // Rounded down, so that a best score just below the threshold does not read as one that reaches it.
  return `<span data-best="${best.toFixed(4)}"${best < threshold ? "" : ' style="display:none"'}>none ≥ <span>${threshold.toFixed(2)}</span>; best ${(Math.floor(best * 100) / 100).toFixed(2)}</span>`;
}

/** A slider over the elements with `data-score` and `data-best` in the same `data-overlay`; plain HTML with an inline handler. */
export function scoreSlider(threshold: number): string {
  const input = `<input type="range" min="0" max="1" step="0.01" value="${threshold}" aria-label="lowest score shown" style="flex:0 1 16em;min-width:6em" oninput="${hide}">`;
  return `<label style="display:flex;align-items:center;gap:0.6em;font-size:0.85em;padding-bottom:8px;font-variant-numeric:tabular-nums"><span>score ≥</span>${input}<span>${threshold.toFixed(2)}</span></label>`;
}
