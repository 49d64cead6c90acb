import { detectionsPicture } from "../../report/detections-picture.ts";
import { displaySymbol } from "../../report/html.ts";
import type { Displayable, MimeBundle } from "../../report/html.ts";
import { firstRuns, lookAtRows } from "../open-rows.ts";
import type { RowResult } from "../row-result.ts";
import { note } from "./note.ts";
import type { Study } from "../study.ts";

export interface DetectionsOptions {
  /** Rows by id: a column each. */
  readonly rows: readonly string[];
  /** Positions of validation images. Default the first three. */
  readonly images?: readonly number[];
  /** Show masks, of detectors that make them. */
  readonly masks?: boolean;
  /** Where the slider for the lowest score begins; default 0.3. */
  readonly threshold?: number;
}

/**
 * Validation images with the ground truth and what rows' detectors find in them, one seed's, side by side. Rows that were not
 * trained are named beneath.
 */
export async function showDetections(study: Pick<Study, "validation" | "runs">, results: readonly RowResult[], options: DetectionsOptions): Promise<Displayable> {
  const { rows, masks = false, threshold = 0.3 } = options;
  const images = (options.images ?? [0, 1, 2]).filter((i) => i < study.validation.images.length);
  const shown = firstRuns(results, rows);
  const absent = rows.filter((id) => shown.every(({ row }) => row.id !== id));
  const missing = absent.length === 0 ? "" : `Not trained here: ${absent.join(", ")}.`;
  if (shown.length === 0) return note(`No picture: none of these rows has a trained detector. ${missing}`);
  const picture = detectionsPicture(await lookAtRows(study, shown, images, { masks }), { threshold });
  return missing === "" ? picture : withLine(picture, missing);
}

function withLine(picture: Displayable, line: string): Displayable {
  return {
    [displaySymbol]: async (): Promise<MimeBundle> => {
      const bundle = await picture[displaySymbol]();
      return { "text/html": `${String(bundle["text/html"])}<p>${line}</p>`, "text/plain": `${String(bundle["text/plain"])}\n${line}` };
    },
  };
}
