import { join } from "node:path";
import { readCodeFile, type CodeFile, type StoredCode } from "../../provenance/code-file.ts";
import type { CheckedOutCode, CodeIdentity } from "../../provenance/code.ts";
import { sha256 } from "../../provenance/hash.ts";
import type { SiteRun, TrainedBy } from "./types.ts";

/** The code that trained some runs, each once; of a run that several trained in turn, all of them. */
export function trainedBy(runs: readonly Pick<SiteRun, "folder">[], root: string): TrainedBy[] {
  const all = runs.flatMap(({ folder }) => {
    const file = readable(join(root, folder));
    return file === undefined ? [] : [...(file.earlier ?? []), file].map(({ code }) => JSON.stringify(brief(code)));
  });
  return [...new Set(all)].sort().map((text) => JSON.parse(text) as TrainedBy);
}

/** Undefined where the run does not say it, or what it says is broken, as its page tells. */
function readable(folder: string): CodeFile | undefined {
  try {
    return readCodeFile(folder);
  } catch {
    return undefined;
  }
}

function brief(code: StoredCode): TrainedBy {
  if (code.source === "package") return { sha256: code.sha256 };
  return checkedOut(code, code.patch?.sha256);
}

/** This code, as it is told of trainings. */
export function codeOf(code: CodeIdentity): TrainedBy {
  if (code.source === "package") return { sha256: code.sha256 };
  return checkedOut(code, code.patch === "" ? undefined : sha256(code.patch));
}

function checkedOut({ commit, untracked, untrackedMore = 0, leftOut }: Pick<CheckedOutCode, "commit" | "untracked" | "untrackedMore" | "leftOut">, patch: string | undefined): TrainedBy {
  const besides = untracked.length + untrackedMore + leftOut.length;
  return { commit, ...(patch !== undefined && { patch }), ...(besides > 0 && { besides }) };
}

/** `639b37360d, changed`. */
export function trainedByText({ commit, patch, besides, sha256 }: TrainedBy): string {
  const changed = [...(patch === undefined ? [] : ["changed"]), ...(besides === undefined ? [] : [`${besides} further ${besides === 1 ? "file" : "files"}`])];
  return [commit?.slice(0, 10) ?? `package ${sha256?.slice(0, 10)}`, ...changed].join(", ");
}
