import { lineFigure } from "../report/figures.ts";
import type { Figure, Line } from "../report/figures.ts";
import type { Item } from "./item.ts";
import type { RowResult } from "./row-result.ts";

type AP = Required<Pick<NonNullable<RowResult["metrics"]>, never>> & { readonly AP: number };

const scored = (results: readonly RowResult[], id: string) => results.filter((result): result is RowResult & { readonly metrics: AP } => result.row.id === id && result.metrics?.AP !== undefined);

/**
 * Students' AP over their teachers' (FRS Figure 6): a point for each seed of each row with a teacher's row in the same item, whose
 * training is the one that its run names; the diagonal, and the student alone as a line across.
 */
export function showTeachers({ rows }: Item, results: readonly RowResult[]): Figure {
  const teachers = rows.filter(({ role }) => role === "teacher").flatMap(({ id }) => scored(results, id).slice(0, 1));
  const points = rows.filter(({ role }) => role === "method").flatMap(({ id, label }) => pointsOf(label, scored(results, id), teachers));
  const alone = rows.filter(({ role }) => role === "student").flatMap(({ id }) => scored(results, id).map(({ metrics }) => metrics.AP));
  const all = [...points.flatMap(({ x, y }) => [...Array.from(x), ...Array.from(y)]), ...alone];
  const ends = all.length === 0 ? [0, 1] : [Math.min(...all) - 1, Math.max(...all) + 1];
  const diagonal: Line = { name: "as good as its teacher", x: ends, y: ends, dash: "dash", points: false };
  const mean = alone.reduce((sum, value) => sum + value, 0) / alone.length;
  return lineFigure({
    x: { label: "the teacher's AP", unit: "points" },
    y: { label: "the student's AP", unit: "points" },
    lines: [...points, diagonal],
    ...(alone.length > 0 && { references: [{ axis: "y" as const, value: mean, name: "student alone, mean" }] }),
  });
}

/** A row's seeds over its teacher, which is the teacher's row whose run taught it. */
function pointsOf(name: string, own: readonly (RowResult & { readonly metrics: AP })[], teachers: readonly (RowResult & { readonly metrics: AP })[]): Line[] {
  const pairs = own.flatMap(({ metrics, run }) => {
    const teacher = teachers.find((one) => one.run !== undefined && one.run.folder === run?.teacher);
    return teacher === undefined ? [] : [[teacher.metrics.AP, metrics.AP] as const];
  });
  return pairs.length === 0 ? [] : [{ name, x: pairs.map(([x]) => x), y: pairs.map(([, y]) => y), points: "only" }];
}
