import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";

/** The small addon compiled beside the binding (`native/stderr.cc`). */
export interface StderrAddon {
  /** Sends file descriptor 2 of the whole process to memory; false when another thread does so already. */
  capture(): boolean;
  /** Gives descriptor 2 back and returns what was written meanwhile. */
  release(): string;
  /** C's `setenv`, or `unsetenv` for null. */
  setenv(name: string, value: string | null): void;
}

const require = createRequire(import.meta.url);

/** The addon beside a binding, or undefined when that binding was made without it. */
export function stderrAddon(binding: string): StderrAddon | undefined {
  const path = join(dirname(binding), "potstill_stderr.node");
  return existsSync(path) ? (require(path) as StderrAddon) : undefined;
}

/**
 * Runs the action (loading TensorFlow) without its start-up log; what is not log noise is written to stderr afterwards.
 * `POTSTILL_TF_LOG=1` lets everything through.
 */
export function withQuietStderr<T>(addon: StderrAddon | undefined, action: () => T): T {
  if (addon === undefined || process.env.POTSTILL_TF_LOG || !addon.capture()) return action();
  try {
    return action();
  } finally {
    const kept = withoutNoise(addon.release());
    if (kept !== "") process.stderr.write(kept);
  }
}

/** Log lines of absl (`I0000 00:00:1 file.cc:1] …`) and of TensorFlow's older logger (`2026-01-01 …: I file.cc:1] …`). */
const record = /^(?:[IWEF]\d{4} [\d:.]+ +\d+ [\w./-]+:\d+\]|\d{4}-\d\d-\d\d [\d:.]+: [IWEF] [\w./-]+:\d+\])/;
const noise = /^(?:[IW]\d{4} |\d{4}-\d\d-\d\d [\d:.]+: [IW] )|cuInit|Unable to register cu\w+ factory|Cannot dlopen some GPU libraries/;
const preamble = "WARNING: All log messages before absl::InitializeLog() is called are written to STDERR";
const continuation = /^(?:To enable the following instructions:|Skipping registering GPU devices)/;

/** Removes informational and warning records and the known start-up noise; keeps errors and everything else. */
export function withoutNoise(text: string): string {
  const dropped = (line: string) => line === preamble || continuation.test(line) || (record.test(line) && noise.test(line));
  return text.split(/(?<=\n)/).filter((line) => !dropped(line.replace(/\r?\n$/, ""))).join("");
}
