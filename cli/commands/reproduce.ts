import { join } from "node:path";
import { InvalidArgumentError, Option, type Command } from "commander";
import { findBinding, hasNvidiaDriver } from "../../lib/backend/runtime.ts";
import { setUp } from "../../lib/backend/setup/setup.ts";
import { terminalReporter } from "../../lib/backend/setup/progress.ts";
import type { Item } from "../../lib/papers/item.ts";
import { items as allItems, itemsOf, papers } from "../../lib/papers/items/index.ts";
import { profiles, type Profile } from "../../lib/papers/sssd.ts";
import type { Cut } from "../../lib/report/site/index.ts";
import { UsageError } from "../errors.ts";
import { computing, interruptible } from "../interruptible.ts";
import { wholeNumber } from "../options.ts";
import { answeredCalibration, assertUsable, calibration, reproduceCalibration } from "../reproduce/calibration.ts";
import { dryRun, type StepTime } from "../reproduce/dry-run.ts";
import { hasNotebook, type NotebookOptions, type Reproduced } from "../reproduce/notebook.ts";
import { runNotebooks, type DoneNotebook } from "../reproduce/notebooks.ts";
import { defaultOutput } from "../reproduce/output.ts";
import { thisProgram, type Program } from "../reproduce/program.ts";
import { poolProgress } from "../reproduce/progress.ts";
import { writeReport } from "../reproduce/report.ts";
import { trainStudies, type StudiesOptions, type TrainedStudies } from "../reproduce/studies.ts";
import { RunLog } from "../run-log.ts";

/** Folder of all runs, in the current one. */
const runs = "runs";

interface Flags {
  readonly profile: Profile;
  readonly data: string;
  readonly seed: number;
  readonly seeds: number;
  readonly rows?: readonly string[];
  readonly jobs?: number;
  readonly failFast?: boolean;
  readonly dryRun?: boolean;
  readonly json?: boolean;
  readonly stepSeconds?: StepTime;
  readonly measureStep?: number | true;
  readonly iterations?: number;
  readonly tolerance?: number;
  readonly interval?: [number, number];
  readonly output?: string;
  readonly requireGpu: boolean;
}

function share(text: string): number {
  const value = Number(text);
  if (!(value > 0 && value < 1)) throw new InvalidArgumentError("It must be a share between 0 and 1.");
  return value;
}

function range(text: string): [number, number] {
  const [low, high, ...rest] = text.split(",").map(Number);
  if (rest.length > 0 || !(low > 0 && high > low)) throw new InvalidArgumentError("It must be two numbers with a comma, 0 < low < high, for example 1,100.");
  return [low, high];
}

function names(text: string): string[] {
  const list = text.split(",").map((name) => name.trim()).filter((name) => name !== "");
  if (list.length === 0) throw new InvalidArgumentError("It must be names of rows with commas, for example student,frs.");
  return list;
}

function stepTime(text: string): StepTime {
  const [, row, seconds] = /^(\S+)=(\d+(?:\.\d+)?)$/.exec(text) ?? [];
  if (row === undefined || !(Number(seconds) > 0)) throw new InvalidArgumentError("It must be a row and what one of its steps took, for example frs/table-1/retinanet-student=1.9.");
  return { row, seconds: Number(seconds) };
}

function withOptions(command: Command): Command {
  return command
    .addOption(new Option("--profile <profile>", "smoke: minutes on two CPU cores, proves the pipeline; mini: small networks on real data; paper: the paper's scale on COCO and a GPU, from pre-trained weights, which are fetched").choices([...profiles]).default("smoke"))
    .option("--data <folder>", "a folder in COCO format, or synthetic", "synthetic")
    .option("--seed <n>", "first seed", wholeNumber(0), 0)
    .option("--seeds <n>", "repetitions, each with the next seed", wholeNumber(1), 1)
    .option("--iterations <n>", "a quick look: iterations of the papers' 2x schedule, the others in proportion; of sssd/calibration: per probe (default: the profile's)", wholeNumber(1))
    .option("--tolerance <share>", "of sssd/calibration: how close a probe's share must come to the target (default 0.005)", share)
    .option("--interval <low,high>", "of sssd/calibration: where λ is looked for (default 1,100)", range)
    .option("--output <folder>", "where the report site goes, or sssd/calibration's notebook alone (default: artefacts/[items/]<profile>-<data>, and with other seeds, --iterations or --rows a folder of its own beside it: …-5-seeds, …-10-iterations, …-some-rows)")
    .option("--require-gpu", "fail instead of computing on the CPU", false);
}

/** `potstill reproduce`, and `potstill start`, which reproduces the first item. */
export function register(program: Command): void {
  withOptions(program.command("reproduce"))
    .description("reproduce the papers' tables and figures: make the TensorFlow runtime if needed, train what they need (once, resumable), run their notebooks, write the report site")
    .argument("[items...]", `papers or paper/item; of: ${[...papers, ...allItems.map(({ id }) => id)].join(", ")} (default: all)`)
    .option("--rows <ids>", "only these rows of one item, and those that they are compared with", names)
    .option("--jobs <n>", "trainings at once (default: one per core, one on a GPU)", wholeNumber(1))
    .option("--fail-fast", "stop when a training fails; otherwise its row is told by name, and the others go on")
    .option("--dry-run", "only say what would be trained, or searched, what that needs, and what is missing")
    .option("--json", "with --dry-run: as JSON")
    .option("--step-seconds <row=seconds>", "with --dry-run: what a step of a row took on your GPU; the other rows' hours follow from it", stepTime)
    .option("--measure-step [images]", "with --dry-run at the paper profile: take some steps on this device, of so many images (default: on a GPU the training's own batch, else 1), and estimate from them", wholeNumber(1))
    .action((names: string[], flags: Flags) => run(names, flags));
  withOptions(program.command("start"))
    .description("make the TensorFlow runtime if needed, then reproduce sssd/calibration: what npm start does")
    .action(async (flags: Flags) => {
      await assertUsable(flags); // before the download
      await run([calibration.id], flags);
    });
}

/** What is asked for; the calibration trains by itself. */
interface Chosen {
  readonly items: readonly Item[];
  readonly calibrated: boolean;
}

/** @throws UsageError with what there is */
function chosen(asked: readonly string[], { rows }: Flags): Chosen {
  const named = asked.length === 0 ? namedItems() : [...new Set(asked.flatMap((name) => namedItems(name)))];
  const items = named.filter(({ id }) => id !== calibration.id);
  if (rows !== undefined && items.length !== 1) throw new UsageError(`--rows names rows of one item, and ${items.length} are asked for; name one: ${items.map(({ id }) => id).join(", ")}`);
  return { items, calibrated: items.length < named.length };
}

function namedItems(name?: string): readonly Item[] {
  try {
    return itemsOf(name);
  } catch (error) {
    throw new UsageError((error as Error).message);
  }
}

/** @throws UsageError for options that belong to another one */
function checkFlags({ dryRun: dry, json, stepSeconds, measureStep, profile }: Flags): void {
  const given = json ? "--json" : stepSeconds !== undefined ? "--step-seconds" : measureStep !== undefined ? "--measure-step" : undefined;
  if (!dry && given !== undefined) throw new UsageError(`${given} goes with --dry-run`);
  if (measureStep !== undefined && profile !== "paper") throw new UsageError("--measure-step is for the paper profile's hours: give --profile paper");
  if (measureStep !== undefined && stepSeconds !== undefined) throw new UsageError("--measure-step and --step-seconds say two things of one step; give one of them");
}

async function run(names: readonly string[], flags: Flags): Promise<void> {
  checkFlags(flags);
  const asked = chosen(names, flags);
  if (!asked.calibrated && (flags.tolerance ?? flags.interval) !== undefined) throw new UsageError(`${flags.tolerance === undefined ? "--interval" : "--tolerance"} is of ${calibration.id}, which is not asked for`);
  if (flags.dryRun) {
    if (flags.measureStep !== undefined) await needRuntime(flags);
    const { text, missing } = await dryRun(asked.calibrated ? [calibration, ...asked.items] : asked.items, { ...flags, rows: flags.rows ?? [], runs, json: flags.json ?? false });
    process.stdout.write(text);
    if (missing.length > 0) process.exitCode = 1;
    return;
  }
  const program = await thisProgram();
  await needRuntime(flags);
  tellBackend();
  if (asked.items.length === 0) return calibrate(flags);
  await reproduce(asked, { ...flags, output: flags.output ?? defaultOutput(names, flags), program });
}

/** Makes the TensorFlow runtime where there is none: without it everything takes many times longer. */
async function needRuntime({ requireGpu }: Pick<Flags, "requireGpu">): Promise<void> {
  if (requireGpu && !hasNvidiaDriver()) throw new Error("a GPU is required, and this machine has no NVIDIA driver (/dev/nvidiactl). Install the driver, or leave --require-gpu out; potstill doctor says what is there");
  if (process.env.POTSTILL_BACKEND || (!requireGpu && findBinding() !== undefined) || process.env.POTSTILL_BINDING) return;
  await setUp({ reporter: terminalReporter(), device: requireGpu ? "cuda" : "cpu" });
}

function tellBackend(): void {
  const backend = process.env.POTSTILL_BACKEND;
  if (backend) process.stderr.write(`POTSTILL_BACKEND=${backend}${backend === "native" ? "" : ": several times slower than the native library"}\n`);
}

function interrupted(exitCode: number): void {
  process.exitCode = exitCode;
  process.stderr.write("Interrupted. The same command continues where it stopped.\n");
}

interface SiteFlags extends Flags {
  readonly output: string;
  readonly program: Program;
}

/** Trains, runs the notebooks, writes the site. */
async function reproduce(asked: Chosen, flags: SiteFlags): Promise<void> {
  const { result, exitCode } = await computing((signal) => reproduced(asked, { ...flags, signal }));
  if (exitCode !== undefined || result === undefined) return interrupted(exitCode ?? 1);
  tellReport(result, flags.output);
}

interface Reproduction {
  readonly problems: ReadonlyMap<string, string>;
  readonly notebooks: readonly DoneNotebook[];
  /** Absent where a failure was to end everything. */
  readonly index?: string;
}

async function reproduced({ items, calibrated }: Chosen, flags: SiteFlags & { readonly signal: AbortSignal }): Promise<Reproduction> {
  const { profile, data, output, signal, failFast = false } = flags;
  const options = { ...flags, rows: flags.rows ?? [], failFast, runs };
  const { studies, problems, jobs } = await trained(items, options);
  if (failFast && problems.size > 0) return { problems, notebooks: [] };
  for (const { item } of studies) if (!hasNotebook(item)) tell(`${item.id}: its notebook ${item.notebook} is not part of this installation`);
  const own = await runNotebooks(studies, { ...options, jobs, onNotebook: tellNotebook });
  const beside = calibrated ? await calibratedBeside(flags) : undefined;
  const notebooks = beside === undefined ? own : [...own, beside];
  signal.throwIfAborted();
  tell("writing the report site …");
  const cut = cutOf(flags);
  const searched = beside && (await answeredCalibration({ ...flags, runs }, beside.problem));
  const { index } = await writeReport({ profile, data, runs, output, studies, signal, ...(cut && { cut }), beside: searched === undefined ? [] : [searched], notebooks: Object.fromEntries(notebooks.map(({ item, report }) => [item.id, report])) });
  return { problems, notebooks, index };
}

/** What a run of less than everything was cut to. */
function cutOf({ iterations, rows }: Flags): Cut | undefined {
  return iterations === undefined && rows === undefined ? undefined : { ...(iterations !== undefined && { iterations }), ...(rows && { rows }) };
}

async function trained(items: readonly Item[], options: StudiesOptions): Promise<TrainedStudies> {
  const progress = poolProgress();
  try {
    return await trainStudies(items, {
      ...options,
      onPlan: (studies, planned, jobs) => tell(`${studies.map(({ item }) => item.id).join(", ")} (${options.profile} profile, ${options.data}): ${planned.length} trainings, ${jobs} at once`),
      onState: (state) => progress.show(state),
    });
  } finally {
    progress.end();
  }
}

/** The calibration's notebook, in the site's folder. */
async function calibratedBeside({ output, signal, ...flags }: Flags & { readonly output: string; readonly signal: AbortSignal }): Promise<DoneNotebook> {
  const { result, report, tables } = await reproduceCalibration({ ...flags, parameters: chosenParameters(flags), output: join(output, "notebooks"), signal });
  signal.throwIfAborted();
  const done: DoneNotebook = { item: calibration, report, tables, seconds: result.seconds, ...(result.status !== "completed" && { problem: result.error ? `${result.error.name}: ${result.error.value}` : result.status }) };
  tellNotebook(done);
  return done;
}

function tell(line: string): void {
  process.stderr.write(`${line}\n`);
}

function tellNotebook({ item, seconds, problem }: DoneNotebook): void {
  tell(problem !== undefined ? `FAILED  the notebook of ${item.id}, ${problem}` : `${item.id}: ${seconds === undefined ? "its notebook has been executed from the same before" : `notebook executed in ${seconds.toFixed(0)} s`}`);
}

function tellReport({ problems, notebooks, index }: Reproduction, output: string): void {
  for (const { tables } of notebooks) for (const text of tables) process.stdout.write(`\n${text}\n`);
  for (const [label, problem] of problems) tell(`FAILED  ${label}: ${problem}`);
  process.stdout.write(`\n${index === undefined ? "" : `report    ${index}\nnotebooks ${join(output, "notebooks")}\n`}trainings ${runs}/ (finished ones are not done again)\n`);
  if (problems.size > 0 || notebooks.some(({ problem }) => problem !== undefined)) process.exitCode = 1;
}

/** The calibration alone, as `npm start`. */
async function calibrate(flags: Flags): Promise<void> {
  tell(`${calibration.id} (${flags.profile} profile, ${flags.data}): ${calibration.claim}`);
  const output = flags.output ?? defaultOutput([calibration.id], flags);
  const log = new RunLog({ level: "WARNING", logOutput: false, pipedOutput: false });
  try {
    const { result, exitCode } = await interruptible((signal) => reproduceCalibration({ ...flags, parameters: chosenParameters(flags), output, signal, onEvent: log.onEvent }));
    log.result(result.result);
    if (exitCode !== undefined) interrupted(exitCode);
    else if (result.result.status !== "completed") process.exitCode = 1;
    const index = exitCode === undefined ? await calibrationSite(flags, { ...result, output }) : undefined;
    tellCalibration(result, index);
  } finally {
    log.close();
  }
}

/** Only what was asked for: the notebook has its own defaults. */
function chosenParameters({ iterations, tolerance, interval }: Partial<Flags>): NonNullable<NotebookOptions["parameters"]> {
  return Object.fromEntries(Object.entries({ iterations, tolerance, interval }).filter(([, value]) => value !== undefined));
}

/** The site of the calibration alone, beside its notebook. @returns its index */
async function calibrationSite(flags: Flags, { result, report, output }: Reproduced & { readonly output: string }): Promise<string> {
  const { profile, data } = flags;
  const cut = cutOf(flags);
  const problem = result.status === "completed" ? undefined : result.error?.value ?? result.status;
  const { index } = await writeReport({ profile, data, runs, output, studies: [], ...(cut && { cut }), beside: [await answeredCalibration({ ...flags, runs }, problem)], notebooks: { [calibration.id]: report } });
  return index;
}

function tellCalibration({ result, notebook, report, tables }: Reproduced, index: string | undefined): void {
  for (const text of tables) process.stdout.write(`\n${text}\n`);
  process.stdout.write(`\nnotebook  ${notebook}\nreport    ${report}\n${index === undefined ? "" : `site      ${index}\n`}trainings ${runs}/ (finished ones are not done again)\n${result.status} in ${result.seconds.toFixed(0)} s\n`);
}
