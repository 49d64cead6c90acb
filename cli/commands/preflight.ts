import { basename, extname } from "node:path";
import type { Command } from "commander";
import { terminalReporter } from "../../lib/backend/setup/progress.ts";
import { experimentOf } from "../../lib/papers/config.ts";
import { preflight, type GroupSummary, type Preflight } from "../../lib/papers/preflight.ts";
import { warnings } from "../../lib/papers/warnings.ts";
import type { Step } from "../../lib/train/step.ts";
import { openData } from "../data.ts";
import { computing } from "../interruptible.ts";
import { readTrainingFile } from "../training-file.ts";
import { wholeNumber } from "../options.ts";

interface Flags {
  readonly data: string;
  readonly seed: number;
  readonly runs: string;
  readonly iterations: number;
  readonly images: number;
  readonly mirror?: string;
  readonly requireGpu: boolean;
  readonly json: boolean;
}

/** `potstill preflight EXPERIMENT`: what would make a training worthless, before it costs a day. */
export function register(program: Command): void {
  program
    .command("preflight")
    .description("check a training before it starts: weights that are not loaded, adapters that do not learn, a teacher that moves or does not fit; print its learning rate, parameter groups, the teacher's AP and the share of each loss. Exit code 1 when something is refused; nothing is written")
    .argument("<experiment>", "the JSON file that potstill train takes")
    .option("--data <folder>", "a folder in COCO format, or synthetic", "synthetic")
    .option("--seed <n>", "weights, order and augmentation follow from it", wholeNumber(0), 0)
    .option("--runs <folder>", "where trainings are kept (for a teacher that is one)", "runs")
    .option("--iterations <n>", "first iterations that are tried, in memory", wholeNumber(0), 5)
    .option("--images <n>", "validation images that the teacher is scored on", wholeNumber(1), 50)
    .option("--mirror <url>", "address that stands for the publishers' of weights (default: POTSTILL_WEIGHTS_MIRROR)")
    .option("--require-gpu", "fail instead of computing on the CPU", false)
    .option("--json", "print one JSON object instead", false)
    .action(check);
}

async function check(path: string, { data, mirror, json, ...flags }: Flags): Promise<void> {
  const config = readTrainingFile(path);
  const { train: dataset, val: evaluation } = await openData(data);
  const experiment = experimentOf(config, { dataset, name: basename(path, extname(path)) });
  for (const warning of warnings(experiment)) process.stderr.write(`potstill: ${warning}\n`);
  const { result, exitCode } = await computing((signal) =>
    preflight(experiment, { ...flags, dataset, evaluation, weights: { reporter: terminalReporter(), signal, ...(mirror !== undefined && { mirror }) } }));
  if (result === undefined) {
    process.exitCode = exitCode ?? 1;
    process.stderr.write("Interrupted.\n");
    return;
  }
  process.stdout.write(json ? `${JSON.stringify(result)}\n` : `${report(result).join("\n")}\n`);
  process.exitCode = exitCode ?? (result.refused ? 1 : 0);
}

function report({ checks, learningRate, groups, teacher, steps, fullShares, refused }: Preflight): string[] {
  return [
    ...checks.map(({ name, outcome, message }) => `${outcome.padEnd(11)} ${name}${message ? `\n            ${message}` : ""}`),
    `learning rate  ${learningRate}`,
    ...groups.map(groupLine),
    ...(teacher ? teacherLines(teacher) : []),
    ...shareLines(steps),
    ...(fullShares ? fullLines(fullShares) : []),
    refused ? "refused" : "nothing is refused",
  ];
}

/** AP50 below which a teacher knows next to nothing. */
const untaught = 0.05;

function teacherLines({ name, ap, ap50, images }: NonNullable<Preflight["teacher"]>): string[] {
  const line = `teacher        ${name}: AP ${ap.toFixed(3)}, AP50 ${ap50.toFixed(3)} on ${images} images`;
  if (ap50 >= untaught) return [line];
  return [line, "               WARNING: it has next to nothing to teach. Train it longer, or look whether its weights, classes and normalisation are those it was trained with (potstill detect shows what it finds)"];
}

function groupLine({ group, parameters, values, trained, factor, frozenUntil, idle }: GroupSummary): string {
  const notes = [...(factor === 1 ? [] : [`rate × ${factor}`]), ...(frozenUntil > 0 ? [`from iteration ${frozenUntil}`] : []), ...(idle.length > 0 ? [`${idle.length} without a gradient`] : [])];
  return `group          ${group}: ${parameters} parameters, ${values} values, ${trained} trained${notes.map((note) => `, ${note}`).join("")}`;
}

/** Mean of each term's share of the total. */
function shareLines(steps: readonly Step[]): string[] {
  if (steps.length === 0) return [];
  const mean = (of: (step: Step) => number) => steps.reduce((sum, step) => sum + of(step), 0) / steps.length;
  return Object.keys(steps[0].shares).map((name) => `share          ${name}: ${(100 * mean(({ shares }) => shares[name])).toFixed(1)} % (weighted ${mean(({ weighted }) => weighted[name]).toPrecision(3)}, mean of ${steps.length} iterations)`);
}

/** What the shares will be once warm-ups and late starts are over. */
function fullLines({ terms, delays }: NonNullable<Preflight["fullShares"]>): string[] {
  const until = delays.map(({ setting, kind, until: last }) => `${setting} ${last}: ${kind === "rise" ? "rises from 0 until there" : "starts there"}`);
  return [
    `full weight    held back by ${until.join("; ")}. At full weight, on the same batches:`,
    ...Object.entries(terms).map(([name, share]) => `               ${name}: ${(100 * share).toFixed(1)} %`),
  ];
}
