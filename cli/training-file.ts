import { readFileSync, statSync } from "node:fs";
import { UsageError } from "./errors.ts";

/** What a training's JSON file says. @throws UsageError naming the file */
export function readTrainingFile(path: string): unknown {
  const found = statSync(path, { throwIfNoEntry: false });
  if (found === undefined) throw new UsageError(`there is no file ${path}; name a training's JSON file, for example one with {"detector": {"kind": "fcos", "preset": "tiny"}}`);
  if (found.isDirectory()) throw new UsageError(`${path} is a folder; name a training's JSON file (of a run: its config.json shows what was trained, but is none)`);
  try {
    return JSON.parse(readFileSync(path, "utf8"));
  } catch (error) {
    throw new UsageError(`${path} cannot be read as JSON: ${(error as Error).message}`);
  }
}
