import type { RunMoment } from "../../lib/papers/perform.ts";
import type { PlannedRun } from "../../lib/papers/plan.ts";
import type { Profile } from "../../lib/papers/sssd.ts";
import type { Program } from "./program.ts";

/** Where all runs of a command are done, in words that a process can be told. */
export interface Site {
  readonly profile: Profile;
  /** A COCO-format folder, or `synthetic`. */
  readonly data: string;
  readonly runs: string;
  readonly requireGpu: boolean;
}

/** What a worker process is told. */
export interface Job extends Site {
  readonly planned: PlannedRun;
  /** Which it must be. */
  readonly program: Program;
}

/** What a worker process tells. */
export type WorkerMessage =
  | ({ readonly type: "moment" } & Pick<RunMoment, "phase" | "iteration" | "iterations">)
  | { readonly type: "done" }
  /** Another process trains the run: "process 7 on host". */
  | { readonly type: "busy"; readonly holder: string }
  /** It has loaded another program than it was to be; it has done nothing. */
  | { readonly type: "rebuilt" }
  | { readonly type: "failed"; readonly message: string };
