import { duration } from "../training-log.ts";
import type { PoolState, RunningState } from "./pool.ts";

interface Sink {
  readonly isTTY?: boolean;
  readonly columns?: number;
  write(text: string): unknown;
}

/** Milliseconds between two redraws, and between two lines of a log. */
const [redraw, rewrite] = [200, 30_000];

/** Tells a person how a pool's runs go: on a terminal one line that is redrawn, in a log a line now and then; what ends, ends a line. */
export interface PoolProgress {
  show(state: PoolState): void;
  end(): void;
}

/** `12/40 done; 2 run: frs/table-1/frs, seed 0 (210/300), …; waiting for process 7 on host: frs/table-1/lad, seed 0; about 6 min left`. */
export function stateLine({ total, done, running, waiting, rebuilt, secondsLeft }: PoolState): string {
  const now = running.map((run) => `${run.label} (${doing(run)})`);
  return [`${done}/${total} done`, ...(now.length > 0 ? [`${now.length} run${now.length === 1 ? "s" : ""}: ${now.join(", ")}`] : []), ...waitingParts(waiting), ...(rebuilt ? ["nothing more is started: the program was built anew"] : []), ...(secondsLeft !== undefined && done < total ? [`about ${duration(secondsLeft)} left`] : [])].join("; ");
}

/** What is published is not trained: it is scored as it is. */
const doing = ({ phase, iteration, iterations }: RunningState) => (phase === "measuring" || iterations === 0 ? "scoring" : `${iteration}/${iterations}`);

/** By who is waited for. */
function waitingParts(waiting: PoolState["waiting"]): string[] {
  const holders = [...new Set(waiting.map(({ holder }) => holder))];
  return holders.map((holder) => `waiting for ${holder}: ${waiting.filter((one) => one.holder === holder).map(({ label }) => label).join(", ")}`);
}

/** Shows a pool's states on a stream. */
export function poolProgress(sink: Sink = process.stderr, now: () => number = Date.now): PoolProgress {
  let [shown, drawn] = [-Infinity, false];
  const erase = () => { if (drawn) sink.write("\r\x1b[K"); drawn = false; };
  const line = (text: string) => { erase(); sink.write(`${text}\n`); };
  return {
    show(state) {
      const { ended } = state;
      if (ended?.problem !== undefined) line(`FAILED  ${ended.label}: ${ended.problem}`);
      else if (ended !== undefined && !ended.found) line(`done    ${ended.label}`);
      if (!sink.isTTY && state.running.length + state.waiting.length === 0) return; // what is only looked up takes no time
      if (now() - shown < (sink.isTTY ? redraw : rewrite) && !(sink.isTTY && ended)) return;
      shown = now();
      if (!sink.isTTY) return line(stateLine(state));
      erase();
      sink.write(stateLine(state).slice(0, (sink.columns ?? 80) - 1));
      drawn = true;
    },
    end: erase,
  };
}
