import { homedir, tmpdir } from "node:os";
import { dirname, resolve } from "node:path";
import { Kernel } from "../client/index.ts";
import type { KernelSpec } from "../client/index.ts";
import { parameteriseNotebook, writeNotebook } from "../notebook/index.ts";
import type { Notebook, Parameters } from "../notebook/index.ts";
import { writeAtomically } from "./atomic-write.ts";
import { chooseKernel, workingFolder } from "./choose-kernel.ts";
import { addErrorMarkers, removeErrorMarkers } from "./error-markers.ts";
import { NotebookExecutor } from "./execute.ts";
import type { Outcome } from "./execute.ts";
import { loadNotebook } from "./load.ts";
import { endRecords, notebookRecord, now, prepareRecords, startRecords } from "./papermill-metadata.ts";
import { toParameters } from "./parameter-values.ts";
import { htmlPath } from "./html-path.ts";
import { portableNotebook } from "./portable.ts";
import { refuseSecrets } from "./secret-names.ts";
import type { ReportOptions } from "./report/index.ts";
import { Saver } from "./saver.ts";
import type { RunError, RunOptions, RunResult } from "./types.ts";

export { CellTimeoutError, RunInterrupted } from "./errors.ts";
export { WriteError } from "./atomic-write.ts";
export { gatherParameters } from "./gather-parameters.ts";
export type { ParameterSources } from "./gather-parameters.ts";
export { describeParameters } from "./help-notebook.ts";
export { loadNotebook } from "./load.ts";
export { builtinValues, fillPath } from "./path-template.ts";
export { isSecretName, refuseSecrets } from "./secret-names.ts";
export { Progress } from "./progress.ts";
export type { ProgressStream } from "./progress.ts";
export type { RunError, RunEvent, RunOptions, RunResult, RunStatus } from "./types.ts";

/** A run on its way through the five steps. */
interface Job {
  options: RunOptions;
  notebook: Notebook;
  parameters: Parameters;
  outcome?: Outcome;
  error?: RunError;
  seconds: number;
}

/**
 * Runs a notebook in a Jupyter kernel and writes the executed notebook (and its report).
 * A cell that fails, a timeout, a dead kernel and an interrupt are results, recorded in the notebook;
 * what keeps the run from taking place throws: NotebookFormatError, ParameterError, KernelSpecError,
 * DeadKernelError (the kernel never answered) and WriteError.
 */
export async function runNotebook(options: RunOptions): Promise<RunResult> {
  const job = await load(options);
  await parameterise(job);
  await execute(job);
  check(job);
  return write(job);
}

async function load(options: RunOptions): Promise<Job> {
  htmlPath(options); // an impossible report is refused before anything runs
  if (!options.allowSecretParameters) refuseSecrets(options.parameters ?? {});
  return { options, notebook: await loadNotebook(options.input), parameters: toParameters(options.parameters ?? {}), seconds: 0 };
}

async function parameterise(job: Job): Promise<void> {
  const { options, parameters } = job;
  const warn = (message: string): void => options.onEvent?.({ type: "warning", message });
  const { kernelName: kernel, language, exemptParameters: exempt = [], allowUnknownParameters: allowUnknown = false, reportMode = false } = options;
  job.notebook = await parameteriseNotebook(job.notebook, parameters, { kernel, language, exempt, allowUnknown, reportMode, warn });
  prepareRecords(job.notebook, { input: options.inputName ?? options.input, output: options.output ?? "" }, parameters);
  if (reportMode) for (const cell of job.notebook.cells) if (cell.cell_type === "code") cell.metadata.jupyter = { ...(cell.metadata.jupyter as object | undefined), source_hidden: true };
  removeErrorMarkers(job.notebook);
}

async function execute(job: Job): Promise<void> {
  const { options, notebook } = job;
  if (options.prepareOnly) return;
  const spec = chooseKernel(notebook, options);
  const saver = new Saver(options.output === "-" ? undefined : options.output, () => writeNotebook(shown(job)));
  const started = now();
  startRecords(notebook, started);
  await saver.flush(); // an output that cannot be written is found before anything runs
  try {
    await runInKernel(job, spec, saver);
  } catch (error) {
    notebookRecord(notebook).exception = true;
    if (options.signal?.aborted !== true) {
      await saveBreakdown(notebook, saver, started);
      throw error;
    }
    job.outcome = { status: "interrupted" };
  } finally {
    await saver.close();
    endRecords(notebook, started, now());
    job.seconds = (now() - started) / 1000;
  }
}

async function runInKernel(job: Job, spec: KernelSpec, saver: Saver): Promise<void> {
  const { options, notebook } = job;
  const env = { POTSTILL_HISTORY: "off", ...kernelEnvironment(notebook, options) };
  const kernel = await Kernel.launch(spec, { cwd: workingFolder(spec, options), env, signal: options.signal, startTimeout: options.startTimeout ?? 60 });
  try {
    options.onEvent?.({ type: "start", cells: notebook.cells.length, kernel: spec.displayName });
    job.outcome = await new NotebookExecutor(notebook, kernel, saver, options).execute();
    if (kernel.info.language_info !== undefined) notebook.metadata.language_info = kernel.info.language_info as Record<string, unknown>;
  } finally {
    await kernel.shutdown();
  }
}

/** Jupyter's servers tell kernels the notebook's path in `JPY_SESSION_NAME`; Potstill's own is told the notebook's settings. */
function kernelEnvironment({ metadata }: Notebook, { env = process.env, input }: RunOptions): NodeJS.ProcessEnv {
  const settings = JSON.stringify({ potstill: metadata.potstill });
  return { ...env, POTSTILL_NOTEBOOK_SETTINGS: settings, ...(input === "-" ? {} : { JPY_SESSION_NAME: resolve(input) }) };
}

/** The run broke off for a reason outside the notebook: its file must not look as if it were still going on. */
async function saveBreakdown(notebook: Notebook, saver: Saver, started: number): Promise<void> {
  endRecords(notebook, started, now());
  await saver.flush().catch(() => undefined); // the first error is the one to tell
}

/** Finds the error that the run is to report and marks its cell. */
function check(job: Job): void {
  const { notebook, outcome } = job;
  if (outcome?.cellIndex === undefined) return;
  const cell = notebook.cells[outcome.cellIndex];
  const { ename: name, evalue: value, traceback } = outcome.error!;
  job.error = { cellIndex: outcome.cellIndex, executionCount: cell.cell_type === "code" ? cell.execution_count : null, source: cell.source, name, value, traceback };
  addErrorMarkers(notebook, outcome.cellIndex);
}

/** The folder of the notebook. */
const folderOf = (input: string): string => (input === "-" ? process.cwd() : dirname(resolve(input)));

/** The folders that a run is made in, and what stands for each where they are not to be told; of the same folder the last holds. */
function hidden({ input, cwd, hide = [] }: RunOptions): readonly (readonly [string, string])[] {
  return [[homedir(), "~"], [tmpdir(), "TMP"], [folderOf(input), "."], [resolve(cwd ?? "."), "."], [process.cwd(), "."], ...hide];
}

/** The notebook as it is written. */
function shown({ options, notebook }: Job): Notebook {
  return options.portable ? portableNotebook(notebook, hidden(options)) : notebook;
}

/** The report hides the folders it was made in. */
const reportOptions = (options: RunOptions): ReportOptions => ({ folder: folderOf(options.input), name: options.input, hide: hidden(options) });

async function write(job: Job): Promise<RunResult> {
  const { options, parameters, seconds } = job;
  const notebook = shown(job);
  const text = writeNotebook(notebook);
  if (options.output === "-") await new Promise<void>((done, failed) => process.stdout.write(text, (error) => (error ? failed(error) : done())));
  else if (options.output !== undefined) await writeAtomically(options.output, text, { durable: true });
  const html = htmlPath(options);
  if (html !== undefined) {
    const { renderReport } = await import("./report/index.ts"); // Markdown, KaTeX and colouring only where they are wanted
    await writeAtomically(html, await renderReport(notebook, reportOptions(options)));
  }
  const status = job.outcome?.status ?? "prepared";
  options.onEvent?.({ type: "end", status, seconds });
  return { status, notebook, seconds, parameters, ...(options.output === undefined ? {} : { output: options.output }), ...(html === undefined ? {} : { html }), ...(job.error === undefined ? {} : { error: job.error }) };
}
