import { availableParallelism } from "node:os";
import { terminalReporter } from "../../lib/backend/setup/progress.ts";
import type { Item } from "../../lib/papers/item.ts";
import { plannedRuns, type PlannedRun } from "../../lib/papers/plan.ts";
import { openStudies, type Study } from "../../lib/papers/study.ts";
import { findWeights } from "../../lib/papers/weights.ts";
import type { Site } from "./job.ts";
import { weightsOf } from "./needs.ts";
import { runPool, type PoolState } from "./pool.ts";
import type { Program } from "./program.ts";

export interface StudiesOptions extends Site {
  /** First seed, and how many. */
  readonly seed: number;
  readonly seeds: number;
  /** Ids of rows; where empty, all. */
  readonly rows: readonly string[];
  /** Processes at once. Default one per core; one on a GPU, whose memory the first process takes. */
  readonly jobs?: number;
  readonly failFast: boolean;
  /** What its processes must be. */
  readonly program: Program;
  /** Of the papers' 2x schedule, for a quick look. Default the profile's. */
  readonly iterations?: number;
  readonly signal?: AbortSignal;
  readonly onPlan?: (studies: readonly Study[], planned: readonly PlannedRun[], jobs: number) => void;
  readonly onState?: (state: PoolState) => void;
}

export interface TrainedStudies {
  readonly studies: readonly Study[];
  /** What has failed, by its label: trainings, and rows that cannot be trained. */
  readonly problems: ReadonlyMap<string, string>;
  /** How many processes were let run at once. */
  readonly jobs: number;
}

/** Share of the free memory that processes are given. */
const share = 0.85;

/**
 * Trains and measures what the items need, each training once, in processes of their own.
 * @throws as `openStudies`; RebuiltError; the signal's reason once it is aborted, with everything left so that the same call goes on
 */
export async function trainStudies(items: readonly Item[], options: StudiesOptions): Promise<TrainedStudies> {
  const { profile, data, runs, requireGpu, program, failFast, signal, onPlan, onState } = options;
  const studies = await openStudies(items, options);
  const planned = plannedRuns(studies);
  const refused = studies.flatMap(({ item, refused: rows }) => rows.map(({ row, problem }) => [`${item.id}/${row}`, problem] as const));
  const { train, validation, environment } = studies[0];
  const jobs = options.jobs ?? (environment.device === "cuda" ? 1 : availableParallelism());
  onPlan?.(studies, planned, jobs);
  if (failFast && refused.length > 0) return { studies, jobs, problems: new Map(refused) };
  await bringWeights(planned, signal);
  const { problems } = await runPool({
    planned, program, site: { profile, data, runs, requireGpu }, place: { train, validation, runs, requireGpu },
    jobs, memory: share * process.availableMemory(), failFast, ...(signal && { signal }), ...(onState && { onState }),
  });
  const labels = new Map(planned.map(({ id, label }) => [id, label]));
  return { studies, jobs, problems: new Map([...refused, ...[...problems].map(([id, problem]) => [labels.get(id)!, problem] as const)]) };
}

/** Fetches weights once, before processes look for them; what is not to be had fails the runs that need it, by name. */
async function bringWeights(planned: readonly PlannedRun[], signal: AbortSignal | undefined): Promise<void> {
  for (const weights of weightsOf(planned)) {
    signal?.throwIfAborted();
    await findWeights(weights, { reporter: terminalReporter(), ...(signal && { signal }) }).catch(() => undefined);
  }
}
