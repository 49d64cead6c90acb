import { readFileSync } from "node:fs";
import { UsageError } from "./errors.ts";

/** What a training's JSON file says. @throws UsageError naming the file */
export function readTrainingFile(path: string): unknown {
  try {
    return JSON.parse(readFileSync(path, "utf8"));
  } catch (error) {
    throw new UsageError(`${path} cannot be read as JSON: ${(error as Error).message}`);
  }
}
