import type { Figure } from "../../report/figures.ts";
import { stackedSharesFigure } from "../../report/share-figures.ts";
import type { Step } from "../../train/step.ts";
import { firstRuns } from "../open-rows.ts";
import type { RowResult } from "../row-result.ts";
import { courseOf, stepsOf } from "../run-steps.ts";
import type { Study } from "../study.ts";

/** Terms of a loss by what they are for. */
const kinds: readonly { readonly name: string; readonly is: (term: string) => boolean }[] = [
  { name: "detector", is: (term) => !/^(distill|teacher)/.test(term) },
  { name: "detector on label-enhanced maps", is: (term) => term.startsWith("teacher.") },
];

/** Weighted terms of a step by what they are for: the detector's together, each distillation term by itself. */
function groupsOf({ weighted }: Step): { readonly name: string; readonly of: (step: Step) => number }[] {
  const names = Object.keys(weighted);
  const sum = (step: Step, terms: readonly string[]) => terms.reduce((total, term) => total + step.weighted[term], 0);
  const together = kinds.map(({ name, is }) => ({ name, terms: names.filter(is) })).filter(({ terms }) => terms.length > 0);
  const own = names.filter((name) => name.startsWith("distill")).map((name) => ({ name: name === "distill" ? "distillation" : `distillation: ${name.slice("distill.".length)}`, terms: [name] }));
  return [...together, ...own].map(({ name, terms }) => ({ name, of: (step) => sum(step, terms) }));
}

/** What a row's loss is made of over its training, one seed's, stacked to 100 %; undefined where it was not trained. */
export function showTerms({ runs }: Pick<Study, "runs">, results: readonly RowResult[], id: string): Figure | undefined {
  const [shown] = firstRuns(results, [id]);
  const steps = shown === undefined ? [] : stepsOf(shown.run!, runs);
  if (steps.length === 0) return undefined;
  const courses = groupsOf(steps[0]).map(({ name, of }) => ({ name, ...courseOf(steps, of) }));
  return stackedSharesFigure({ title: `What the loss of “${shown.row.label}” is made of`, iterations: courses[0].iterations, terms: courses });
}
