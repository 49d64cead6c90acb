// A program of its own that trains and measures one planned run: told over IPC what, it tells over IPC how it goes. A crash,
// or a kernel that is out of memory, ends this process and no other.
import { openProfileData } from "../../lib/papers/scale/index.ts";
import { performRun } from "../../lib/papers/perform.ts";
import { workByCode } from "../../lib/provenance/record.ts";
import { BusyError } from "../../lib/train/atomic.ts";
import { computing } from "../interruptible.ts";
import type { Job, WorkerMessage } from "./job.ts";
import { isRebuilt } from "./program.ts";

/** Milliseconds between two messages. */
const pause = 250;

const tell = (message: WorkerMessage) => new Promise<void>((done) => { if (process.connected) process.send!(message, () => done()); else done(); });

/** Lets messages and the end of the starter be heard: a training on images in memory never waits for anything. */
const breathe = () => new Promise((done) => { setImmediate(done); });

async function work({ planned, profile, data, runs, requireGpu }: Job, signal: AbortSignal): Promise<void> {
  const { train, validation } = await openProfileData(profile, data);
  let last = -Infinity;
  for await (const { phase, iteration, iterations } of performRun(planned, { train, validation, runs, requireGpu }, signal)) {
    await breathe();
    if (performance.now() - last < pause) continue;
    last = performance.now();
    await tell({ type: "moment", phase, iteration, iterations });
  }
}

async function main(job: Job): Promise<number> {
  if (isRebuilt(job.program)) {
    await tell({ type: "rebuilt" });
    return 0;
  }
  workByCode(job.program.code);
  try {
    const { exitCode } = await computing((signal) => work(job, signal));
    if (exitCode !== undefined) return exitCode;
    await tell({ type: "done" });
    return 0;
  } catch (error) {
    await tell(error instanceof BusyError ? { type: "busy", holder: error.holder } : { type: "failed", message: (error as Error).message });
    return 1;
  }
}

process.on("disconnect", () => process.kill(process.pid, "SIGTERM")); // whoever started it is gone
process.once("message", (job) => { void main(job as Job).then((code) => process.exit(code)); });
