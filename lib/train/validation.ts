import { appendFileSync, existsSync, readFileSync } from "node:fs";
import { writeAtomic } from "./atomic.ts";

/** Numbers about a detector after so many iterations of its training, by name. */
export type TrainingLook = Readonly<Record<string, number>> & { readonly iteration: number };

/**
 * What a run's `validation.jsonl` holds, in order; a last line that a kill cut short is left out.
 * @throws Error naming file and line when one is broken or out of order
 */
export function readLooks(path: string): TrainingLook[] {
  if (!existsSync(path)) return [];
  const lines = readFileSync(path, "utf8").split("\n").slice(0, -1); // a complete line ends with a newline
  let before = -1;
  return lines.map((line, i) => {
    const look = parse(line);
    if (look === undefined || !(look.iteration > before)) throw new Error(`${path}, line ${i + 1}: expected the numbers of an iteration after ${before}. Remove the run's folder to train it again`);
    before = look.iteration;
    return look;
  });
}

function parse(line: string): TrainingLook | undefined {
  try {
    const look: unknown = JSON.parse(line);
    return typeof look === "object" && look !== null && Number.isInteger((look as TrainingLook).iteration) ? (look as TrainingLook) : undefined;
  } catch {
    return undefined;
  }
}

/** Keeps what was seen up to an iteration: what a resumed run goes on from. */
export function truncateLooks(path: string, iteration: number): void {
  if (!existsSync(path)) return;
  writeAtomic(path, readLooks(path).filter((look) => look.iteration <= iteration).map(line).join(""));
}

/** Appends one look as one line. */
export function appendLook(path: string, look: TrainingLook): void {
  appendFileSync(path, line(look));
}

const line = ({ iteration, ...values }: TrainingLook) => `${JSON.stringify({ iteration, ...values })}\n`;
