import { join } from "node:path";
import { git, names } from "./git.ts";
import { hashFile } from "./hash.ts";
import { secretIn, type Secrets } from "./secrets.ts";

/** A changed file whose change is not in the patch. */
export interface LeftOut {
  readonly path: string;
  readonly why: string;
  /** Of the file as it is now; absent when it was removed. */
  readonly sha256?: string;
}

export interface Patch {
  /** `git apply` takes it; empty when nothing is in it. */
  readonly text: string;
  readonly leftOut: readonly LeftOut[];
}

export interface PatchOptions {
  /** Bytes of the patch; files that do not fit are left out whole. Default 1 MiB. */
  readonly limitBytes?: number;
  /** Files that hold one of these values are left out. */
  readonly secrets?: Secrets;
}

const asked = ["diff", "HEAD", "--relative", "--no-renames", "--no-color", "--no-ext-diff", "--no-textconv"];

/** What tracked files below a folder differ in from the commit, as text; binary files are named with their hash. */
export async function patchOf(folder: string, { limitBytes = 1 << 20, secrets = {} }: PatchOptions = {}): Promise<Patch> {
  const paths = names(await git(folder, [...asked, "--numstat", "-z", "--", "."])).map((line) => line.split("\t").slice(2).join("\t"));
  const parts = sections(await git(folder, [...asked, "--full-index", "--src-prefix=a/", "--dst-prefix=b/", "--", "."]));
  const kept: string[] = [], leftOut: LeftOut[] = [];
  let bytes = 0;
  for (const [index, part] of parts.entries()) {
    const { text, why } = readable(part, { room: limitBytes - bytes, secrets });
    if (text !== undefined) {
      kept.push(text);
      bytes += part.length;
    } else leftOut.push(await told(folder, paths[index] ?? "", why));
  }
  return { text: kept.join(""), leftOut };
}

/** A diff's files: only a header begins with `diff` at the start of a line. */
function sections(diff: Buffer): Buffer[] {
  return diff.toString("latin1").split(/^(?=diff --git )/m).filter((text) => text !== "").map((text) => Buffer.from(text, "latin1"));
}

function readable(part: Buffer, { room, secrets }: { readonly room: number; readonly secrets: Secrets }): { readonly text?: string; readonly why: string } {
  const text = decoded(part);
  if (text === undefined) return { why: "not UTF-8" };
  if (/^Binary files .* differ$/m.test(text.split("\n@@")[0])) return { why: "binary" };
  const secret = secretIn(text, secrets);
  if (secret !== undefined) return { why: `holds the value of the environment's ${secret}` };
  return part.length > room ? { why: "the patch would be too long" } : { text, why: "" };
}

function decoded(bytes: Buffer): string | undefined {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return undefined;
  }
}

async function told(folder: string, path: string, why: string): Promise<LeftOut> {
  const hash = await hashFile(join(folder, path)).catch(() => undefined);
  return { path, why, ...(hash && { sha256: hash.sha256 }) };
}
