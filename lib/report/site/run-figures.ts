import { lookedAt } from "../../papers/looking.ts";
import type { CurvePoint } from "../../papers/row-result.ts";
import { courseOf, type Course } from "../../papers/run-steps.ts";
import type { Step } from "../../train/step.ts";
import { lineFigure } from "../figures.ts";
import type { Figure, Line, LineFigureOptions } from "../figures.ts";
import { stackedSharesFigure } from "../share-figures.ts";

export interface RunFigure {
  readonly name: string;
  readonly title: string;
  readonly caption: string;
  readonly figure: Figure;
}

/** Points that a curve has at most: longer trainings are shown as means of as many equal parts. */
const most = 200;

/**
 * What a training's steps show: losses, their shares, λ, learning rates; and AP over time.
 * @param validation images of the validation data, of which the curve's are some
 */
export function runFigures(steps: readonly Step[], curve: readonly CurvePoint[], validation?: number): RunFigure[] {
  const named = steps.length === 0 ? [] : [lossFigure(steps), sharesFigure(steps), ...lambdaFigures(steps), ratesFigure(steps)];
  return [...named, ...apFigure(curve, validation)];
}

/** Five digits are more than a curve shows. */
const rounded = (value: number) => Number(value.toPrecision(5));

function line(name: string, steps: readonly Step[], of: Course | ((step: Step) => number)): Line {
  const { iterations, values } = courseOf(steps, of, most);
  return { name, x: iterations, y: values.map(rounded), points: false };
}

type Named = (step: Step) => Readonly<Record<string, number>>;

/** A line for each name that any step has. */
function lines(steps: readonly Step[], record: Named): Line[] {
  const names = new Set(steps.flatMap((step) => Object.keys(record(step))));
  return [...names].map((name) => line(name, steps, (step) => record(step)[name] ?? 0));
}

function over(steps: readonly Step[]): string {
  const { window } = courseOf(steps, "loss", most);
  return window === 1 ? "" : ` Each point is the mean of ${window} iterations.`;
}

function plain(y: LineFigureOptions["y"], drawn: readonly Line[]): Figure {
  return lineFigure({ x: { label: "iteration" }, y, lines: drawn });
}

function lossFigure(steps: readonly Step[]): RunFigure {
  const total: Line = { ...line("total", steps, "loss"), dash: "dot" };
  const figure = plain({ label: "weighted loss", scale: "log" }, [...lines(steps, ({ weighted }) => weighted), total]);
  return { name: "losses", title: "Losses", caption: `What was minimised, term by term, weights included.${over(steps)}`, figure };
}

function sharesFigure(steps: readonly Step[]): RunFigure {
  const drawn = lines(steps, ({ shares }) => shares);
  const figure = stackedSharesFigure({ iterations: drawn[0]?.x ?? [], terms: drawn.map(({ name, y }) => ({ name, values: y })) });
  return { name: "shares", title: "Shares of the loss", caption: `Each weighted term's share of the total.${over(steps)}`, figure };
}

/** λ and the share that it led to, of trainings with a method. */
function lambdaFigures(steps: readonly Step[]): RunFigure[] {
  if (steps.every(({ lambda }) => lambda === 0)) return [];
  return [
    { name: "lambda", title: "λ", caption: "The weight of distillation, as it was set.", figure: plain({ label: "λ" }, [line("λ", steps, "lambda")]) },
    { name: "share", title: "Share of distillation", caption: `Of all terms of distillation in the total loss: λL_distill / L_total.${over(steps)}`, figure: plain({ label: "share of the total loss", unit: "%" }, [line("share", steps, "share")]) },
  ];
}

function ratesFigure(steps: readonly Step[]): RunFigure {
  const figure = plain({ label: "learning rate" }, lines(steps, ({ learningRates }) => learningRates));
  return { name: "rates", title: "Learning rates", caption: `By group of parameters; groups with the same rate lie on one another.${over(steps)}`, figure };
}

function apFigure(curve: readonly CurvePoint[], validation: number | undefined): RunFigure[] {
  if (curve.length === 0) return [];
  const points: Line = { name: "AP", x: curve.map(({ iteration }) => iteration), y: curve.map(({ AP }) => rounded(AP)), points: true };
  return [{ name: "ap", title: "AP over time", caption: `On ${lookedAt(validation, curve[0].images)}, after so many iterations.`, figure: plain({ label: "AP", unit: "points" }, [points]) }];
}
