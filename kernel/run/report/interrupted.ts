import type { Cell, Output } from "../../notebook/index.ts";

/** An interrupt's error: in Python's word, which a run and most kernels use, or as a computation that was broken off throws it. */
const names: ReadonlySet<string> = new Set(["KeyboardInterrupt", "InterruptedError"]);

export const isInterrupt = (output: Output | undefined): boolean => output?.output_type === "error" && names.has(output.ename);

/** Whether the cell failed because somebody stopped the run. */
export function interrupted(cell: Cell): boolean {
  if (cell.cell_type !== "code" || (cell.metadata.papermill as { status?: string } | undefined)?.status !== "failed") return false;
  return isInterrupt(cell.outputs.findLast(({ output_type: type }) => type === "error"));
}
