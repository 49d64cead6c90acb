/** Hides what has a lower score than the slider's value, within the nearest `data-overlay`. */
const hide = [
  "var least=+this.value",
  "this.nextElementSibling.textContent=least.toFixed(2)",
  "this.closest('[data-overlay]').querySelectorAll('[data-score]').forEach(function(e){e.style.display=+e.getAttribute('data-score')<least?'none':''})",
].join(";");

/** A slider over the elements with `data-score` in the same `data-overlay`; plain HTML with an inline handler. */
export function scoreSlider(threshold: number): string {
  const input = `<input type="range" min="0" max="1" step="0.01" value="${threshold}" aria-label="lowest score shown" style="flex:0 1 16em;min-width:6em" oninput="${hide}">`;
  return `<label style="display:flex;align-items:center;gap:0.6em;font-size:0.85em;padding-bottom:8px;font-variant-numeric:tabular-nums"><span>score ≥</span>${input}<span>${threshold.toFixed(2)}</span></label>`;
}
