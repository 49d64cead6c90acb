/** The method through which a value shows itself in a notebook. */
export const displaySymbol: unique symbol = Symbol.for("Jupyter.display") as never;

/** MIME type → content. */
export type MimeBundle = Readonly<Record<string, unknown>>;

/** A value that shows itself in a notebook. */
export interface Displayable {
  [displaySymbol](): MimeBundle | Promise<MimeBundle>;
}

const ENTITIES: Readonly<Record<string, string>> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#39;" };

/** Text made safe for HTML and SVG, in elements and in quoted attributes. */
export function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => ENTITIES[character]);
}
