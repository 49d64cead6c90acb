import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { MagicError } from "./magic.ts";

/** How long npm may take to end after it was asked to, in milliseconds. */
const patience = 3000;

export interface NpmOptions {
  /** Where npm works: its package.json and node_modules are those of this folder. */
  readonly folder: string;
  readonly signal: AbortSignal;
}

/**
 * Runs npm and resolves with what it printed on stdout. Rejects with the signal's reason when that is aborted, and with
 * a {@link MagicError} that ends with npm's own words when npm fails or does not exist.
 */
export async function npm(args: readonly string[], { folder, signal }: NpmOptions): Promise<string> {
  signal.throwIfAborted();
  const [program, ...first] = npmCommand();
  // `--prefix`: npm would otherwise install into a package further up the tree.
  const child = spawn(program, [...first, ...args, "--prefix", folder, "--no-fund", "--no-audit", "--no-update-notifier"], { cwd: folder, stdio: ["ignore", "pipe", "pipe"] });
  const printed = { stdout: "", stderr: "" };
  for (const name of ["stdout", "stderr"] as const) child[name].setEncoding("utf8").on("data", (text: string) => { printed[name] += text; });
  const stop = (): void => {
    child.kill("SIGTERM");
    setTimeout(() => child.kill("SIGKILL"), patience).unref();
  };
  signal.addEventListener("abort", stop);
  try {
    const code = await new Promise<number | null>((resolve, reject) => {
      child.once("error", (error) => reject(new MagicError(`npm cannot be started: ${error.message}. It comes with Node.js; put it on PATH.`)));
      child.once("close", resolve);
    });
    signal.throwIfAborted();
    if (code !== 0) throw new MagicError(`npm ${args.join(" ")} failed.\n${complaint(printed.stderr)}`);
    return printed.stdout;
  } finally {
    signal.removeEventListener("abort", stop);
  }
}

/** The npm that came with this Node.js, or else the one on PATH. */
function npmCommand(): readonly [string, ...string[]] {
  const own = join(dirname(dirname(process.execPath)), "lib", "node_modules", "npm", "bin", "npm-cli.js");
  return existsSync(own) ? [process.execPath, own] : ["npm"];
}

/** npm's own words, without warnings and the note where its log lies. */
function complaint(stderr: string): string {
  const lines = stderr.split("\n").filter((line) => /^npm (error|ERR!)/.test(line) && !/complete log of this run|_logs/.test(line));
  const words = lines.map((line) => line.replace(/^npm (error|ERR!) ?/, "").replace(/^(code|\d{3}|notarget|network)(?= |$) ?/, "").trim());
  return (lines.length > 0 ? words.filter((line) => line !== "" && !/^E[A-Z0-9]+$|^Note that you can also install|^tarball, folder/.test(line)) : stderr.split("\n")).join("\n").trim();
}
