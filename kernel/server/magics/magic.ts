import type { MagicCall } from "../../language/magics.ts";
import type { MimeBundle } from "../../language/link.ts";
import type { CellSettings, Settings } from "../settings.ts";

/** What a magic can do while it runs. */
export interface MagicContext {
  readonly call: MagicCall;
  /** The notebook's folder. */
  readonly folder: string;
  /** Aborted by an interrupt: then stop what was begun, and throw `signal.reason`. */
  readonly signal: AbortSignal;
  /** The kernel's settings, from now on. */
  readonly settings: Settings;
  /** The settings of the cell that the magic stands in, after the magics before it. */
  readonly cell: CellSettings;
  /** Changes the settings of this cell alone. */
  setCell(values: Partial<CellSettings>): void;
  /** Prints into the cell. */
  print(text: string, stream?: "stdout" | "stderr"): void;
  /** Shows a bundle below the cell; the function that is returned replaces it. */
  display(data: MimeBundle): (data: MimeBundle) => void;
  /** Calls back when the cell's code has ended, however it did, with how long it ran. */
  afterCell(callback: (milliseconds: number) => void): void;
  /** The installed packages have changed: types and modules are looked up afresh. */
  packagesChanged(): void;
}

/** What a magic is and does. */
export interface Magic {
  /** `%name` and its arguments, in the way of a command line. */
  readonly usage: string;
  /** One sentence. */
  readonly summary: string;
  /** What else there is to know, in Markdown. */
  readonly details?: string;
  /** Words that may follow, for completion. */
  readonly words?: readonly string[];
  /** Runs before the cell's code, which does not run when this rejects; {@link MagicError} when the arguments are wrong. */
  run(context: MagicContext, args: readonly string[]): void | Promise<void>;
}

/** A magic that does not exist, or was called wrongly, or failed in a way that its message explains. */
export class MagicError extends Error {
  override name = "MagicError";
}

/** Throws unless there are from `least` to `most` arguments. */
export function expectArguments(args: readonly string[], { usage }: Pick<Magic, "usage">, [least, most]: readonly [number, number]): void {
  if (args.length >= least && args.length <= most) return;
  throw new MagicError(`${args.length} argument${args.length === 1 ? " was" : "s were"} given, expected ${least === most ? least : `${least} to ${most}`}. Usage: ${usage}`);
}
