import { execFile } from "node:child_process";

/** Variables that would send git to another repository or change what a diff looks like. */
const misleading = /^GIT_(?:DIR|WORK_TREE|INDEX_FILE|PREFIX|OBJECT_DIRECTORY|ALTERNATE_OBJECT_DIRECTORIES|NAMESPACE|COMMON_DIR|EXTERNAL_DIFF|DIFF_OPTS|TRACE.*)$/;

function environment(): NodeJS.ProcessEnv {
  const own = Object.entries(process.env).filter(([name]) => !misleading.test(name));
  return { ...Object.fromEntries(own), GIT_OPTIONAL_LOCKS: "0", LC_ALL: "C" };
}

/** Nothing of a person's settings, and no program that they name, has a part in the answer. */
const settings = ["core.quotePath=false", "core.fsmonitor=false", "diff.noprefix=false", "diff.mnemonicPrefix=false"].flatMap((setting) => ["-c", setting]);

/**
 * What git answers in a folder, as bytes.
 * @throws Error in git's own words, or that there is no git
 */
export function git(folder: string, args: readonly string[]): Promise<Buffer> {
  return new Promise((done, fail) => {
    execFile("git", [...settings, ...args], { cwd: folder, env: environment(), encoding: "buffer", maxBuffer: 1 << 30, timeout: 60_000 }, (error, stdout, stderr) => {
      if (error === null) return done(stdout);
      if (error.code === "ENOENT") return fail(new Error("there is no git here", { cause: error }));
      return fail(new Error(`git: ${stderr.toString().trim().split("\n")[0].replace(/^(?:fatal|error): /, "") || error.message}`, { cause: error }));
    });
  });
}

/** The names in an answer that ends each with a zero byte. */
export function names(answer: Buffer): string[] {
  return answer.toString("utf8").split("\0").filter((name) => name !== "");
}
