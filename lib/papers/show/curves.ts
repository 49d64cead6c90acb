import { lineFigure } from "../../report/figures.ts";
import type { Axis, Figure, Line, Reference } from "../../report/figures.ts";
import { lookedAt } from "../looking.ts";
import { courseOf, stepsOf, type Course } from "../run-steps.ts";
import type { RowResult } from "../row-result.ts";
import type { Study } from "../study.ts";

export interface CurvesOptions {
  /** `AP` on those validation images that trainings look at on their way (default), or what each step says. */
  readonly of?: "AP" | Course;
  /** Rows by id; default all that were trained. */
  readonly rows?: readonly string[];
  readonly title?: string;
  readonly references?: readonly Reference[];
}

interface Curve {
  readonly iterations: readonly number[];
  readonly values: readonly number[];
  readonly window: number;
}

const axes: Readonly<Record<Course, Axis>> = {
  share: { label: "λL_distill / L_total", unit: "%" },
  lambda: { label: "λ" },
  learningRate: { label: "learning rate", scale: "log" },
  loss: { label: "total loss" },
  speed: { label: "images per second" },
};

/**
 * Rows over the iterations of their trainings, a line each: the mean over the seeds, with the lowest and the highest as a band.
 * A row that was not trained, or whose curve was not recorded, is left out.
 */
export function showCurves({ item, runs, validation }: Pick<Study, "item" | "runs" | "validation">, results: readonly RowResult[], options: CurvesOptions = {}): Figure {
  const { of = "AP", rows = item.rows.map(({ id }) => id), title, references } = options;
  const drawn = item.rows.filter(({ id }) => rows.includes(id)).flatMap(({ id, label }) => {
    const curves = results.filter(({ row, run }) => row.id === id && run !== undefined).map(({ run }) => curveOf(run!, of, runs)).filter(({ values }) => values.length > 0);
    return curves.length === 0 ? [] : [{ ...overSeeds(curves), name: label, window: curves[0].window }];
  });
  const window = Math.max(1, ...drawn.map((line) => line.window));
  const y: Axis = of === "AP" ? { label: `${item.masks ? "mask AP" : "AP"} on ${lookedAt(validation.images.length, results.find(({ run }) => run !== undefined && run.curve.length > 0)?.run!.curve[0].images)}`, unit: "points" } : axes[of];
  return withNote(lineFigure({
    ...(title !== undefined && { title }),
    x: { label: "iteration" },
    y: window > 1 ? { ...y, label: `${y.label}, means of ${window} iterations` } : y,
    lines: drawn,
    ...(references && { references }),
  }), drawn.length === 0 ? "No row of this figure has been trained." : undefined);
}

function curveOf(run: NonNullable<RowResult["run"]>, of: "AP" | Course, runs: string): Curve {
  if (of === "AP") return { iterations: run.curve.map(({ iteration }) => iteration), values: run.curve.map(({ AP }) => AP), window: 1 };
  const course = courseOf(stepsOf(run, runs), of);
  return { ...course, window: of === "lambda" || of === "learningRate" ? 1 : course.window };
}

/** Mean, lowest and highest at the iterations that all seeds have. */
export function overSeeds(curves: readonly Pick<Curve, "iterations" | "values">[]): Omit<Line, "name"> {
  const [first, ...others] = curves;
  const x = first.iterations.filter((iteration) => others.every(({ iterations }) => iterations.includes(iteration)));
  const at = x.map((iteration) => curves.map(({ iterations, values }) => values[iterations.indexOf(iteration)]));
  const mean = at.map((values) => values.reduce((sum, value) => sum + value, 0) / values.length);
  if (others.length === 0) return { x, y: mean };
  return { x, y: mean, low: at.map((values) => Math.min(...values)), high: at.map((values) => Math.max(...values)) };
}

/** The same figure with words in its middle, where it has nothing else to show. */
function withNote(figure: Figure, text: string | undefined): Figure {
  if (text === undefined) return figure;
  const annotation = { text, showarrow: false, xref: "paper", yref: "paper", x: 0.5, y: 0.5 };
  return { ...figure, layout: { ...figure.layout, annotations: [annotation] } };
}
