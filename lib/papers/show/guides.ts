import { lineFigure } from "../../report/figures.ts";
import type { Figure } from "../../report/figures.ts";
import type { Step } from "../../train/step.ts";
import { firstRuns } from "../open-rows.ts";
import type { RowResult } from "../row-result.ts";
import { courseOf, stepsOf } from "../run-steps.ts";
import type { Study } from "../study.ts";

const own = (term: string) => !/^(distill|teacher)/.test(term);

function sum({ losses }: Step, is: (term: string) => boolean): number {
  return Object.entries(losses).reduce((total, [term, value]) => (is(term) ? total + value : total), 0);
}

/**
 * The detection loss on a label-guided method's enhanced maps K_e beside that on the student's own maps K, over one seed's
 * training: where the two lines meet, the labels' maps know no more than the student, and have nothing to teach.
 */
export function showGuides({ runs }: Pick<Study, "runs">, results: readonly RowResult[], rows: readonly string[]): Figure {
  const lines = firstRuns(results, rows).flatMap(({ row, run }) => {
    const steps = stepsOf(run!, runs);
    if (steps.length === 0 || !Object.keys(steps[0].losses).some((term) => term.startsWith("teacher."))) return [];
    const of = (name: string, is: (term: string) => boolean) => {
      const { iterations, values } = courseOf(steps, (step) => sum(step, is));
      return { name: `${row.label}: ${name}`, x: iterations, y: values, points: false };
    };
    return [of("student's maps K", own), { ...of("enhanced maps Kₑ", (term) => term.startsWith("teacher.")), dash: "dash" as const }];
  });
  return lineFigure({ title: "Does the label-guided teacher know more than the student?", x: { label: "iteration" }, y: { label: "detection loss" }, lines });
}
