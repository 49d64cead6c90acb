import { existsSync, readFileSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { writeAtomic } from "../train/atomic.ts";
import type { CheckedOutCode, CodeIdentity, PackagedCode } from "./code.ts";
import { sha256 } from "./hash.ts";

/** A code identity whose patch lies in a file of its own. */
export type StoredCode = (PackagedCode | (Omit<CheckedOutCode, "patch"> & { readonly patch?: { readonly file: string; readonly bytes: number; readonly sha256: string } })) & Pick<CodeIdentity, "package">;

/** By what and when a run was trained: one sitting, or several in a row by the same code. */
export interface Sitting {
  /** When the first of them began. */
  readonly started: string;
  readonly code: StoredCode;
  /** Of Node and the packages that compute. */
  readonly versions: Readonly<Record<string, string>>;
  /** The environment's variables that move numbers. */
  readonly variables: Readonly<Record<string, string>>;
}

/** `code.json` of a run directory. */
export interface CodeFile extends Sitting {
  readonly format: 1;
  /** Sittings before the last, where other code or versions trained them. */
  readonly earlier?: readonly Sitting[];
}

export interface NewSitting extends Omit<Sitting, "code"> {
  readonly code: CodeIdentity;
}

const fileOf = (folder: string): string => join(folder, "code.json");
const patchFile = "code.patch";

/** What a run directory says of its code, or undefined. @throws Error when the file is broken */
export function readCodeFile(folder: string): CodeFile | undefined {
  const path = fileOf(folder);
  if (!existsSync(path)) return undefined;
  try {
    return JSON.parse(readFileSync(path, "utf8")) as CodeFile;
  } catch (error) {
    throw new Error(`${path} is not JSON. Remove it: the run then says that its code is unknown`, { cause: error });
  }
}

/**
 * Says in a run directory by what code the sitting that begins now trains. A run that is continued by the same code keeps
 * its file; what other code trained before stays beside it.
 */
export function writeCodeFile(folder: string, { code: identity, ...rest }: NewSitting): void {
  const sitting: Sitting = { ...rest, code: withoutText(identity) };
  const before = readCodeFile(folder);
  if (before !== undefined && sameWork(before) === sameWork(sitting)) return;
  const earlier = before === undefined ? [] : asEarlier(folder, before);
  writePatch(folder, identity); // first, so that what the file names is there
  const { started, code, versions, variables } = sitting;
  const file: CodeFile = { format: 1, started, code, versions, variables, ...(earlier.length > 0 && { earlier }) };
  writeAtomic(fileOf(folder), `${JSON.stringify(file, null, 2)}\n`);
}

function withoutText(code: CodeIdentity): StoredCode {
  if (code.source === "package") return code;
  const { patch: text, ...rest } = code;
  return text === "" ? rest : { ...rest, patch: { file: patchFile, bytes: Buffer.byteLength(text), sha256: sha256(text) } };
}

function writePatch(folder: string, code: CodeIdentity): void {
  const path = join(folder, patchFile);
  if (code.source === "git" && code.patch !== "") writeAtomic(path, code.patch);
  else rmSync(path, { force: true });
}

const sameWork = ({ code, versions, variables }: Sitting): string => JSON.stringify([code, versions, variables]);

/** The last sitting's patch gets a name of its own before another takes its place. */
function asEarlier(folder: string, { earlier = [], format: _format, ...last }: CodeFile): readonly Sitting[] {
  const { code } = last;
  if (code.source !== "git" || code.patch === undefined) return [...earlier, last];
  const file = `code-${earlier.length + 1}.patch`;
  if (existsSync(join(folder, patchFile))) renameSync(join(folder, patchFile), join(folder, file));
  return [...earlier, { ...last, code: { ...code, patch: { ...code.patch, file } } }];
}
