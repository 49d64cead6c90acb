import type { KernelDriver } from "../kernel-driver.ts";
import type { Dialect } from "./dialects.ts";

/** A kernel that the same questions are put to. */
export interface Contestant {
  readonly name: string;
  readonly version: string;
  /** The command of its kernelspec, with `{connection_file}`. */
  readonly argv: readonly string[];
  readonly env?: Record<string, string>;
  /** How Jupyter interrupts it: the kernelspec's `interrupt_mode`. */
  readonly interrupt: "message" | "signal";
  readonly dialect: Dialect;
}

export interface Subject {
  /** A fresh kernel for every feature. */
  readonly kernel: KernelDriver;
  readonly contestant: Contestant;
  readonly dialect: Dialect;
}

export const groups = ["Protocol", "Running cells", "Output", "TypeScript and modules", "Interrupting", "Help while typing", "Safety"] as const;

/** Something a user can rely on, checked over sockets against a real kernel process. */
export interface Feature {
  readonly group: (typeof groups)[number];
  readonly title: string;
  /** False where the question makes no sense for the kernel's language. */
  applies?(dialect: Dialect): boolean;
  /** Resolves with nothing when the kernel has the feature, otherwise with what was wrong. Throwing counts as lacking it. */
  check(subject: Subject): Promise<string | undefined>;
}

/** The complaint unless the condition holds. */
export const unless = (condition: boolean, complaint: string): string | undefined => (condition ? undefined : complaint);

export const isScript = ({ language }: Dialect): boolean => language !== "py";
export const isTyped = ({ language }: Dialect): boolean => language === "ts";

/** Text without terminal colours. */
// eslint-disable-next-line no-control-regex -- they are what is removed
export const plain = (text: string): string => text.replace(/\u001b\[[0-9;]*m/g, "");
