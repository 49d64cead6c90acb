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
    state: ({ label, done, iteration = 0, iterations, waitsFor, secondsLeft }) => ({
      label: waitsFor !== undefined ? `${label}, waiting for ${waitsFor}` : iterations === undefined ? label : `${label}, iteration ${iteration} of ${iterations}`,
      value: done + (iterations === undefined ? 0 : iteration / iterations),
      ...(secondsLeft !== undefined && { left: secondsLeft }),
    }),
  };
}
