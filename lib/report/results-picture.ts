import { judgementsOf, type ResultsRecord } from "../papers/recorded.ts";
import { claimsFigure } from "./claims-figure.ts";
import type { Figure } from "./figures.ts";

/** What held and what did not by a site's `results.json`, ready to be drawn: CSS pixels. */
export function resultsPicture(record: ResultsRecord): { readonly figure: Figure; readonly width: number; readonly height: number } {
  const judgements = judgementsOf(record);
  const seeds = new Set(judgements.flatMap((judgement) => judgement.seeds)).size;
  const figure = claimsFigure(judgements, { title: `What held, and what did not: ${record.profile} profile, ${record.data.name}, ${seeds} paired seeds` });
  return { figure, width: 960, height: Number(figure.layout.height) };
}
