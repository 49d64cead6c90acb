import type { Experiment } from "./experiment.ts";
import type { Metric } from "./item.ts";

/** What is looked at once a run is trained. */
export type Measure =
  /** COCO's scores on the validation split. */
  | { readonly kind: "score"; readonly of: "boxes" | "masks" }
  /** Entropy of the four regions that the trained detector divides the validation images into (FRS Figure 5). */
  | { readonly kind: "regionEntropy" };

/** A training that one row or many ask for, and what is measured of it. */
export interface PlannedRun {
  /** The same for the same training: of its content, seed and data. */
  readonly id: string;
  readonly experiment: Experiment;
  readonly seed: number;
  /** Its first row, or whom it teaches, and its seed. */
  readonly label: string;
  /** Trainings that come before it: its teacher's, its encoder's. */
  readonly after: readonly string[];
  readonly measures: readonly Measure[];
  /** Whose numbers it gives; none of a teacher or encoder that no row shows. */
  readonly rows: readonly { readonly item: string; readonly row: string; readonly metrics: readonly Metric[] }[];
}
