import type { Rendered } from "./mime.ts";
import { render } from "./render.ts";

export type { MimeBundle } from "./mime.ts";
export { plotlyToPng, plotlyToSvg } from "./plotly-static.ts";

/**
 * A value as MIME bundle and metadata. In this order: its own `Symbol.for("Jupyter.display")` method, encoded images,
 * Plotly figures, data frames, tensors, arrays of records, and otherwise text. Never rejects.
 */
export async function mimeBundle(value: unknown): Promise<Rendered> {
  return render(value);
}
