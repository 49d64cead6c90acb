import { existsSync, renameSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { isComplete, runtimeOf, type Runtime } from "../runtime.ts";
import { diskFullError, isDiskFull } from "./child.ts";
import { compileAddons } from "./compile.ts";
import { downloadWheel } from "./download.ts";
import { addons, bindingFolder, cacheRoot, tensorflowFolder, type Addon } from "./folders.ts";
import { withLock } from "./lock.ts";
import { makeFolder } from "./make-folder.ts";
import { planFor, type Device, type RuntimePlan } from "./pins.ts";
import { silentReporter, type Reporter } from "./progress.ts";
import { requireSpace } from "./space.ts";
import { findCompiler } from "./tools.ts";
import { unpackWheels } from "./unpack.ts";
import { verifyRuntime } from "./verify.ts";

/** Options of {@link setUp}. */
export interface SetupOptions {
  /** Default "cpu". */
  readonly device?: Device;
  /** Make it anew although it is there. Default false. */
  readonly force?: boolean;
  readonly reporter?: Reporter;
  readonly signal?: AbortSignal;
  /** Default: the user's cache. */
  readonly cache?: string;
  /** What to make, for tests. Default: the pinned plan for the device on this platform. */
  readonly plan?: RuntimePlan;
  /** What to compile, for tests. Default: tfjs-node's binding and the stderr addon. */
  readonly addons?: readonly Addon[];
  /** Loads the result in a process of its own before it is put in place. Default: a computation with TensorFlow. */
  readonly verify?: (binding: string) => Promise<void>;
}

interface Job extends Required<Omit<SetupOptions, "signal" | "device">> {
  readonly signal?: AbortSignal;
  /** Folder for everything half-made; its folders lie as deep in the cache as the results. */
  readonly temporary: string;
}

/**
 * Makes the TensorFlow runtime: wheels → library and headers → compiled binding, each put in place by one rename.
 *
 * Idempotent and without network when it is there already; processes that start at once take turns; what a stopped run
 * left is removed, except whole wheels, which are used again. Throws with what is missing and how to get it.
 */
export async function setUp(options: SetupOptions = {}): Promise<Runtime & { readonly made: boolean }> {
  const plan = options.plan ?? planFor(options.device ?? "cpu");
  const cache = options.cache ?? cacheRoot();
  const built = options.addons ?? addons();
  const runtime = { ...runtimeOf(cache, plan), binding: join(bindingFolder(cache, plan, built), `${built[0].name}.node`) };
  if (!options.force && isComplete(runtime)) return { ...runtime, made: false };
  const reporter = options.reporter ?? silentReporter;
  const onWait = (holder: string) => reporter.note(`Waiting: ${holder} is making the TensorFlow runtime …`);
  try {
    return await withLock(join(cache, "setup.lock"), async () => {
      if (!options.force && isComplete(runtime)) return { ...runtime, made: false };
      const job: Job = { force: false, verify: verifyRuntime, ...options, plan, cache, addons: built, reporter, temporary: workFolder(cache) };
      await make(job);
      return { ...runtime, made: true };
    }, { onWait, ...(options.signal ? { signal: options.signal } : {}) });
  } catch (error) {
    if (isDiskFull(error)) throw diskFullError("making the TensorFlow runtime", cache);
    throw isUnwritable(error) ? new Error(`the cache ${cache} cannot be written (${(error as Error).message}). Set POTSTILL_CACHE to a folder of yours`) : error;
  } finally {
    reporter.end();
  }
}

function isUnwritable(error: unknown): boolean {
  return ["EACCES", "EPERM", "EROFS", "ENOTDIR"].includes((error as NodeJS.ErrnoException).code ?? "");
}

/** A fresh work folder; what earlier, killed runs left is removed (the lock is held). */
function workFolder(cache: string): string {
  const parent = join(cache, "tmp");
  rmSync(parent, { recursive: true, force: true });
  makeFolder(parent);
  return parent;
}

async function make(job: Job): Promise<void> {
  try {
    findCompiler(); // before the download: nobody waits for 270 MB to learn that g++ is missing
    const folder = tensorflowFolder(job.cache, job.plan);
    if (job.force || !existsSync(folder)) await makeLibrary(job, folder);
    await makeBinding(job, folder);
  } finally {
    rmSync(job.temporary, { recursive: true, force: true });
  }
}

async function makeLibrary(job: Job, folder: string): Promise<void> {
  requireSpace(job.cache, job.plan.bytes);
  const folders = { downloads: join(job.cache, "downloads"), temporary: join(job.temporary, "pip") };
  const wheels: { wheel: RuntimePlan["wheels"][number]; path: string }[] = [];
  for (const wheel of job.plan.wheels) wheels.push({ wheel, path: await downloadWheel(wheel, folders, job) });
  await unpackWheels(wheels, join(job.temporary, "library"), job);
  moveInto(join(job.temporary, "library"), folder, job);
  for (const { path } of wheels) rmSync(path, { force: true });
  job.reporter.note(`Unpacked to ${folder}; the downloaded wheel${wheels.length > 1 ? "s are" : " is"} removed`);
}

async function makeBinding(job: Job, library: string): Promise<void> {
  job.reporter.note("Compiling the Node binding …");
  const target = bindingFolder(job.cache, job.plan, job.addons);
  const output = join(job.temporary, "binding");
  // The output lies as deep in the cache as the target, so the relative run path holds in both.
  await compileAddons(job.addons, { output, target, library: join(library, "tensorflow") }, job.signal);
  await job.verify(join(output, `${job.addons[0].name}.node`));
  moveInto(output, target, job);
}

/** Renames a finished folder to its place; what stands there already gives way to it. */
function moveInto(from: string, to: string, job: Job): void {
  makeFolder(dirname(to));
  const old = join(job.temporary, "replaced");
  if (existsSync(to)) renameSync(to, old);
  renameSync(from, to);
  rmSync(old, { recursive: true, force: true });
}
