import type { Command } from "commander";
import { register as dataset } from "./dataset.ts";
import { register as doctor } from "./doctor.ts";
import { register as evaluate } from "./evaluate.ts";
import { register as kernel } from "./kernel.ts";
import { register as reproduce } from "./reproduce.ts";
import { register as run } from "./run.ts";
import { register as setup } from "./setup.ts";

/** Each command file exports one `register(program)`; a new command is one file and one line here. */
export const commands: readonly ((program: Command) => void)[] = [dataset, doctor, evaluate, kernel, setup, run, reproduce];
