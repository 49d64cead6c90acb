import { Command, CommanderError } from "commander";
import { commands } from "./commands/index.ts";
import { UsageError, describeError } from "./errors.ts";
import { version } from "./version.ts";

/**
 * Runs the command line. Exit codes: 0 success, 1 failure, 2 wrong usage (papermill's and argparse's convention).
 * @param argv arguments after `potstill`
 */
export async function main(argv: readonly string[]): Promise<void> {
  const program = new Command("potstill")
    .description("TypeScript Jupyter kernel, notebook runner and detection-distillation library")
    .version(version)
    .exitOverride()
    .configureOutput({ outputError: (text, write) => write(text) })
    .showHelpAfterError("(potstill --help lists the commands; potstill COMMAND --help explains one)");
  try {
    // One command needs one file; help and mistakes need them all.
    const asked = argv[0] !== undefined && Object.hasOwn(commands, argv[0]) ? [commands[argv[0]]] : Object.values(commands);
    for (const { register } of new Set(await Promise.all(asked.map((load) => load())))) register(program);
    await program.parseAsync([...argv], { from: "user" });
  } catch (error) {
    process.exitCode = report(error);
  }
}

function report(error: unknown): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
  process.stderr.write(`potstill: ${describeError(error)}\n`);
  return error instanceof UsageError ? 2 : 1;
}
