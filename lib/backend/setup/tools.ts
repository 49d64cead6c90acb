import { spawnSync } from "node:child_process";

/** A program that was found to work, with the arguments that come before all others. */
export interface Tool {
  readonly command: string;
  readonly prefix: readonly string[];
  /** First line that it prints about its version. */
  readonly version: string;
}

/** The Python whose pip downloads: `POTSTILL_PYTHON`, else python3, else python. Throws with the package to install. */
export function findPython(environment: NodeJS.ProcessEnv = process.env): Tool {
  const named = environment.POTSTILL_PYTHON;
  const found = firstWorking(named ? [[named]] : [["python3"], ["python"]], environment);
  if (found === undefined) {
    throw new Error(`${named ? `POTSTILL_PYTHON is "${named}", which does not run` : "no Python found (tried python3, python)"}. Install it: apt-get install python3 python3-pip (Debian, Ubuntu), dnf install python3-pip (Fedora)`);
  }
  return found;
}

/** Python's pip as `python -m pip`. Throws with the package to install. */
export function findPip(environment: NodeJS.ProcessEnv = process.env): Tool {
  const python = findPython(environment);
  const version = versionOf(python.command, ["-m", "pip", "--version"], environment);
  if (version === undefined) {
    throw new Error(`${python.command} (${python.version}) has no pip. Install it: apt-get install python3-pip (Debian, Ubuntu), dnf install python3-pip (Fedora), or ${python.command} -m ensurepip`);
  }
  return { command: python.command, prefix: ["-m", "pip"], version };
}

/** The C++ compiler: `CXX` (may carry arguments), else c++, g++, clang++. Throws with the package to install. */
export function findCompiler(environment: NodeJS.ProcessEnv = process.env): Tool {
  const named = environment.CXX?.trim();
  const found = firstWorking(named ? [named.split(/\s+/)] : [["c++"], ["g++"], ["clang++"]], environment);
  if (found === undefined) {
    throw new Error(`${named ? `CXX is "${named}", which does not run` : "no C++ compiler found (tried c++, g++, clang++)"}. Install one: apt-get install g++ (Debian, Ubuntu), dnf install gcc-c++ (Fedora), or set CXX`);
  }
  return found;
}

function firstWorking(commands: readonly (readonly string[])[], environment: NodeJS.ProcessEnv): Tool | undefined {
  for (const [command, ...prefix] of commands) {
    const version = versionOf(command, [...prefix, "--version"], environment);
    if (version !== undefined) return { command: command, prefix, version };
  }
  return undefined;
}

/** First line of what a command prints about its version; undefined when it cannot be run or fails. */
export function versionOf(command: string, args: readonly string[], environment: NodeJS.ProcessEnv = process.env): string | undefined {
  const result = spawnSync(command, args, { encoding: "utf8", timeout: 60_000, env: environment, stdio: ["ignore", "pipe", "pipe"] });
  return result.status === 0 ? (result.stdout || result.stderr).split("\n")[0].trim() : undefined;
}
