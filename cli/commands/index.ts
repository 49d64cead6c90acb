import type { Command } from "commander";

/** Each command file exports one `register(program)`; a new command is one file and one line here. */
export const commands: readonly ((program: Command) => void)[] = [];
