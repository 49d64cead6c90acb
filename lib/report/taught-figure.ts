import type { Metric } from "../papers/item.ts";
import type { Judgement, RowVerdict, Summary } from "../papers/judgement.ts";
import { metricFacts } from "../papers/metrics.ts";
import { cellValue } from "../papers/published-cells.ts";
import { teacherRow } from "../papers/testable.ts";
import { axisLayout, baseLayout } from "./figures.ts";
import type { Figure, PlotlyObject } from "./figures.ts";
import { escapeHtml } from "./html.ts";
import { colour, withOpacity } from "./palette.ts";
import type { MetricTitle } from "./rows-figure.ts";
import { axisNames, intervalBars, numbersOf, panelMargin, panelTitles, panels, roomFor, words } from "./two-panels.ts";

/** A student and who taught it. */
export interface Taught {
  readonly student: RowVerdict;
  readonly teacher: RowVerdict;
}

/** Students of one kind under three or more teachers, where a claim is about the teachers (a trend along them); else none. */
export function taughtRows({ item, rows }: Judgement): Taught[] {
  const along = new Set(item.claims.flatMap(({ test }) => (test.kind === "trend" ? test.rows : [])));
  const pairs = rows.filter(({ row }) => row.role === "method" && along.has(row.id)).flatMap((student) => {
    const found = teacherRow(item.rows, student.row);
    return found === undefined ? [] : [{ student, teacher: rows.find(({ row }) => row.id === found.id)! }];
  });
  return new Set(pairs.map(({ teacher }) => teacher.row.id)).size >= 3 ? pairs : [];
}

/** A student's AP against its teacher's, a point per teacher. */
export function taughtFigure(judgement: Judgement, pairs: readonly Taught[], { metric, title }: MetricTitle): Figure {
  const printed = pairs.map(({ student, teacher }) => [cellValue(teacher.published[metric]), cellValue(student.published[metric])] as const);
  const measured = pairs.flatMap(({ student, teacher }) => pointOf(student, teacher, metric));
  const { name, unit = "" } = metricFacts[metric];
  const axes = (who: string, range: readonly [number, number] | undefined) => axisLayout({ label: `${who}'s ${name}`, unit, range: range ?? [0, 1] });
  const paper = { x: roomFor(metric, printed.flatMap(([x]) => x ?? []), 0.3), y: roomFor(metric, printed.flatMap(([, y]) => y ?? [])) };
  const here = { x: roomFor(metric, measured.map(({ x }) => x), 0.3), y: roomFor(metric, pairs.flatMap(({ student }) => numbersOf(student, metric, "here"))) };
  return {
    data: [paperTrace(pairs, printed), ...hereTraces(measured)],
    layout: {
      ...baseLayout(escapeHtml(title)),
      margin: { ...panelMargin, b: 60 },
      height: 460,
      showlegend: false,
      xaxis: { ...axes("teacher", paper.x ?? here.x), domain: panels.paper },
      xaxis2: { ...axes("teacher", here.x ?? paper.x), domain: panels.here, anchor: "y2" },
      yaxis: axes("student", paper.y ?? here.y),
      yaxis2: { ...axes("student", here.y ?? paper.y), anchor: "x2" },
      annotations: [...panelTitles(judgement), ...(paper.y === undefined ? [words("paper", "the paper prints no numbers")] : []), ...(here.y === undefined ? [words("here", "not run")] : [])],
    },
  };
}

/** A teacher without the word. */
const nameOf = ({ row }: RowVerdict) => escapeHtml(row.label.replace(/, teacher$/, ""));

/** Names stand on the side of their points that has room. */
const inwards = (xs: readonly number[]) => xs.map((x) => (2 * x > Math.min(...xs) + Math.max(...xs) ? "middle left" : "middle right"));

interface Point {
  readonly label: string;
  readonly x: number;
  readonly summary: Summary;
}

function pointOf(student: RowVerdict, teacher: RowVerdict, metric: Metric): Point[] {
  const [x, summary] = [metric === "AP" ? student.teacherAP : teacher.here[metric]?.mean, student.here[metric]];
  return x === undefined || summary === undefined ? [] : [{ label: nameOf(teacher), x, summary }];
}

function paperTrace(pairs: readonly Taught[], printed: readonly (readonly [number | undefined, number | undefined])[]): PlotlyObject {
  const known = pairs.flatMap(({ teacher }, i) => (printed[i][0] === undefined || printed[i][1] === undefined ? [] : [{ label: nameOf(teacher), x: printed[i][0], y: printed[i][1] }]));
  return {
    type: "scatter", mode: "markers+text", ...axisNames.paper, x: known.map(({ x }) => x), y: known.map(({ y }) => y), text: known.map(({ label }) => label), textposition: inwards(known.map(({ x }) => x)),
    marker: { color: colour(0), size: 9, symbol: "diamond" }, hovertemplate: "%{text}: teacher %{x}, student %{y}<extra></extra>",
  };
}

function hereTraces(points: readonly Point[]): PlotlyObject[] {
  const seeds = points.flatMap(({ x, summary }) => (summary.values.length < 2 ? [] : summary.values.map((y) => ({ x, y }))));
  return [
    {
      type: "scatter", mode: "markers+text", ...axisNames.here, x: points.map(({ x }) => x), y: points.map(({ summary }) => summary.mean), text: points.map(({ label }) => label), textposition: inwards(points.map(({ x }) => x)),
      marker: { color: colour(0), size: 9, symbol: "diamond" }, error_y: intervalBars(points.map(({ summary }) => summary), colour(0)), hovertemplate: "%{text}: teacher %{x:.1f}, student %{y:.1f}<extra></extra>",
    },
    { type: "scatter", mode: "markers", ...axisNames.here, x: seeds.map(({ x }) => x), y: seeds.map(({ y }) => y), marker: { color: withOpacity(colour(0), 0.5), size: 5 }, hovertemplate: "one seed: %{y:.1f}<extra></extra>" },
  ];
}
