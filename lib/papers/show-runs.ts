import type { Displayable } from "../report/html.ts";
import { table } from "../report/table.ts";
import type { RowResult } from "./row-result.ts";

/** What was trained for these results: iterations, time, memory and folder of each run, and why a row has none. */
export function showRuns(results: readonly RowResult[]): Displayable {
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
