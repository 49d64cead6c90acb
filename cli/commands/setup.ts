import { Option, type Command } from "commander";
import { setUp } from "../../lib/backend/setup/setup.ts";
import type { Device } from "../../lib/backend/setup/pins.ts";
import { silentReporter, terminalReporter } from "../../lib/backend/setup/progress.ts";

interface Flags {
  readonly device: Device;
  readonly force: boolean;
  readonly quiet: boolean;
}

/** `potstill setup`: makes the TensorFlow runtime in the user's cache. */
export function register(program: Command): void {
  program
    .command("setup")
    .description("make the TensorFlow runtime (once per user; needs Python with pip, a C++ compiler and, the first time, the network)")
    .addOption(new Option("--device <device>", "which TensorFlow: cpu (274 MB to download) or cuda (about 3 GB, NVIDIA driver needed to use it)").choices(["cpu", "cuda"]).default("cpu"))
    .option("--force", "make it anew although it is there", false)
    .option("--quiet", "no progress", false)
    .addHelpText("after", "\nWhere: POTSTILL_CACHE, else XDG_CACHE_HOME/potstill, else ~/.cache/potstill. Python: POTSTILL_PYTHON. Compiler: CXX.\nThe network is pip's: its index, proxy and certificate settings apply; PIP_FIND_LINKS=DIR PIP_NO_INDEX=1 takes wheels from a folder.")
    .action(run);
}

async function run(flags: Flags): Promise<void> {
  const reporter = flags.quiet ? silentReporter : terminalReporter();
  const runtime = await setUp({ device: flags.device, force: flags.force, reporter });
  if (!flags.quiet || runtime.made) process.stdout.write(`TensorFlow ${runtime.version} (${runtime.device}) is ${runtime.made ? "ready" : "already there"}: ${runtime.folder}\n`);
}
