import { axisLayout, baseLayout, referenceLabel, referenceShape } from "./figures.ts";
import type { Figure, PlotlyObject } from "./figures.ts";
import { NEUTRAL, colour, withOpacity } from "./palette.ts";

/** One probe of a search over λ: the share it found and the bracket that it left. */
export interface ShareProbe {
  /** Weight of the distillation loss, without unit. */
  readonly lambda: number;
  /** Mean share of the distillation loss in the total loss, 0 … 1. */
  readonly share: number;
  /** Interval of the share, where it is known. */
  readonly low?: number;
  readonly high?: number;
  /** The λ bracket after this probe; none before one is known. */
  readonly bracket?: readonly [number, number];
}

export interface SearchFigureOptions {
  readonly title?: string;
  /** In the order of the search. */
  readonly probes: readonly ShareProbe[];
  /** Share that the search aims at, 0 … 1. */
  readonly target: number;
  /** The calibrated λ. */
  readonly answer?: number;
}

/** Share against λ, each probe numbered in its order, and below it the bracket closing in, probe by probe. */
export function searchFigure({ title, probes, target, answer }: SearchFigureOptions): Figure {
  const x = { label: "λ", scale: "log" } as const;
  const highest = Math.max(target, ...probes.map(({ share, high }) => high ?? share));
  const y = { label: "share of the distillation loss", unit: "%", range: [0, 112 * highest] } as const;
  const reached = answer === undefined ? [] : [{ axis: "x", value: answer, name: `λ* = ${short(answer)}` } as const];
  const aim = { axis: "y", value: 100 * target, name: `target ${short(100 * target)} %` } as const;
  return {
    data: [curveTrace(probes), probeTrace(probes), ...bracketTraces(probes)],
    layout: {
      ...baseLayout(title),
      height: 520,
      showlegend: false,
      xaxis: { ...axisLayout(x), anchor: "y2" },
      yaxis: { ...axisLayout(y), domain: [0.36, 1] },
      yaxis2: { ...axisLayout({ label: "probe" }), domain: [0, 0.28], range: [probes.length + 0.6, 0.4], dtick: Math.max(1, Math.ceil(probes.length / 8)), tick0: 1 },
      shapes: [aim, ...reached].map(referenceShape),
      annotations: [aim, ...reached].map((reference) => referenceLabel(reference, { x, y })),
    },
  };
}

const short = (value: number) => String(Number(value.toPrecision(3)));

function curveTrace(probes: readonly ShareProbe[]): PlotlyObject {
  const ascending = [...probes].sort((a, b) => a.lambda - b.lambda);
  return { type: "scatter", mode: "lines", x: ascending.map(({ lambda }) => lambda), y: ascending.map(({ share }) => 100 * share), line: { color: withOpacity(colour(0), 0.4), width: 2 }, hoverinfo: "skip" };
}

function probeTrace(probes: readonly ShareProbe[]): PlotlyObject {
  const known = probes.some(({ low, high }) => low !== undefined && high !== undefined);
  const ends = (end: "low" | "high") => probes.map((probe) => (probe[end] === undefined ? 0 : 100 * Math.abs(probe[end] - probe.share)));
  return {
    type: "scatter",
    mode: "markers+text",
    x: probes.map(({ lambda }) => lambda),
    y: probes.map(({ share }) => 100 * share),
    text: probes.map((_, i) => String(i + 1)),
    textposition: "top left",
    marker: { color: colour(0), size: 9 },
    ...(known ? { error_y: { type: "data", symmetric: false, array: ends("high"), arrayminus: ends("low"), color: colour(0) } } : {}),
    hovertemplate: "probe %{text}: λ = %{x:.4g}, share %{y:.2f} %<extra></extra>",
  };
}

function bracketTraces(probes: readonly ShareProbe[]): PlotlyObject[] {
  const shared = { type: "scatter", xaxis: "x", yaxis: "y2" };
  const segments = probes.flatMap(({ bracket }, i) => (bracket === undefined ? [] : [[bracket[0], bracket[1], null, i + 1] as const]));
  const bars = {
    ...shared,
    mode: "lines",
    x: segments.flatMap(([from, to, gap]) => [from, to, gap]),
    y: segments.flatMap(([, , gap, probe]) => [probe, probe, gap]),
    line: { color: colour(4), width: 6 },
    hovertemplate: "bracket end λ = %{x:.4g} after probe %{y}<extra></extra>",
  };
  const places = { ...shared, mode: "markers", x: probes.map(({ lambda }) => lambda), y: probes.map((_, i) => i + 1), marker: { color: colour(0), size: 8 }, hovertemplate: "probe %{y}: λ = %{x:.4g}<extra></extra>" };
  return [bars, places];
}

export interface StackedSharesOptions {
  readonly title?: string;
  readonly iterations: ArrayLike<number>;
  /** Named loss terms, each [iterations.length], in any common unit; they are drawn as shares of their sum. */
  readonly terms: readonly { readonly name: string; readonly values: ArrayLike<number> }[];
  /** A dashed line at this share (0 … 1) from the top, such as the share aimed at. */
  readonly target?: number;
}

/** Shares of the loss terms over iterations, stacked to 100 %. Throws RangeError for columns of unequal length. */
export function stackedSharesFigure({ title, iterations, terms, target }: StackedSharesOptions): Figure {
  for (const { name, values } of terms) {
    if (values.length !== iterations.length) throw new RangeError(`loss term "${name}" has ${values.length} values for ${iterations.length} iterations; they must be as many`);
  }
  const x = { label: "iteration" };
  const y = { label: "share of the total loss", unit: "%", range: [0, 100] } as const;
  const aim = target === undefined ? [] : [{ axis: "y", value: 100 * (1 - target), name: `target ${short(100 * target)} %` } as const];
  return {
    data: terms.map(({ name, values }, i) => ({
      type: "scatter",
      mode: "lines",
      stackgroup: "shares",
      groupnorm: "percent",
      name,
      x: Array.from(iterations),
      y: Array.from(values),
      line: { color: colour(i), width: 0.5 },
      fillcolor: withOpacity(colour(i), 0.7),
    })),
    layout: { ...baseLayout(title), xaxis: axisLayout(x), yaxis: axisLayout(y), shapes: aim.map(referenceShape), annotations: aim.map((reference) => ({ ...referenceLabel(reference, { x, y }), bgcolor: withOpacity(NEUTRAL, 0.85), font: { color: "#ffffff", size: 12 } })) },
  };
}
