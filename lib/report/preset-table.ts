import { ownsPreset } from "../distill/preset.ts";
import { table, type Cell, type ReportTable } from "./table.ts";

/** A method's published settings by kind of detector: numbers, texts and switches by name. */
export type PresetRows = Readonly<Record<string, object>>;

export interface PresetTableOptions {
  /** The row that is used, marked as such. */
  readonly used?: string;
  /** The student's name: where the used row is another detector's, a note says that it stands in. */
  readonly student?: string;
  /** Columns that are left out. Default `origin`, which says in words where a row is from. */
  readonly without?: readonly string[];
}

type Row = readonly [kind: string, settings: Readonly<Record<string, unknown>>];

/** A method's published settings as a table, a row per kind of detector; numbers stand as they are published. */
export function presetTable(presets: PresetRows, { used, student, without = ["origin"] }: PresetTableOptions = {}): ReportTable<Row> {
  const rows = Object.entries(presets).map(([kind, settings]): Row => [kind, { ...settings }]);
  const names = [...new Set(rows.flatMap(([, settings]) => Object.keys(settings)))].filter((name) => !without.includes(name));
  return table<Row>([
    { heading: "published for", value: ([kind]) => (kind === used ? `${kind} (here)` : kind) },
    ...names.map((name) => ({ heading: name, align: "right" as const, value: ([, settings]: Row): Cell => written(settings[name]) })),
  ], rows, standIn(used, student));
}

/** Why the used row is one for another kind of detector than the student's. */
function standIn(used: string | undefined, student: string | undefined): { note?: string } {
  if (used === undefined || student === undefined || ownsPreset(student, used)) return {};
  return { note: `No weights are published for ${student}: those for ${used} stand in.` };
}

function written(value: unknown): string {
  if (typeof value === "number") return value !== 0 && Math.abs(value) < 1e-4 ? value.toExponential() : String(value);
  return value === undefined ? "–" : typeof value === "string" ? value : JSON.stringify(value);
}
