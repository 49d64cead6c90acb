import type { RunRecord } from "../../papers/row-result.ts";
import type { Step } from "../../train/step.ts";
import { lineFigure } from "../figures.ts";
import type { Figure, Line } from "../figures.ts";
import { stackedSharesFigure } from "../share-figures.ts";

export interface RunFigure {
  readonly name: string;
  readonly title: string;
  readonly caption: string;
  readonly figure: Figure;
}

/** Points that a curve has at most: longer trainings are shown as means of as many equal parts. */
const most = 200;

/** What a training's steps show: losses, their shares, λ, learning rates; and AP over time. */
export function runFigures(steps: readonly Step[], curve: RunRecord["curve"] | undefined): RunFigure[] {
  const parts = partsOf(steps);
  const named = steps.length === 0 ? [] : [lossFigure(parts), sharesFigure(parts), ...lambdaFigures(parts), ratesFigure(parts)];
  return [...named, ...apFigure(curve ?? [])];
}

/** Some consecutive steps, of which means are shown. */
interface Part {
  readonly iteration: number;
  readonly steps: readonly Step[];
}

function partsOf(steps: readonly Step[]): Part[] {
  const size = Math.max(1, Math.ceil(steps.length / most));
  return Array.from({ length: Math.ceil(steps.length / size) }, (_, i) => {
    const own = steps.slice(i * size, (i + 1) * size);
    return { steps: own, iteration: (own[0].iteration + own.at(-1)!.iteration) / 2 };
  });
}

function means(parts: readonly Part[], value: (step: Step) => number): number[] {
  return parts.map(({ steps }) => rounded(steps.reduce((sum, step) => sum + value(step), 0) / steps.length));
}

/** Five digits are more than a curve shows. */
const rounded = (value: number) => Number(value.toPrecision(5));

const names = (parts: readonly Part[], record: (step: Step) => Readonly<Record<string, number>>) => [...new Set(parts.flatMap(({ steps }) => Object.keys(record(steps[0]))))];

function lines(parts: readonly Part[], record: (step: Step) => Readonly<Record<string, number>>): Line[] {
  const x = parts.map(({ iteration }) => iteration);
  return names(parts, record).map((name) => ({ name, x, y: means(parts, (step) => record(step)[name] ?? 0), points: false }));
}

const over = (parts: readonly Part[]) => (parts[0].steps.length === 1 ? "" : ` Each point is the mean of ${parts[0].steps.length} iterations.`);

function lossFigure(parts: readonly Part[]): RunFigure {
  const total: Line = { name: "total", x: parts.map(({ iteration }) => iteration), y: means(parts, ({ total: sum }) => sum), points: false, dash: "dot" };
  const figure = lineFigure({ x: { label: "iteration" }, y: { label: "weighted loss", scale: "log" }, lines: [...lines(parts, ({ weighted }) => weighted), total] });
  return { name: "losses", title: "Losses", caption: `What was minimised, term by term, weights included.${over(parts)}`, figure };
}

function sharesFigure(parts: readonly Part[]): RunFigure {
  const terms = names(parts, ({ shares }) => shares).map((name) => ({ name, values: means(parts, ({ shares }) => shares[name] ?? 0) }));
  const figure = stackedSharesFigure({ iterations: parts.map(({ iteration }) => iteration), terms });
  return { name: "shares", title: "Shares of the loss", caption: `Each weighted term's share of the total.${over(parts)}`, figure };
}

/** λ and the share that it led to, of trainings with a method. */
function lambdaFigures(parts: readonly Part[]): RunFigure[] {
  const [lambda, share] = [means(parts, (step) => step.lambda), means(parts, ({ distillShare }) => 100 * distillShare)];
  if (lambda.every((value) => value === 0)) return [];
  const x = parts.map(({ iteration }) => iteration);
  const of = (name: string, y: readonly number[], unit?: string) => lineFigure({ x: { label: "iteration" }, y: { label: name, ...(unit !== undefined && { unit }) }, lines: [{ name, x, y, points: false }] });
  return [
    { name: "lambda", title: "λ", caption: `The weight of distillation, as it was set.${over(parts)}`, figure: of("λ", lambda) },
    { name: "share", title: "Share of distillation", caption: `Of all terms of distillation in the total loss: λL_distill / L_total.${over(parts)}`, figure: of("share of the total loss", share, "%") },
  ];
}

function ratesFigure(parts: readonly Part[]): RunFigure {
  const figure = lineFigure({ x: { label: "iteration" }, y: { label: "learning rate" }, lines: lines(parts, ({ learningRates }) => learningRates) });
  return { name: "rates", title: "Learning rates", caption: `By group of parameters; groups with the same rate lie on one another.${over(parts)}`, figure };
}

function apFigure(curve: RunRecord["curve"]): RunFigure[] {
  if (curve.length === 0) return [];
  const line: Line = { name: "AP", x: curve.map(({ iteration }) => iteration), y: curve.map(({ AP }) => rounded(AP)), points: true };
  const figure = lineFigure({ x: { label: "iteration" }, y: { label: "AP", unit: "points" }, lines: [line] });
  return [{ name: "ap", title: "AP over time", caption: "On the validation images, after so many iterations.", figure }];
}
