import { extname } from "node:path";
import type { RunOptions } from "./types.ts";

/** Where a run's report goes: as asked, or beside the executed notebook; undefined when none is wanted. */
export function htmlPath(options: RunOptions): string | undefined {
  if (typeof options.html === "string") return options.html;
  if (options.html !== true) return undefined;
  const base = options.output === undefined || options.output === "-" ? options.input : options.output;
  if (base === "-") throw new Error("The report needs a file name when the notebook goes through pipes: --html FILE.html");
  return base.slice(0, base.length - extname(base).length) + ".html";
}
