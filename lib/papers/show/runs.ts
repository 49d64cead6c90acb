import { folded } from "../../report/folded.ts";
import type { Displayable } from "../../report/html.ts";
import { table, type ReportTable } from "../../report/table.ts";
import type { RowResult } from "../row-result.ts";

/** More lines than these are folded. */
const open = 12;

/** What was trained for these results: iterations, time, memory and folder of each run, and why a row has none. */
export function showRuns(results: readonly RowResult[]): Displayable {
  const shown = runsTable(results);
  if (results.length <= open) return shown;
  const seconds = [...new Map(results.flatMap(({ run }) => (run === undefined ? [] : [[run.folder, run.seconds] as const]))).values()];
  const failed = results.filter(({ run }) => run === undefined).length;
  return folded(`${seconds.length} trainings of ${seconds.reduce((sum, value) => sum + value, 0).toFixed(0)} s together${failed === 0 ? "" : `; ${failed} of ${results.length} results are missing`}: each by itself`, shown);
}

function runsTable(results: readonly RowResult[]): ReportTable<RowResult> {
  const unknown = ({ problem, row }: RowResult) => ({ unknown: problem ?? row.notRun ?? "not trained" });
  return table([
    { heading: "row", value: ({ row }: RowResult) => row.label },
    { heading: "seed", value: ({ seed }) => seed, decimals: 0 },
    { heading: "iterations", value: (result) => result.run?.iterations ?? unknown(result), decimals: 0 },
    { heading: "training", unit: "s", value: ({ run }) => run?.seconds ?? null, decimals: 1 },
    { heading: "memory, highest", unit: "MiB", value: ({ run }) => (run ? run.peakMemoryBytes / 2 ** 20 : null), decimals: 0 },
    { heading: "run", value: ({ run }) => run?.folder ?? null },
  ], results, { note: "Rows of different items that are the same training share one run." });
}
