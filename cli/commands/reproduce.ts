import { basename, join } from "node:path";
import { InvalidArgumentError, Option, type Command } from "commander";
import { hasNvidiaDriver } from "../../lib/backend/runtime.ts";
import { setUp } from "../../lib/backend/setup/setup.ts";
import { terminalReporter } from "../../lib/backend/setup/progress.ts";
import { UsageError } from "../errors.ts";
import { wholeNumber } from "../options.ts";
import { interruptible } from "../interruptible.ts";
import type { Item } from "../../lib/papers/item.ts";
import { items, itemsOf, papers } from "../../lib/papers/items/index.ts";
import { profiles, type Profile } from "../../lib/papers/sssd.ts";
import { assertUsable, hasNotebook, reproduce, type Reproduced } from "../reproduce.ts";
import { RunLog } from "../run-log.ts";

interface Flags {
  readonly profile: Profile;
  readonly data: string;
  readonly seed: number;
  readonly seeds: number;
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

function withOptions(command: Command): Command {
  return command
    .addOption(new Option("--profile <profile>", "smoke: minutes on two CPU cores, proves the pipeline; mini: small networks on real data; paper: the paper's scale on COCO and a GPU, from pre-trained weights, which are fetched").choices([...profiles]).default("smoke"))
    .option("--data <folder>", "a folder in COCO format, or synthetic", "synthetic")
    .option("--seed <n>", "first seed", wholeNumber(0), 0)
    .option("--seeds <n>", "repetitions, each with the next seed", wholeNumber(1), 1)
    .option("--iterations <n>", "iterations per probe (default: the profile's)", wholeNumber(1))
    .option("--tolerance <share>", "how close a probe's share must come to the target (default 0.005)", share)
    .option("--interval <low,high>", "where λ is looked for (default 1,100)", range)
    .option("--output <folder>", "where the executed notebook and its report go (default: artefacts/<item>/<profile>-<data>)")
    .option("--require-gpu", "fail instead of computing on the CPU", false);
}

/** `potstill reproduce` and `potstill start`, which makes the runtime first and reproduces the first item. */
export function register(program: Command): void {
  withOptions(program.command("reproduce"))
    .description("run the notebooks that reproduce a paper's tables and figures")
    .argument("[item]", `paper or paper/item; one of: ${[...papers, ...items.map(({ id }) => id)].join(", ")} (default: all)`)
    .action((name: string | undefined, flags: Flags) => run(chosen(name), flags));
  withOptions(program.command("start"))
    .description("make the TensorFlow runtime if needed, then reproduce sssd/calibration: what npm start does")
    .action(async (flags: Flags) => {
      await assertUsable(flags); // before the download
      if (flags.requireGpu && !hasNvidiaDriver()) throw new Error("a GPU is required, and this machine has no NVIDIA driver (/dev/nvidiactl). Install the driver, or leave --require-gpu out; potstill doctor says what is there");
      if (!process.env.POTSTILL_BINDING && !process.env.POTSTILL_BACKEND) await setUp({ reporter: terminalReporter(), device: flags.requireGpu ? "cuda" : "cpu" });
      await run(chosen("sssd/calibration"), flags);
    });
}

/** What was asked for and can be run; what cannot is named. */
function chosen(name: string | undefined): readonly Item[] {
  const missing = found(name).filter((item) => !hasNotebook(item));
  const there = found(name).filter(hasNotebook);
  if (there.length === 0) throw new Error(`of ${name ?? "all items"} no notebook is part of this installation: ${missing.map(({ notebook }) => notebook).join(", ")}`);
  for (const { id, notebook } of missing) process.stderr.write(`${id}: left out, its notebook ${notebook} is not part of this installation\n`);
  return there;
}

function found(name: string | undefined): readonly Item[] {
  try {
    return itemsOf(name);
  } catch (error) {
    throw new UsageError((error as Error).message);
  }
}

async function run(list: readonly Item[], flags: Flags): Promise<void> {
  for (const item of list) {
    if (process.env.POTSTILL_BACKEND) process.stderr.write(`POTSTILL_BACKEND=${process.env.POTSTILL_BACKEND}${process.env.POTSTILL_BACKEND === "native" ? "" : ": several times slower than the native library"}\n`);
    process.stderr.write(`${item.id} (${flags.profile} profile, ${flags.data}): ${item.claim}\n`);
    const log = new RunLog({ level: "WARNING", logOutput: false, pipedOutput: false });
    try {
      const output = flags.output ?? join("artefacts", ...item.id.split("/"), `${flags.profile}-${basename(flags.data)}`);
      const { result, exitCode } = await interruptible((signal) => reproduce(item, { ...flags, parameters: chosenParameters(flags), output, signal, onEvent: log.onEvent }));
      log.result(result.result);
      if (exitCode !== undefined) {
        process.exitCode = exitCode;
        process.stderr.write("Interrupted. The same command continues where it stopped.\n");
      } else if (result.result.status !== "completed") process.exitCode = 1;
      tell(result);
    } finally {
      log.close();
    }
    if (process.exitCode) return;
  }
}

/** Only what was asked for: the notebook has its own defaults. */
function chosenParameters({ iterations, tolerance, interval }: Flags): Record<string, unknown> {
  return Object.fromEntries(Object.entries({ iterations, tolerance, interval }).filter(([, value]) => value !== undefined));
}

function tell({ result, notebook, report, tables }: Reproduced): void {
  for (const text of tables) process.stdout.write(`\n${text}\n`);
  process.stdout.write(`\nnotebook  ${notebook}\nreport    ${report}\ntrainings runs/ (finished ones are not done again)\n${result.status} in ${result.seconds.toFixed(0)} s\n`);
}
