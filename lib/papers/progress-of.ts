import type { StudyState } from "./row-result.ts";
import type { Study } from "./study.ts";

/** What a notebook's `progress` is to show of a study's trainings: which one runs, how many are over, and the time that is left. */
export interface StudyProgress {
  readonly label: string;
  readonly total: number;
  readonly state: (state: StudyState) => { label: string; value: number; left?: number };
}

/** For `progress(study.run(), progressOf(study))`. */
export function progressOf({ item, total }: Pick<Study, "item" | "total">): StudyProgress {
  return {
    label: item.id,
    total,
    state: (state) => ({
      label: labelOf(state),
      value: state.done + (state.iterations ? (state.iteration ?? 0) / state.iterations : 0), // of 0 iterations none is done
      ...(state.secondsLeft !== undefined && { left: state.secondsLeft }),
    }),
  };
}

function labelOf({ label, iteration = 0, iterations, waitsFor }: StudyState): string {
  if (waitsFor !== undefined) return `${label}, waiting for ${waitsFor}`;
  if (iterations === undefined) return label;
  return iterations === 0 ? `${label}, scoring` : `${label}, iteration ${iteration} of ${iterations}`;
}
