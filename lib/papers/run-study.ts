import { blockedBy } from "./outcome.ts";
import { folderOfRun, isComplete, performInTurn, type RunMoment, type WaitingMoment, type Workplace } from "./perform.ts";
import type { PlannedRun } from "./plan.ts";
import type { RowResult, StudyState } from "./row-result.ts";
import { isInterrupt, problemOf } from "./run-problem.ts";
import { runResult } from "../train/run.ts";
import { secondsLeft, type Timing } from "./time-left.ts";

/** What is done one after the other in this process. */
export interface StudyWork {
  readonly planned: readonly PlannedRun[];
  readonly refused: readonly { readonly row: string; readonly problem: string }[];
  /** Whose rows those are. */
  readonly label: string;
  readonly place: Workplace;
  /** What a run that has ended means to the rows. */
  readonly resultsOf: (run: PlannedRun) => Promise<readonly RowResult[]>;
}

export interface StudyRunOptions {
  /** Stop at the first training that fails, and throw its error. Default false: it is recorded, and the others go on. */
  readonly failFast?: boolean;
  /** Stops between two iterations; the same call goes on later. */
  readonly signal?: AbortSignal;
  /** Try trainings again that have failed before. Default true, but for notebooks that `potstill reproduce` runs: it has just tried. */
  readonly retry?: boolean;
}

/** Milliseconds between two states of one training. */
const pause = 200;

/** Trains and measures what is not there yet, in the plan's order, in this process. */
export async function* runStudy(work: StudyWork, { failFast = false, signal, retry = process.env.POTSTILL_RETRY !== "off" }: StudyRunOptions = {}): AsyncGenerator<StudyState, void> {
  const { planned, place, refused } = work;
  const known: Timing[] = [];
  const failed = new Map<string, string>();
  for (const { row, problem } of refused) {
    if (failFast) throw new Error(`${work.label}/${row}: ${problem}`);
    yield { done: 0, total: planned.length, label: `${work.label}/${row}`, problem };
  }
  for (const [done, run] of planned.entries()) {
    yield stateOf(work, done, known);
    try {
      refuseOrphan(run, planned, failed);
      if (!retry) await refuseFailed(run, place);
      for await (const moment of throttled(performInTurn(run, place, signal), run, known)) yield stateOf(work, done, known, moment);
      await learn(run, place, known);
      const results = await work.resultsOf(run);
      for (const result of results.length === 0 ? [undefined] : results) yield { ...stateOf(work, done, known, "over"), ...(result && { result }) };
    } catch (error) {
      if (failFast || isInterrupt(error, signal)) throw error;
      const problem = (error as Error).message;
      failed.set(run.id, problem);
      yield { ...stateOf(work, done, known, "over"), problem };
    }
  }
}

/** Where a study stands at the run of a position, which has not begun, is at a moment, or is over. */
function stateOf({ planned }: StudyWork, at: number, known: readonly Timing[], moment?: RunMoment | WaitingMoment | "over"): StudyState {
  const over = moment === "over";
  const { iteration, iterations, holder } = shownOf(moment);
  const rest = planned.slice(over ? at + 1 : at).map((run, i) => (i === 0 && iteration !== undefined ? { ...run, iteration } : run));
  const left = secondsLeft(rest, known);
  return {
    done: over ? at + 1 : at, total: planned.length, label: planned[at].label,
    ...(iteration !== undefined && { iteration }), ...(iterations !== undefined && { iterations }), ...(holder !== undefined && { waitsFor: holder }), ...(left !== undefined && { secondsLeft: left }),
  };
}

function shownOf(moment: RunMoment | WaitingMoment | "over" | undefined): Partial<Pick<RunMoment, "iteration" | "iterations"> & Pick<WaitingMoment, "holder">> {
  return moment === undefined || moment === "over" ? {} : moment;
}

/** @throws Error for a run that learns from one that has failed */
function refuseOrphan({ after }: PlannedRun, planned: readonly PlannedRun[], failed: ReadonlyMap<string, string>): void {
  const missing = planned.find(({ id }) => after.includes(id) && failed.has(id));
  if (missing !== undefined) throw new Error(blockedBy(missing.label, { problem: failed.get(missing.id)! }));
}

/** @throws Error with what has been recorded of a run that has failed */
async function refuseFailed(run: PlannedRun, place: Workplace): Promise<void> {
  const folder = await folderOfRun(run, place);
  const problem = isComplete(run, folder, place) ? undefined : problemOf(folder);
  if (problem !== undefined) throw new Error(problem);
}

/** Some of the moments; what they measure tells how long the rest takes. */
async function* throttled(moments: AsyncIterable<RunMoment | WaitingMoment>, { experiment }: PlannedRun, known: Timing[]): AsyncGenerator<RunMoment | WaitingMoment, void> {
  let [last, seconds, count] = [-Infinity, 0, 0];
  for await (const moment of moments) {
    if (moment.phase !== "waiting" && moment.seconds !== undefined && ++count > 1) seconds += moment.seconds; // the first one starts everything up
    if (performance.now() - last < pause) continue;
    last = performance.now();
    const at = known.findIndex((one) => one.experiment === experiment);
    if (count > 1) known.splice(at < 0 ? known.length : at, at < 0 ? 0 : 1, { experiment, secondsPerIteration: seconds / (count - 1) });
    yield moment;
  }
}

/** What a finished run has taken tells how long its like will take. */
async function learn(run: PlannedRun, place: Workplace, known: Timing[]): Promise<void> {
  const { seconds, iterations } = runResult(await folderOfRun(run, place))!;
  if (iterations > 0) known.push({ experiment: run.experiment, secondsPerIteration: seconds / iterations });
}
