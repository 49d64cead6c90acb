import { NEUTRAL, colour, withOpacity } from "./palette.ts";

/** A Plotly figure, plain data. */
export interface Figure {
  readonly data: readonly PlotlyObject[];
  readonly layout: PlotlyObject;
}

export type PlotlyObject = Readonly<Record<string, unknown>>;

export interface Axis {
  readonly label: string;
  /** Shown in brackets behind the label; none for plain numbers. */
  readonly unit?: string;
  readonly scale?: "linear" | "log";
  /** [from, to] in data units; Plotly chooses when absent. */
  readonly range?: readonly [number, number];
}

export interface Line {
  readonly name: string;
  readonly x: ArrayLike<number>;
  readonly y: ArrayLike<number>;
  /** Lower and upper ends of an interval at each x, drawn as a band, or as error bars when there is no line. */
  readonly low?: ArrayLike<number>;
  readonly high?: ArrayLike<number>;
  /** Points as well as the line; by default for 30 points or fewer. "only" leaves the line out. */
  readonly points?: boolean | "only";
  readonly dash?: "solid" | "dash" | "dot";
}

export interface LineFigureOptions {
  readonly title?: string;
  readonly x: Axis;
  readonly y: Axis;
  readonly lines: readonly Line[];
  /** Dashed lines across the figure, each with a name. */
  readonly references?: readonly Reference[];
}

export interface Reference {
  readonly axis: "x" | "y";
  readonly value: number;
  readonly name: string;
}

/**
 * Lines with optional intervals, such as a metric over iterations with its confidence band over seeds.
 * Throws RangeError when a line's columns differ in length.
 */
export function lineFigure({ title, x, y, lines, references = [] }: LineFigureOptions): Figure {
  return {
    data: lines.flatMap((line, i) => lineTraces(line, colour(i))),
    layout: {
      ...baseLayout(title),
      ...(title !== undefined && lines.reduce((length, { name }) => length + name.length, 0) > oneRow ? { legend: legendBelow } : {}),
      showlegend: lines.length > 1,
      xaxis: axisLayout(x),
      yaxis: axisLayout(y),
      shapes: references.map((reference) => referenceShape(reference)),
      annotations: references.map((reference) => referenceLabel(reference, { x, y })),
    },
  };
}

/** Letters of all names together that fit into one row of the legend, beneath the title. */
const oneRow = 60;

/** Where a legend of several rows does not grow into the title. */
const legendBelow = { orientation: "h", x: 0, y: -0.25, xanchor: "left", yanchor: "top" } as const;

/** What all figures share: transparent, neutral text for light and dark pages, room for titles. */
export function baseLayout(title?: string): PlotlyObject {
  return {
    ...(title === undefined ? {} : { title: { text: title, x: 0.01, xanchor: "left", y: 0.98, yanchor: "top", yref: "container", font: { size: 16 } } }),
    font: { color: NEUTRAL, size: 13 },
    paper_bgcolor: "rgba(0,0,0,0)",
    plot_bgcolor: "rgba(0,0,0,0)",
    margin: { l: 70, r: 30, t: title === undefined ? 44 : 78, b: 60 },
    height: 420,
    hovermode: "closest",
    modebar: { bgcolor: "rgba(0,0,0,0)", color: withOpacity(NEUTRAL, 0.5), activecolor: NEUTRAL, orientation: "v" },
    legend: { orientation: "h", x: 0, y: 1.02, xanchor: "left", yanchor: "bottom" },
  };
}

/** An axis with its unit in the title and quiet grid lines. */
export function axisLayout({ label, unit, scale = "linear", range }: Axis): PlotlyObject {
  const ends = range?.map((value) => (scale === "log" ? Math.log10(value) : value));
  return {
    title: { text: unit === undefined ? label : `${label} [${unit}]`, standoff: 10 },
    type: scale,
    ...(ends === undefined ? {} : { range: ends }),
    ...(scale === "log" ? LOG_TICKS : {}),
    gridcolor: withOpacity(NEUTRAL, 0.2),
    zerolinecolor: withOpacity(NEUTRAL, 0.45),
    linecolor: withOpacity(NEUTRAL, 0.6),
    showline: true,
    automargin: true,
  };
}

/** Ticks 1, 2 and 5 of each decade, written out in full. */
const LOG_TICKS = (() => {
  const tickvals = Array.from({ length: 16 }, (_, decade) => [1, 2, 5].map((digit) => Number(`${digit}e${decade - 6}`))).flat();
  return { tickmode: "array", tickvals, ticktext: tickvals.map(String), ticks: "outside" };
})();

function lineTraces(line: Line, lineColour: string): PlotlyObject[] {
  const { name, x, y, low, high, points = x.length <= 30, dash = "solid" } = line;
  for (const [column, values] of Object.entries({ y, low, high })) {
    if (values !== undefined && values.length !== x.length) throw new RangeError(`line "${name}": x has ${x.length} values and ${column} ${values.length}; they must be as many`);
  }
  const shared = { type: "scatter", legendgroup: name, x: Array.from(x) };
  const mode = points === "only" ? "markers" : points ? "lines+markers" : "lines";
  const main = { ...shared, name, mode, y: Array.from(y), line: { color: lineColour, width: 2, dash }, marker: { color: lineColour, size: 7 } };
  if (low === undefined || high === undefined) return [main];
  if (points === "only") {
    const distances = (ends: ArrayLike<number>) => Array.from(ends, (end, i) => Math.abs(end - y[i]));
    return [{ ...main, error_y: { type: "data", symmetric: false, array: distances(high), arrayminus: distances(low), color: lineColour } }];
  }
  const edge = { ...shared, mode: "lines", line: { width: 0 }, showlegend: false, hoverinfo: "skip" };
  return [{ ...edge, y: Array.from(low) }, { ...edge, y: Array.from(high), fill: "tonexty", fillcolor: withOpacity(lineColour, 0.2) }, main];
}

/** A dashed line across the whole plot. */
export function referenceShape({ axis, value }: Pick<Reference, "axis" | "value">): PlotlyObject {
  const [along, across] = axis === "x" ? ["x", "y"] : ["y", "x"];
  return {
    type: "line",
    xref: axis === "x" ? "x" : "paper",
    yref: axis === "x" ? "paper" : "y",
    [`${along}0`]: value,
    [`${along}1`]: value,
    [`${across}0`]: 0,
    [`${across}1`]: 1,
    line: { color: NEUTRAL, width: 1.5, dash: "dash" },
  };
}

/** The name beside a reference line; places on log axes are given as logarithms, as Plotly wants them. */
export function referenceLabel({ axis, value, name }: Reference, axes: { x: Axis; y: Axis }): PlotlyObject {
  const place = axes[axis].scale === "log" ? Math.log10(value) : value;
  const shared = { text: name, showarrow: false, font: { size: 12 } };
  return axis === "x"
    ? { ...shared, xref: "x", yref: "paper", x: place, y: 1, xanchor: "left", yanchor: "top", xshift: 4 }
    : { ...shared, xref: "paper", yref: "y", x: 1, y: place, xanchor: "right", yanchor: "bottom" };
}
