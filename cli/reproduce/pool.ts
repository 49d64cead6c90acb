import type { PlannedRun } from "../../lib/papers/plan.ts";
import { blockedBy } from "../../lib/papers/outcome.ts";
import { folderOfRun, isComplete, type Workplace } from "../../lib/papers/perform.ts";
import { recordProblem } from "../../lib/papers/run-problem.ts";
import { secondsLeft, type Timing } from "../../lib/papers/time-left.ts";
import { runResult, trainedBy, type RunResult } from "../../lib/train/run.ts";
import type { Site, WorkerMessage } from "./job.ts";
import { isRebuilt, RebuiltError, type Program } from "./program.ts";
import { Waiting, type WaitingState } from "./waiting.ts";
import { startWorker, type Ending, type WorkerProcess } from "./worker-process.ts";

export interface PoolOptions {
  /** In an order in which they can be done. */
  readonly planned: readonly PlannedRun[];
  readonly site: Site;
  /** What its processes must be. */
  readonly program: Program;
  /** The same, opened here. */
  readonly place: Workplace;
  /** Processes at once. */
  readonly jobs: number;
  /** Bytes that all of them may take together; one runs in any case. */
  readonly memory: number;
  readonly failFast: boolean;
  /** Milliseconds until a run that another process trains is asked for again. Default 3000. */
  readonly pause?: number;
  readonly signal?: AbortSignal;
  readonly onState?: (state: PoolState) => void;
}

/** Where a pool stands. */
export interface PoolState {
  readonly total: number;
  /** Runs that are over, failed ones too. */
  readonly done: number;
  readonly running: readonly RunningState[];
  /** Those that processes of others train. */
  readonly waiting: readonly WaitingState[];
  /** The program was built anew, so that nothing more is started. */
  readonly rebuilt?: true;
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

/** What is known of a run before a process is started for it. */
type Found =
  | { readonly kind: "open" }
  | { readonly kind: "there"; readonly result: RunResult }
  | { readonly kind: "busy"; readonly holder: string }
  | { readonly kind: "broken"; readonly problem: string };

/** Bytes that a process is thought to need before one has been measured. */
const usualBytes = 1.2e9;
/** Iterations after which a running one tells how long its like takes. */
const telling = 20;

/**
 * Trains and measures planned runs in processes of their own, as many at once as there are jobs and room in memory; a run
 * starts when everything before it is done. A process that dies, or a broken file, fails its run, and those that come after it; a
 * run that another command's process trains is waited for.
 * @throws RebuiltError when the program was built anew meanwhile, once what ran is finished; the signal's reason once it is
 * aborted and every process has ended
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
  if (pool.rebuilt) throw new RebuiltError();
  return pool;
}

class Pool implements PoolResult {
  readonly problems = new Map<string, string>();
  worked = 0;
  /** What processes would load now is another program. */
  rebuilt = false;
  readonly #options: PoolOptions;
  readonly #pending: PlannedRun[];
  readonly #running = new Map<string, Running>();
  readonly #done = new Set<string>();
  readonly #known: Timing[] = [];
  readonly #waiting: Waiting;
  #peak = 0;
  /** Nothing more is started. */
  #closed = false;
  #wake = (): void => undefined;

  constructor(options: PoolOptions) {
    this.#options = options;
    this.#pending = [...options.planned];
    this.#waiting = new Waiting(options.pause ?? 3000);
  }

  async work(): Promise<void> {
    await this.#fill();
    while (this.#running.size > 0 || (this.#waiting.size > 0 && !this.#closed)) {
      const ended = await this.#next();
      if (ended !== undefined) await this.#settle(...ended);
      await this.#fill();
    }
  }

  /** The next process that ends; undefined when a run that is waited for is to be asked for first, or nothing is waited for any more. */
  async #next(): Promise<readonly [Running, Ending] | undefined> {
    const endings = [...this.#running.values()].map(async (one) => [one, await one.worker.ended] as const);
    if (this.#waiting.size === 0 || this.#closed) return Promise.race(endings);
    let timer: NodeJS.Timeout | undefined;
    const due = new Promise<undefined>((done) => {
      this.#wake = () => { done(undefined); };
      timer = setTimeout(this.#wake, this.#waiting.due);
    });
    return Promise.race([...endings, due]).finally(() => { clearTimeout(timer); });
  }

  /** Nothing more is started, and what runs is asked to stop. */
  stop(): void {
    this.#close();
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

  #close(): void {
    this.#closed = true;
    this.#wake();
  }

  /** Takes from the queue what is there already, what cannot be, and what there is room for. */
  async #fill(): Promise<void> {
    for (let next = this.#ready(); next !== undefined && !this.#closed; next = this.#ready()) {
      const found = await this.#look(next);
      if (this.#closed) return; // meanwhile: what was started now would be asked to stop by nobody
      this.#waiting.delete(next.id);
      if (found.kind === "busy") this.#waiting.add(next, found.holder);
      else if (found.kind === "open" && !this.#hasRoom()) return;
      else if (found.kind === "open" && isRebuilt(this.#options.program)) return this.#closeRebuilt();
      else this.#take(next, found);
      this.#tell();
    }
  }

  /** Of a run that nobody else has. */
  #take(run: PlannedRun, found: Exclude<Found, { readonly kind: "busy" }>): void {
    if (found.kind === "broken") this.#fail(run, found.problem);
    else if (found.kind === "there") this.#finish(run, found.result, true);
    else this.#launch(run);
    this.#pending.splice(this.#pending.indexOf(run), 1);
  }

  /** The first run whose needs are settled, well or not, and which is not waited for. */
  #ready(): PlannedRun | undefined {
    return this.#pending.find(({ id, after }) => !this.#waiting.holds(id) && (after.some((one) => this.problems.has(one)) || after.every((one) => this.#done.has(one))));
  }

  async #look(run: PlannedRun): Promise<Found> {
    const { planned, place } = this.#options;
    const broken = run.after.find((id) => this.problems.has(id));
    if (broken !== undefined) return { kind: "broken", problem: blockedBy(planned.find(({ id }) => id === broken)!.label, { problem: this.problems.get(broken)! }) };
    try {
      const folder = await folderOfRun(run, place);
      if (isComplete(run, folder, place)) return { kind: "there", result: resultIn(folder) };
      const holder = trainedBy(folder);
      return holder === undefined ? { kind: "open" } : { kind: "busy", holder };
    } catch (error) {
      return { kind: "broken", problem: (error as Error).message };
    }
  }

  #hasRoom(): boolean {
    const { jobs, memory } = this.#options;
    const { size } = this.#running;
    return size === 0 || (size < jobs && (size + 1) * (this.#peak || usualBytes) <= memory);
  }

  #launch(run: PlannedRun): void {
    const { site, program } = this.#options;
    const entry: Running = { run, phase: "training", iteration: 0, worker: startWorker({ ...site, program, planned: run }, (moment) => this.#hear(entry, moment)) };
    this.#running.set(run.id, entry);
  }

  #hear(entry: Running, { phase, iteration }: Extract<WorkerMessage, { type: "moment" }>): void {
    Object.assign(entry, { phase, iteration });
    entry.first ??= { iteration, at: performance.now() };
    this.#tell();
  }

  async #settle({ run, first }: Running, ending: Ending): Promise<void> {
    this.#running.delete(run.id);
    if (ending.kind === "stopped") return;
    if (ending.kind === "busy") return this.#putBack(run, ending.holder);
    if (ending.kind === "rebuilt" || (ending.kind === "died" && first === undefined && isRebuilt(this.#options.program))) return this.#closeRebuilt(run);
    this.worked++;
    if (ending.kind === "done") await this.#finishWorked(run);
    else this.#fail(run, ending.kind === "died" ? await this.#recorded(run, ending.message) : ending.message); // a failure has been recorded by the process itself
  }

  #putBack(run: PlannedRun, holder?: string): void {
    this.#pending.unshift(run);
    if (holder !== undefined) this.#waiting.add(run, holder);
    this.#tell();
  }

  /** What runs is finished by the program that began it. */
  #closeRebuilt(run?: PlannedRun): void {
    this.rebuilt = true;
    this.#close();
    if (run !== undefined) this.#putBack(run);
    else this.#tell();
  }

  /** Keeps why a process has died; returns what there is to tell. */
  async #recorded(run: PlannedRun, message: string): Promise<string> {
    try {
      recordProblem(await folderOfRun(run, this.#options.place), message);
      return message;
    } catch (error) {
      return `${message}. That could not be kept in its folder: ${(error as Error).message}`;
    }
  }

  async #finishWorked(run: PlannedRun): Promise<void> {
    let result: RunResult;
    try {
      result = resultIn(await folderOfRun(run, this.#options.place));
    } catch (error) {
      return this.#fail(run, (error as Error).message);
    }
    this.#finish(run, result, false);
  }

  #finish(run: PlannedRun, { seconds, iterations, peakMemoryBytes }: RunResult, found: boolean): void {
    this.#done.add(run.id);
    if (iterations > 0) this.#known.push({ experiment: run.experiment, secondsPerIteration: seconds / iterations });
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
      waiting: this.#waiting.states,
      ...(this.rebuilt && { rebuilt: true }),
      ...(left !== undefined && { secondsLeft: left / Math.max(1, Math.min(jobs, open.length + now.length)) }),
      ...(ended && { ended }),
    });
  }
}

/** @throws Error where there is none, or a broken one */
function resultIn(folder: string): RunResult {
  const result = runResult(folder);
  if (typeof result?.iterations !== "number") throw new Error(`${folder} holds no result of its training. Remove it to train again`);
  return result;
}

function timingOf({ run, iteration, first }: Running): Timing[] {
  if (first === undefined || iteration - first.iteration < telling) return [];
  return [{ experiment: run.experiment, secondsPerIteration: (performance.now() - first.at) / 1000 / (iteration - first.iteration) }];
}
