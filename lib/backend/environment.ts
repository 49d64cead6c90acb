import { isMainThread } from "node:worker_threads";
import type { StderrAddon } from "./quiet.ts";

/**
 * Runs the action with variables in the process's environment and restores them afterwards.
 *
 * TensorFlow reads them with `getenv`. A worker's `process.env` is a copy which C code does not see, so there the
 * addon's `setenv` is used when it is present.
 */
export function withEnvironment<T>(settings: Readonly<Record<string, string>>, action: () => T, addon?: StderrAddon): T {
  const before = Object.keys(settings).map((name) => [name, process.env[name]] as const);
  for (const [name, value] of Object.entries(settings)) setVariable(name, value, addon);
  try {
    return action();
  } finally {
    for (const [name, value] of before) setVariable(name, value, addon);
  }
}

function setVariable(name: string, value: string | undefined, addon: StderrAddon | undefined): void {
  if (value === undefined) Reflect.deleteProperty(process.env, name);
  else process.env[name] = value;
  if (!isMainThread) addon?.setenv(name, value ?? null);
}
