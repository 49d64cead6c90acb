import type { Command } from "commander";

/** A file of commands: exports `register`, which adds them to the program. */
interface CommandFile {
  register(this: void, program: Command): void;
}

/**
 * Commands by name and the file that registers them; a new command is one file and one line here. Files are loaded when
 * their command is asked for, since some bring half of the project along.
 */
export const commands: Readonly<Record<string, () => Promise<CommandFile>>> = {
  start: () => import("./reproduce.ts"),
  reproduce: () => import("./reproduce.ts"),
  run: () => import("./run.ts"),
  train: () => import("./train.ts"),
  detect: () => import("./detect.ts"),
  preflight: () => import("./preflight.ts"),
  evaluate: () => import("./evaluate.ts"),
  dataset: () => import("./dataset.ts"),
  weights: () => import("./weights.ts"),
  kernel: () => import("./kernel.ts"),
  setup: () => import("./setup.ts"),
  doctor: () => import("./doctor.ts"),
};
