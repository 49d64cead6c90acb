import type { MagicCall } from "../../language/magics.ts";
import { codeFrame } from "../../language/traceback.ts";
import type { MimeBundle } from "../../language/link.ts";
import type { ErrorContent } from "../../protocol/messages.ts";
import type { CellSettings, Settings } from "../settings.ts";
import { magics } from "./index.ts";
import { magicNamed } from "./lsmagic.ts";
import type { MagicContext } from "./magic.ts";
import { MagicError } from "./magic.ts";

/** The cell that magics are run for. */
export interface MagicCell {
  readonly code: string;
  /** For example `In [3]`. */
  readonly label: string;
  readonly settings: CellSettings;
  print(text: string, stream: "stdout" | "stderr"): void;
  display(data: MimeBundle): (data: MimeBundle) => void;
}

/** What magics act upon beside their cell. */
export interface MagicSurroundings {
  /** The notebook's folder. */
  readonly folder: string;
  readonly settings: Settings;
  /** The installed packages have changed. */
  packagesChanged(): void;
}

/** What came of a cell's magics. */
export interface MagicResult {
  /** The settings by which the cell is to be run. */
  readonly settings: CellSettings;
  /** Why the cell must not run. */
  readonly failure?: ErrorContent;
  /** Must be called when the cell's code has ended. */
  ended(milliseconds: number): void;
}

/** Runs a cell's magics in their order, when all of them exist. Never rejects. */
export async function runMagics(calls: readonly MagicCall[], cell: MagicCell, { signal, ...around }: MagicSurroundings & { signal: AbortSignal }): Promise<MagicResult> {
  let { settings } = cell;
  const after: ((milliseconds: number) => void)[] = [];
  const ended = (milliseconds: number): void => { for (const callback of after) callback(milliseconds); };
  let at = calls[0];
  try {
    for (const call of calls) magicNamed(magics, (at = call).name);
    for (const call of calls) {
      signal.throwIfAborted();
      const context: MagicContext = {
        ...around, call, signal, cell: settings,
        setCell: (values) => { settings = { ...settings, ...values }; },
        print: (text, stream = "stdout") => cell.print(text, stream),
        display: (data) => cell.display(data),
        afterCell: (callback) => void after.push(callback),
      };
      await magicNamed(magics, (at = call).name).run(context, call.args);
    }
    return { settings, ended };
  } catch (error) {
    return { settings, ended, failure: errorContent(error, at, cell) };
  }
}

/** A magic's error beneath its line; the stack of one that is no {@link MagicError} tells a developer where it failed. */
function errorContent(error: unknown, { line, start, end, scope, name }: MagicCall, { code, label }: MagicCell): ErrorContent {
  const { name: ename, message, stack } = error instanceof Error ? error : new MagicError(String(error));
  const indent = /^[ \t]*/.exec(code.slice(start, end))![0].length;
  const frame = codeFrame(code, label, { line, column: indent + 1 }, (scope === "cell" ? 2 : 1) + name.length);
  const known = error instanceof MagicError || ename === "InterruptedError";
  return { ename, evalue: message, traceback: [...frame, known ? `${ename}: ${message}` : (stack ?? message)] };
}
