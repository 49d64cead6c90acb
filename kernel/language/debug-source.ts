import { breakableLines } from "./breakable-lines.ts";
import { catchesAt } from "./catches.ts";
import { compileExpression } from "./transpile.ts";
import { fileMap } from "./typescript-files.ts";

/** JavaScript of what somebody types while they debug, or why there is none. */
export type DebugExpression = { readonly code: string; readonly isExpression: boolean } | { readonly error: string };

/** What the debugger must know of TypeScript, which only the language thread has loaded. */
export const debugSource = {
  breakableLines,
  catchesAt,
  fileMap,
  expression(code: string): DebugExpression {
    try {
      return compileExpression(code);
    } catch (error) {
      return { error: `${(error as Error).name}: ${(error as Error).message}` };
    }
  },
};

export type DebugSource = typeof debugSource;
export type DebugMethod = keyof DebugSource;
