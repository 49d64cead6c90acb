import type { RunMoment } from "../../lib/papers/perform.ts";
import type { PlannedRun } from "../../lib/papers/plan.ts";
import type { Profile } from "../../lib/papers/sssd.ts";

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
}

/** What a worker process tells. */
export type WorkerMessage =
  | ({ readonly type: "moment" } & Pick<RunMoment, "phase" | "iteration" | "iterations">)
  | { readonly type: "done" }
  | { readonly type: "failed"; readonly message: string };
