import { cellsCarryContext } from "./cell-context.ts";
import type { CellRequest } from "./link.ts";
import { CellSyntaxError, compileCell } from "./transpile.ts";
import type { CellOptions, CompiledCell, EmitOptions } from "./transpile.ts";

/** What of a cell, besides its text, decides how it is compiled. */
export type CellNature = Pick<CellRequest, "tsx"> & Pick<CellOptions, "shadowed">;

/**
 * A script for any cell with this text, or why there is none, as it travels between threads. The number `mark` stands
 * in the script for the cell's id, so that a text that is run again need not be compiled again.
 */
export type Precompiled =
  | { readonly compiled: CompiledCell; readonly mark: number }
  | { readonly problem: Pick<CellSyntaxError, "message" | "line" | "column" | "endColumn"> };

/** No kernel runs as many cells, so that a cell's id is never longer than a mark. */
const firstMark = 1_000_000_007;

/** Compiles a cell for another thread. Throws only what is not the cell's fault. */
export function precompile(source: string, { tsx, shadowed }: CellNature, compilerOptions: EmitOptions = {}): Precompiled {
  let mark = firstMark;
  while (source.includes(String(mark))) mark++;
  try {
    return { compiled: compileCell(source, { id: mark, tsx, shadowed, compilerOptions, carriesContext: cellsCarryContext() }), mark };
  } catch (error) {
    if (!(error instanceof CellSyntaxError)) throw error;
    const { message, line, column, endColumn } = error;
    return { problem: { message, line, column, endColumn } };
  }
}

/** What `compileCell` would have returned, or thrown, for the cell of this id. All columns stay where the source map says. */
export function unpack(script: Precompiled, id: number): CompiledCell | CellSyntaxError {
  if ("problem" in script) return new CellSyntaxError(script.problem.message, script.problem);
  const mark = String(script.mark);
  return { ...script.compiled, code: script.compiled.code.replaceAll(mark, String(id).padEnd(mark.length)) };
}
