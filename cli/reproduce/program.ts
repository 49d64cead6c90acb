import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { packageRoot } from "../../lib/backend/setup/folders.ts";
import { loadedCode } from "../../lib/provenance/record.ts";
import type { CodeIdentity } from "../../lib/provenance/code.ts";

/** The program that a command and all of its processes are to be. */
export interface Program {
  /** What the build wrote when it was done; an installed package has none. */
  readonly stampFile: string;
  readonly stamp?: string;
  readonly code: CodeIdentity;
}

const stampFile = join(packageRoot(), "dist", ".stamp");

/** What the last complete build is known by; undefined while one is under way, and in an installed package. */
export function buildStamp(file = stampFile): string | undefined {
  return existsSync(file) ? readFileSync(file, "utf8") : undefined;
}

/** This process's: asked for at its start, before something is changed that it has not loaded. */
export async function thisProgram(): Promise<Program> {
  const stamp = buildStamp();
  return { stampFile, ...(stamp !== undefined && { stamp }), code: await loadedCode() };
}

/** Whether what a new process would load is another program, or half of one. A build removes its stamp first. */
export function isRebuilt({ stampFile: file, stamp }: Program): boolean {
  return buildStamp(file) !== stamp;
}

/** Ends a command whose program is gone. */
export class RebuiltError extends Error {
  override name = "RebuiltError";
  constructor() {
    super("the program was built anew while this command ran: its sources have changed, and another command has compiled them. The trainings that were under way have been finished by the code that began them, and nothing more was started, so that no study mixes two codes unseen. Run the same command again: what is finished is kept, and every run says which code trained it");
  }
}
