import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { git, names } from "./git.ts";
import { hashFile, sha256 } from "./hash.ts";
import { patchOf, type LeftOut, type PatchOptions } from "./patch.ts";
import { secretsOf } from "./secrets.ts";

export interface UntrackedFile {
  readonly path: string;
  readonly bytes: number;
  readonly sha256: string;
}

/** Code that git keeps: the commit, and everything that is not in it. */
export interface CheckedOutCode {
  readonly source: "git";
  /** 40 hex digits. */
  readonly commit: string;
  /** Whether tracked files differ from the commit. */
  readonly changed: boolean;
  /** How they differ: what `git apply` takes. */
  readonly patch: string;
  /** Changed files that the patch leaves out. */
  readonly leftOut: readonly LeftOut[];
  /** Files that git neither keeps nor ignores. */
  readonly untracked: readonly UntrackedFile[];
  /** How many more there are: only the first 500 are named. */
  readonly untrackedMore?: number;
}

/** Code that no git keeps, as an installed package: the content alone says what it is. */
export interface PackagedCode {
  readonly source: "package";
  /** Why there is no commit. */
  readonly why: string;
  /** Over the paths and contents of the code files. */
  readonly sha256: string;
  readonly files: number;
}

/** What a package says of itself. */
export interface PackageName {
  readonly name: string;
  readonly version: string;
  /** Its home page, where it names one. */
  readonly url?: string;
}

/** Which code this is, and whose package where it is one. */
export type CodeIdentity = (CheckedOutCode | PackagedCode) & { readonly package?: PackageName };

/**
 * What the code in a folder is, to the byte.
 * @param folder a package's root, or any folder of code; what git keeps outside it is not looked at
 * @throws Error when the folder cannot be read; where git fails, the identity says why
 */
export async function codeIdentity(folder: string, options: PatchOptions = {}): Promise<CodeIdentity> {
  const own = manifest(folder);
  return { ...(await checkedOut(folder, options).catch((error: unknown) => packaged(folder, (error as Error).message))), ...(own && { package: own }) };
}

function manifest(folder: string): PackageName | undefined {
  const path = join(folder, "package.json");
  if (!existsSync(path)) return undefined;
  const { name = "unnamed", version = "0.0.0", homepage: url } = JSON.parse(readFileSync(path, "utf8")) as { readonly name?: string; readonly version?: string; readonly homepage?: string };
  return { name, version, ...(url !== undefined && { url }) };
}

const mostUntracked = 500;

/** @throws Error in git's words, or that git does not keep this folder: a package below somebody else's checkout */
async function checkedOut(folder: string, { secrets = secretsOf(process.env), ...options }: PatchOptions): Promise<CheckedOutCode> {
  const commit = (await git(folder, ["rev-parse", "--verify", "--quiet", "HEAD"]).catch(async (error: unknown) => { await git(folder, ["rev-parse", "--git-dir"]); throw new Error("git: nothing is committed yet", { cause: error }); })).toString().trim();
  if ((await git(folder, ["ls-files", "-z", "--", "."])).length === 0) throw new Error("git keeps no file of this folder: it is below another project's checkout");
  const { text: patch, leftOut } = await patchOf(folder, { ...options, secrets });
  const others = names(await git(folder, ["ls-files", "--others", "--exclude-standard", "-z", "--", "."]));
  const untracked: UntrackedFile[] = [];
  for (const path of others.slice(0, mostUntracked)) {
    const found = await hashFile(join(folder, path)).catch(() => undefined); // gone meanwhile, or a folder with a git of its own
    if (found) untracked.push({ path, ...found });
  }
  const more = others.length - mostUntracked;
  return { source: "git", commit, changed: patch !== "" || leftOut.length > 0, patch, leftOut, untracked, ...(more > 0 && { untrackedMore: more }) };
}

const codeFile = /\.(?:[cm]?[jt]s|json|py|cc|ipynb)$/;
const notCode = /^(?:node_modules|runs|artefacts|coverage|\..*)$/;

function* codeFiles(folder: string, below = ""): Generator<string> {
  const entries = readdirSync(join(folder, below), { withFileTypes: true }).sort((a, b) => (a.name < b.name ? -1 : 1));
  for (const entry of entries) {
    const path = below === "" ? entry.name : `${below}/${entry.name}`;
    if (entry.isDirectory() && !notCode.test(entry.name)) yield* codeFiles(folder, path);
    else if (entry.isFile() && codeFile.test(entry.name)) yield path;
  }
}

function packaged(folder: string, why: string): PackagedCode {
  const files = [...codeFiles(folder)];
  const lines = files.map((path) => `${sha256(readFileSync(join(folder, path)))}  ${path}\n`);
  return { source: "package", why, sha256: sha256(lines.join("")), files: files.length };
}
