import { copyFileSync, existsSync, readFileSync, renameSync, rmSync } from "node:fs";
import { basename, join } from "node:path";
import { makeFolder } from "../backend/setup/make-folder.ts";
import { runResult, weightsPath } from "../train/run.ts";
import { writeAtomic } from "../train/atomic.ts";
import { modelCard, type CardScore } from "./card.ts";
import { hashFile } from "./hash.ts";
import { thisMachine, withoutLeaks } from "./leaks.ts";
import type { Named } from "./people.ts";
import { runFacts, type RunFacts } from "./run-facts.ts";

export interface ExportOptions {
  /** Scores beside those that the run's folder holds. */
  readonly scores?: readonly CardScore[];
  /** Terms of the weights. */
  readonly licence?: Named;
  readonly environment?: NodeJS.ProcessEnv;
}

/** What the run's folder knows of its scores. */
function storedScores(folder: string, { files }: RunFacts): CardScore[] {
  return files.filter(({ path }) => /^score-[\w]+\.json$/.test(path)).flatMap(({ path }) => {
    const { of, data, points } = JSON.parse(readFileSync(join(folder, path), "utf8")) as Partial<CardScore>;
    return of !== undefined && data !== undefined && points !== undefined ? [{ of, data, points }] : [];
  });
}

/** One score per dataset and kind: the latter replaces the former. */
function distinct(scores: readonly CardScore[]): CardScore[] {
  return [...new Map(scores.map((score) => [`${score.of} ${score.data.hash}`, score])).values()];
}

/**
 * Puts a finished run's weights into a folder, with a model card and what was trained: `weights.safetensors`, `README.md`,
 * `config.json`. `potstill detect FOLDER` takes it as it takes the run's own.
 * @returns the files that were written
 * @throws Error when the run is not finished or kept no weights, or the folder holds another model
 */
export async function exportModel(run: string, out: string, { scores = [], licence, environment = process.env }: ExportOptions = {}): Promise<readonly string[]> {
  const facts = await runFacts(run);
  const from = weightsPath(run);
  if (runResult(run) === undefined) throw new Error(`${run} is no finished run: it has no result.json. Continue it with the command that started it`);
  if (!existsSync(from)) throw new Error(`${run} kept no weights (${from}). Train it again with its weights kept`);
  makeFolder(out);
  const machine = thisMachine(environment);
  const target = join(out, "weights.safetensors");
  const weights = { file: basename(target), ...(await hashFile(from)) };
  await refuseOther(target, weights.sha256);
  const card = modelCard(facts, { weights, machine, scores: distinct([...storedScores(run, facts), ...scores]), ...(licence && { licence }) });
  copyWhole(from, target);
  writeAtomic(join(out, "config.json"), withoutLeaks(readFileSync(join(run, "config.json"), "utf8"), machine));
  writeAtomic(join(out, "README.md"), card);
  return [target, join(out, "config.json"), join(out, "README.md")];
}

async function refuseOther(target: string, sha256: string): Promise<void> {
  if (!existsSync(target) || (await hashFile(target)).sha256 === sha256) return;
  throw new Error(`${target} holds other weights. Name another folder, or remove it first`);
}

function copyWhole(from: string, to: string): void {
  const temporary = `${to}.${process.pid}.tmp`;
  try {
    copyFileSync(from, temporary);
    renameSync(temporary, to);
  } catch (error) {
    rmSync(temporary, { force: true });
    throw new Error(`cannot write ${to}: ${(error as Error).message}`, { cause: error });
  }
}
