import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Metric, Published, PublishedCell } from "../../../lib/papers/item.ts";
import { frsPublished } from "../../../lib/papers/published/frs.ts";
import { sharedKdPublished } from "../../../lib/papers/published/shared-kd.ts";
import { sssdPublished } from "../../../lib/papers/published/sssd.ts";
import { sharedFolder } from "../../shared.ts";

/** A table as it was typed from the papers' texts, independently of the project; null is lost there. */
export interface Typed {
  readonly id: string;
  readonly columns: readonly string[];
  readonly rows: readonly { readonly label: string; readonly values: Readonly<Record<string, number | string | boolean | null>>; readonly derived?: string }[];
}

export interface TypedPaper {
  readonly tables: readonly Typed[];
  readonly text_only: Readonly<Record<string, unknown>>;
}

const folder = sharedFolder("papers");

/** The papers' numbers beside the project, or undefined after a loud note. */
export const typed = folder === undefined ? undefined : (JSON.parse(readFileSync(join(folder, "tables.json"), "utf8")) as { readonly papers: Readonly<Record<"sssd" | "frs" | "shared_kd", TypedPaper>> }).papers;

export const published = { sssd: sssdPublished, frs: frsPublished, shared_kd: sharedKdPublished } as const;

/** Every table and figure of the project. */
export const everything: readonly Published[] = Object.values(published).flatMap((paper) => Object.values<Published>(paper));

const metricOf: Readonly<Record<string, Metric>> = { mAP: "AP", train_hours: "hours", memory_GB: "memory", share: "share", Baseline: "AP", LabelEnc: "AP", LGD: "AP", Ours: "AP" };
const metrics = new Set(["AP", "AP50", "AP75", "APs", "APm", "APl"]);

export type Line = readonly (readonly [metric: Metric, value: number | null])[];

/** A typed table's lines of numbers; where its columns are what the project has as rows, a line is a cell. */
export function linesOf({ id, columns, rows }: Typed, transposed: boolean): Line[] {
  return rows.flatMap(({ values }) => {
    const cells = columns.flatMap((column) => {
      const metric = transposed && id === "table3" ? "share" : metrics.has(column) ? (column as Metric) : metricOf[column];
      return metric === undefined ? [] : [[metric, values[column] as number | null] as const];
    });
    return transposed ? cells.map((cell) => [cell]) : [cells];
  });
}

/** What is known of a cell: a number, or null. */
export function known(cell: PublishedCell): number | null {
  return typeof cell === "number" ? cell : "value" in cell ? cell.value : null;
}

/** Between what a cell lies; undefined where that is unknown. */
export function span(cell: PublishedCell | undefined): readonly [number, number] | undefined {
  if (cell === undefined) return undefined;
  const value = known(cell);
  return value !== null ? [value, value] : (cell as { bounds?: readonly [number, number] }).bounds;
}

export function projectLines({ rows }: Published): Line[] {
  return Object.values(rows).map(({ cells }) => Object.entries(cells).map(([metric, cell]) => [metric as Metric, known(cell)] as const));
}
