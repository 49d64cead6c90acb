import { relative } from "node:path";
import { codeFrame } from "../language/traceback.ts";
import type { CellDiagnostic, CellNote } from "../language/service/client.ts";
import type { ErrorContent } from "../protocol/messages.ts";

/** Type errors of a cell as an `error` message's content. */
export function typeErrorContent(diagnostics: readonly CellDiagnostic[], code: string, label: string): ErrorContent {
  const first = diagnostics[0];
  const more = diagnostics.length > 1 ? ` (and ${diagnostics.length - 1} more)` : "";
  return {
    ename: "TypeScriptError",
    evalue: `TS${first.code}: ${first.message}${more}`,
    traceback: diagnostics.flatMap((diagnostic) => diagnosticLines(diagnostic, code, label)),
  };
}

/** Diagnostics as plain text, for a stream. */
export function diagnosticText(diagnostics: readonly CellDiagnostic[], code: string, label: string): string {
  return diagnostics.flatMap((diagnostic) => diagnosticLines(diagnostic, code, label)).join("\n") + "\n";
}

function diagnosticLines(diagnostic: CellDiagnostic, code: string, label: string): string[] {
  const frame = codeFrame(code, label, diagnostic, Math.max(1, diagnostic.endColumn - diagnostic.column));
  return [...frame.slice(0, -1), `TS${diagnostic.code}: ${diagnostic.message}`, ...(diagnostic.related ?? []).map((note) => noteLine(note, label)), ""];
}

function noteLine({ message, where, name, line, column }: CellNote, label: string): string {
  const place = where === "this cell" ? label : where === "earlier cell" ? name : shortPath(name!);
  return `  ${place}:${line}:${column}: ${message}`;
}

/** A package's file from its package on, another's relative to the notebook. */
function shortPath(path: string): string {
  const inPackage = path.lastIndexOf("/node_modules/");
  return inPackage >= 0 ? path.slice(inPackage + "/node_modules/".length) : relative(process.cwd(), path) || path;
}
