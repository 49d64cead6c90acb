import { fstatSync } from "node:fs";
import { Command, CommanderError, Option } from "commander";
import { runNotebook, builtinValues, describeParameters, fillPath, gatherParameters, loadNotebook, refuseSecrets } from "../../kernel/run/index.ts";
import type { RunOptions, RunResult } from "../../kernel/run/index.ts";
import { UsageError } from "../errors.ts";
import { RunLog, logLevels } from "../run-log.ts";
import type { LogLevel } from "../run-log.ts";
import { interruptible } from "../interruptible.ts";

/** Options as commander gives them. */
interface Flags {
  parameters: string[];
  parameters_raw: string[];
  parameters_file: string[];
  parameters_yaml: string[];
  parameters_base64: string[];
  injectInputPath?: boolean;
  injectOutputPath?: boolean;
  injectPaths?: boolean;
  allowUnknownParameters?: boolean;
  allowSecretParameters?: boolean;
  portable?: boolean;
  engine?: string;
  requestSaveOnCellExecute: boolean;
  autosaveCellEvery: number;
  prepareOnly: boolean;
  kernel?: string;
  language?: string;
  cwd?: string;
  progressBar?: boolean;
  logOutput: boolean;
  stdoutFile?: string;
  stderrFile?: string;
  logLevel: LogLevel;
  startTimeout: number;
  executionTimeout?: number;
  reportMode: boolean;
  helpNotebook?: boolean;
  html?: string;
}

const pairFlags = new Set(["-p", "--parameters", "-r", "--parameters_raw"]);
const separator = "\u0000";
/** Stands for `--html` without a file. */
const beside = "\u0001";

/**
 * Brings arguments into the form commander knows: `-p NAME VALUE` has two arguments, which may begin with a dash,
 * and `--html` takes the next word only when that names an HTML file.
 */
function normalise(argv: readonly string[]): string[] {
  const joined: string[] = [];
  for (let at = 0; at < argv.length; at++) {
    const word = argv[at];
    if (word === "--") return [...joined, ...argv.slice(at)];
    if (word === "--html") {
      const named = /\.html?$/i.test(argv[at + 1] ?? "");
      joined.push(`--html=${named ? argv[++at] : beside}`);
      continue;
    }
    if (!pairFlags.has(word)) {
      joined.push(word.replace(/^--start_timeout\b/, "--start-timeout"));
      continue;
    }
    if (at + 2 >= argv.length) throw new UsageError(`${word} takes a name and a value: ${word} NAME VALUE`);
    joined.push(`${word.startsWith("--") ? word : word === "-p" ? "--parameters" : "--parameters_raw"}=${argv[at + 1]}${separator}${argv[at + 2]}`);
    at += 2;
  }
  return joined;
}

const splitPair = (joined: string): [string, string] => joined.split(separator, 2) as [string, string];

function seconds(text: string): number {
  if (/^\d+(\.\d+)?$/.test(text)) return Number(text);
  throw new UsageError(`Expected a number of seconds, received ${JSON.stringify(text)}.`);
}

const collect = (value: string, earlier: string[]): string[] => [...earlier, value];
const many = (flags: string, text: string): Option => new Option(flags, text).argParser(collect).default([], "none");

/** The command's own grammar: papermill's options, then Potstill's. */
function grammar(): Command {
  return new Command("potstill run")
    .usage("[options] NOTEBOOK_PATH [OUTPUT_PATH]")
    .description(`Run a notebook in its Jupyter kernel and write the executed notebook.

Paths may be Python format strings over the parameters ({lr}, {pm[run_uuid]}); - is standard input or output.
Ctrl-C interrupts the running cell, records that, and leaves a valid notebook.
Exit codes: 0 done; 1 a cell failed, timed out or its kernel died, or the run could not take place;
2 wrong usage; 130 interrupted by Ctrl-C, 143 by SIGTERM.`)
    .argument("[NOTEBOOK_PATH]")
    .argument("[OUTPUT_PATH]")
    .addOption(many("-p, --parameters <NAME VALUE>", "a parameter; True, False, None and numbers are typed (repeatable)"))
    .addOption(many("-r, --parameters_raw <NAME VALUE>", "a parameter that stays text (repeatable)"))
    .addOption(many("-f, --parameters_file <FILE>", "YAML or JSON file with parameters (repeatable)"))
    .addOption(many("-y, --parameters_yaml <YAML>", "parameters as YAML text (repeatable)"))
    .addOption(many("-b, --parameters_base64 <BASE64>", "parameters as base64 of YAML text (repeatable)"))
    .option("--inject-input-path", "pass the input's path as the parameter PAPERMILL_INPUT_PATH")
    .option("--inject-output-path", "pass the output's path as the parameter PAPERMILL_OUTPUT_PATH")
    .option("--inject-paths", "pass both paths")
    .option("--allow-unknown-parameters", "warn of parameters that the notebook does not declare instead of refusing them")
    .option("--allow-secret-parameters", "take parameters that are named like secrets (password, token, api_key …) and write their values into the notebook")
    .option("--portable", "write the notebook without the folders it was made in: ., ~ and TMP stand for them")
    .option("--engine <NAME>", "papermill's engines do not exist here: refused, except for nbclient")
    .option("--request-save-on-cell-execute", "save as cells start and end", true)
    .option("--no-request-save-on-cell-execute", "save once, at the end")
    .addOption(new Option("--autosave-cell-every <SECONDS>", "save this often while a cell sends output; 0 never").argParser(seconds).default(30))
    .option("--prepare-only", "inject the parameters, run nothing", false)
    .addOption(new Option("--prepare-execute", "run the notebook (the default)").implies({ prepareOnly: false }))
    .option("-k, --kernel <NAME>", "the kernel instead of the notebook's own")
    .option("-l, --language <NAME>", "the parameters' language instead of the notebook's own")
    .option("--cwd <FOLDER>", "the kernel's working directory (default: the current one; for the kernel potstill the notebook's folder)")
    .option("--progress-bar", "show progress on standard error (the default, unless outputs are logged)")
    .option("--no-progress-bar", "show no progress")
    .option("--log-output", "write the cells' outputs to standard error too", false)
    .option("--no-log-output", "do not (the default)")
    .option("--stdout-file <FILE>", "write the cells' standard output to this file too")
    .option("--stderr-file <FILE>", "write the cells' standard error to this file too")
    .addOption(new Option("--log-level <LEVEL>", "how much to tell").choices([...logLevels]).default("INFO"))
    .addOption(new Option("--start-timeout <SECONDS>", "how long the kernel may take to start").argParser(seconds).default(60))
    .addOption(new Option("--execution-timeout <SECONDS>", "how long a cell may take").argParser(seconds))
    .option("--report-mode", "hide the code of all cells", false)
    .option("--no-report-mode", "do not (the default)")
    .option("--html [FILE]", "write a self-contained report too to FILE.html (default: the output's path with .html)")
    .option("--help-notebook", "print the notebook's parameters")
    .exitOverride();
}

/** What standard input is: a pipe, or at least something that holds text (a file, a socket), or neither. */
function standardInput(): { pipe: boolean; readable: boolean } {
  try {
    const stat = fstatSync(0);
    return { pipe: stat.isFIFO(), readable: stat.isFIFO() || stat.isFile() || stat.isSocket() };
  } catch {
    return { pipe: false, readable: false };
  }
}

/** papermill's rules for what is left out: pipes stand in for paths. */
function choosePaths(given: readonly string[]): { input: string; output: string } {
  const { pipe, readable } = standardInput();
  const [first, second] = given;
  if (first === undefined && !readable) throw new UsageError("Missing argument NOTEBOOK_PATH: potstill run NOTEBOOK_PATH [OUTPUT_PATH]");
  if (pipe && first !== undefined && second === undefined) return { input: "-", output: first };
  if (first !== undefined && second === undefined && process.stdout.isTTY === true) throw new UsageError("Missing argument OUTPUT_PATH (it may be left out only when standard output is a pipe or a file)");
  return { input: first ?? "-", output: second ?? "-" };
}

function checkEngine(engine: string | undefined): void {
  if (engine === undefined || engine === "nbclient") return;
  throw new UsageError(`No engine named ${JSON.stringify(engine)}: Potstill has one engine of its own. Leave --engine out.`);
}

function parametersOf(flags: Flags, paths: { input: string; output: string }): { values: ReturnType<typeof gatherParameters>; exempt: string[] } {
  const injected = {
    ...(flags.injectInputPath || flags.injectPaths ? { PAPERMILL_INPUT_PATH: paths.input } : {}),
    ...(flags.injectOutputPath || flags.injectPaths ? { PAPERMILL_OUTPUT_PATH: paths.output } : {}),
  };
  const sources = { base64: flags.parameters_base64, files: flags.parameters_file, yaml: flags.parameters_yaml, typed: flags.parameters.map(splitPair), raw: flags.parameters_raw.map(splitPair) };
  return { values: gatherParameters({ ...sources, injected }), exempt: Object.keys(injected) };
}

function runOptions(flags: Flags, given: readonly string[]): RunOptions & { output: string } {
  const templates = choosePaths(given);
  const { values, exempt } = parametersOf(flags, templates);
  if (!flags.allowSecretParameters) refuseSecrets(values); // before a path or a log is made of them
  const names = { ...builtinValues(), ...values };
  const [input, output] = [fillPath(templates.input, names), fillPath(templates.output, names)];
  return {
    input, output, parameters: values, exemptParameters: exempt, allowUnknownParameters: flags.allowUnknownParameters,
    allowSecretParameters: flags.allowSecretParameters, portable: flags.portable,
    html: flags.html === undefined ? undefined : flags.html === beside ? true : fillPath(flags.html, names), cwd: flags.cwd, kernelName: flags.kernel, language: flags.language,
    executionTimeout: flags.executionTimeout, startTimeout: flags.startTimeout, saveOnCell: flags.requestSaveOnCellExecute && output !== "-",
    autosaveEvery: flags.autosaveCellEvery, prepareOnly: flags.prepareOnly, reportMode: flags.reportMode,
  };
}

async function helpNotebook(flags: Flags, given: readonly string[]): Promise<void> {
  const path = given[0] ?? "-";
  const values = { ...builtinValues(), ...parametersOf(flags, { input: path, output: "-" }).values };
  const { text, found } = await describeParameters(await loadNotebook(fillPath(path, values)), path, { kernel: flags.kernel, language: flags.language });
  process.stdout.write(`Usage: potstill run [options] NOTEBOOK_PATH [OUTPUT_PATH]\n${text}\n`);
  if (!found) process.exitCode = 1;
}

/** Runs with signals turned into an interrupt; the exit code says which signal it was. */
async function execute(options: RunOptions & { output: string }, flags: Flags): Promise<RunResult> {
  const log = new RunLog({ level: flags.logLevel, progress: flags.progressBar, logOutput: flags.logOutput, stdoutFile: flags.stdoutFile, stderrFile: flags.stderrFile, pipedOutput: options.output === "-" });
  log.info(`Input Notebook:  ${options.input}`);
  log.info(`Output Notebook: ${options.output}`);
  try {
    const { result, exitCode } = await interruptible((signal) => runNotebook({ ...options, signal, onEvent: log.onEvent }));
    if (exitCode !== undefined) process.exitCode = exitCode;
    else if (result.status === "failed") process.exitCode = 1;
    log.result(result);
    return result;
  } finally {
    log.close();
  }
}

/** Parses and carries out `potstill run …`. */
export async function run(argv: readonly string[]): Promise<void> {
  const command = grammar();
  try {
    command.parse(normalise(argv), { from: "user" });
  } catch (error) {
    if (error instanceof CommanderError && error.exitCode === 0) return; // help was asked for and printed
    throw error;
  }
  const flags = command.opts<Flags>();
  checkEngine(flags.engine);
  if (flags.helpNotebook) await helpNotebook(flags, command.args);
  else await execute(runOptions(flags, command.args), flags);
}

export function register(program: Command): void {
  program
    .command("run")
    .description("run a notebook headless: potstill run NOTEBOOK [OUTPUT] (papermill's options; potstill run --help)")
    .helpOption(false)
    .allowUnknownOption()
    .argument("[arguments...]")
    .action((argv: string[]) => run(argv));
}
