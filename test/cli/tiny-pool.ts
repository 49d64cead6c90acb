import type { PoolOptions } from "../../cli/reproduce/pool.ts";
import { thisProgram } from "../../cli/reproduce/program.ts";
import { loadBackend } from "../../lib/backend/load.ts";
import { writeCoco } from "../../lib/data/write-coco.ts";
import { openProfileData } from "../../lib/papers/scale/index.ts";
import { studyOf, type Study } from "../../lib/papers/study.ts";
import { exploding, plain, row, taught, teacher, tinyData, tinyItem } from "../lib/papers/tiny-study.ts";
import { potstill } from "../potstill.ts";

const experiments: Readonly<Record<string, typeof plain>> = { plain, taught, teacher, exploding };

/** A student, and one that learns from a teacher; nobody asks for the teacher's own row. */
export const pair = tinyItem([row("student", "plain"), row("method", "taught", { against: "student" })]);
/** A row that fails, and one that does not. */
export const failing = tinyItem([row("bad", "exploding"), row("good", "plain")]);

/** Four images on disk, and a worker program that is up to date. */
export async function prepare(data: string): Promise<void> {
  await potstill(["--version"]); // brings dist up to date, in which the worker lies
  await writeCoco(tinyData(), data);
}

export async function studyIn(runs: string, data: string, item = pair): Promise<Study> {
  const environment = await loadBackend({ threads: 1 });
  const { train, validation } = await openProfileData("smoke", data);
  return studyOf({
    item, profile: "smoke", seeds: [0], environment, rows: [], place: { train, validation, runs },
    experimentFor: ({ backbone }) => experiments[backbone], transformsFor: ({ backbone }) => experiments[backbone].data.transforms, differences: () => [],
  });
}

export async function optionsIn(runs: string, data: string, item = pair): Promise<PoolOptions> {
  const { planned, train, validation } = await studyIn(runs, data, item);
  return { planned, program: await thisProgram(), site: { profile: "smoke", data, runs, requireGpu: false }, place: { train, validation, runs }, jobs: 2, memory: Infinity, failFast: false };
}
