import type { PlannedRun } from "../../lib/papers/plan.ts";
import { blockedBy } from "../../lib/papers/outcome.ts";
import { folderOfRun, isComplete, type Workplace } from "../../lib/papers/perform.ts";
import { recordProblem } from "../../lib/papers/run-problem.ts";
import { secondsLeft, type Timing } from "../../lib/papers/time-left.ts";
import { runResult } from "../../lib/train/run.ts";
import type { Site, WorkerMessage } from "./job.ts";
import { startWorker, type Ending, type WorkerProcess } from "./worker-process.ts";

export interface PoolOptions {
  /** In an order in which they can be done. */
  readonly planned: readonly PlannedRun[];
  readonly site: Site;
  /** The same, opened here. */
  readonly place: Workplace;
  /** Processes at once. */
  readonly jobs: number;
  /** Bytes that all of them may take together; one runs in any case. */
  readonly memory: number;
  readonly failFast: boolean;
  readonly signal?: AbortSignal;
  readonly onState?: (state: PoolState) => void;
}

/** Where a pool stands. */
export interface PoolState {
  readonly total: number;
  /** Runs that are over, failed ones too. */
  readonly done: number;
  readonly running: readonly RunningState[];
  readonly secondsLeft?: number;
  /** The run that has just ended, why it has failed, and whether it was there already. */
  readonly ended?: { readonly label: string; readonly problem?: string; readonly found?: true };
}

export interface RunningState {
  readonly label: string;
  readonly pid: number | undefined;
  readonly phase: "training" | "measuring";
  readonly iteration: number;
  readonly iterations: number;
}

export interface PoolResult {
  /** Why runs have failed, by id. */
  readonly problems: ReadonlyMap<string, string>;
  /** Runs that a process worked at now. */
  readonly worked: number;
}

interface Running {
  readonly run: PlannedRun;
  readonly worker: WorkerProcess;
  phase: "training" | "measuring";
  iteration: number;
  /** Its first iteration in this sitting, and when that was. */
  first?: { readonly iteration: number; readonly at: number };
}

/** Bytes that a process is thought to need before one has been measured. */
const usualBytes = 1.2e9;
/** Iterations after which a running one tells how long its like takes. */
const telling = 20;

/**
 * Trains and measures planned runs in processes of their own, as many at once as there are jobs and room in memory; a run
 * starts when everything before it is done. A process that dies fails its run, and those that come after it.
 * @throws the signal's reason once it is aborted and every process has ended
 */
export async function runPool(options: PoolOptions): Promise<PoolResult> {
  const pool = new Pool(options);
  const stop = () => pool.stop();
  const kill = () => pool.kill();
  options.signal?.addEventListener("abort", stop);
  process.on("exit", kill); // a starter that ends in a hurry leaves nobody behind
  try {
    if (!options.signal?.aborted) await pool.work();
  } finally {
    options.signal?.removeEventListener("abort", stop);
    await pool.end();
    process.off("exit", kill);
  }
  options.signal?.throwIfAborted();
  return pool;
}

class Pool implements PoolResult {
  readonly problems = new Map<string, string>();
  worked = 0;
  readonly #options: PoolOptions;
  readonly #pending: PlannedRun[];
  readonly #running = new Map<string, Running>();
  readonly #done = new Set<string>();
  readonly #known: Timing[] = [];
  #peak = 0;
  #stopping = false;

  constructor(options: PoolOptions) {
    this.#options = options;
    this.#pending = [...options.planned];
  }

  async work(): Promise<void> {
    await this.#fill();
    while (this.#running.size > 0) {
      const [entry, ending] = await Promise.race([...this.#running.values()].map(async (one) => [one, await one.worker.ended] as const));
      await this.#settle(entry, ending);
      await this.#fill();
    }
  }

  /** Nothing more is started, and what runs is asked to stop. */
  stop(): void {
    this.#stopping = true;
    for (const { worker } of this.#running.values()) worker.stop();
  }

  kill(): void {
    for (const { worker } of this.#running.values()) worker.kill();
  }

  /** Leaves no process. */
  async end(): Promise<void> {
    this.stop();
    await Promise.all([...this.#running.values()].map(({ worker }) => worker.ended));
  }

  /** Takes from the queue what is there already, what cannot be, and what there is room for. */
  async #fill(): Promise<void> {
    for (let next = this.#ready(); next !== undefined && !this.#stopping; next = this.#ready()) {
      const folder = await this.#folderOf(next);
      if (folder !== undefined && !isComplete(next, folder, this.#options.place)) {
        if (!this.#hasRoom()) return;
        this.#launch(next);
      } else if (folder !== undefined) this.#finish(next, folder, true);
      this.#pending.splice(this.#pending.indexOf(next), 1);
      this.#tell();
    }
  }

  /** The first run whose needs are settled, well or not. */
  #ready(): PlannedRun | undefined {
    return this.#pending.find(({ after }) => after.some((id) => this.problems.has(id)) || after.every((id) => this.#done.has(id)));
  }

  /** Undefined for a run that has failed before it could start. */
  async #folderOf(run: PlannedRun): Promise<string | undefined> {
    const { planned, place } = this.#options;
    const broken = run.after.find((id) => this.problems.has(id));
    try {
      if (broken !== undefined) throw new Error(blockedBy(planned.find(({ id }) => id === broken)!.label, { problem: this.problems.get(broken)! }));
      return await folderOfRun(run, place);
    } catch (error) {
      this.#fail(run, (error as Error).message);
      return undefined;
    }
  }

  #hasRoom(): boolean {
    const { jobs, memory } = this.#options;
    const { size } = this.#running;
    return size === 0 || (size < jobs && (size + 1) * (this.#peak || usualBytes) <= memory);
  }

  #launch(run: PlannedRun): void {
    const entry: Running = { run, phase: "training", iteration: 0, worker: startWorker({ ...this.#options.site, planned: run }, (moment) => this.#hear(entry, moment)) };
    this.#running.set(run.id, entry);
  }

  #hear(entry: Running, { phase, iteration }: Extract<WorkerMessage, { type: "moment" }>): void {
    Object.assign(entry, { phase, iteration });
    entry.first ??= { iteration, at: performance.now() };
    this.#tell();
  }

  async #settle({ run }: Running, ending: Ending): Promise<void> {
    this.#running.delete(run.id);
    if (ending.kind === "stopped") return;
    this.worked++;
    const folder = await folderOfRun(run, this.#options.place);
    if (ending.kind === "done") return this.#finish(run, folder, false);
    if (ending.kind === "died") recordProblem(folder, ending.message); // a failure has been recorded by the process itself
    this.#fail(run, ending.message);
  }

  #finish(run: PlannedRun, folder: string, found: boolean): void {
    const { seconds, iterations, peakMemoryBytes } = runResult(folder)!;
    this.#done.add(run.id);
    this.#known.push({ experiment: run.experiment, secondsPerIteration: seconds / iterations });
    this.#peak = Math.max(this.#peak, peakMemoryBytes);
    this.#tell({ label: run.label, ...(found && { found }) });
  }

  #fail(run: PlannedRun, problem: string): void {
    this.problems.set(run.id, problem);
    if (this.#options.failFast) this.stop();
    this.#tell({ label: run.label, problem });
  }

  #tell(ended?: PoolState["ended"]): void {
    const { planned, jobs, onState } = this.#options;
    const now = [...this.#running.values()];
    const open = this.#pending.filter(({ id }) => !this.#running.has(id) && !this.#done.has(id) && !this.problems.has(id));
    const left = secondsLeft([...open, ...now.map(({ run, iteration }) => ({ ...run, iteration }))], [...this.#known, ...now.flatMap(timingOf)]);
    onState?.({
      total: planned.length,
      done: planned.length - open.length - now.length,
      running: now.map(({ run, phase, iteration, worker: { pid } }) => ({ label: run.label, pid, phase, iteration, iterations: run.experiment.training.iterations })),
      ...(left !== undefined && { secondsLeft: left / Math.max(1, Math.min(jobs, open.length + now.length)) }),
      ...(ended && { ended }),
    });
  }
}

function timingOf({ run, iteration, first }: Running): Timing[] {
  if (first === undefined || iteration - first.iteration < telling) return [];
  return [{ experiment: run.experiment, secondsPerIteration: (performance.now() - first.at) / 1000 / (iteration - first.iteration) }];
}
