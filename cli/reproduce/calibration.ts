import { loadBackend } from "../../lib/backend/load.ts";
import { terminalReporter } from "../../lib/backend/setup/progress.ts";
import { openCocoFolder } from "../../lib/data/coco-folder.ts";
import { calibration, searchedSeeds, searchRows, unsearched, type FoundOptions } from "../../lib/calibrate/results.ts";
import { calibrationStudy, type StudyOptions } from "../../lib/calibrate/study.ts";
import { calibrationSetting } from "../../lib/papers/sssd.ts";
import { findWeights } from "../../lib/papers/weights.ts";
import { UsageError } from "../errors.ts";
import type { Answered } from "./report.ts";
import { reproduceNotebook, type NotebookOptions, type Reproduced } from "./notebook.ts";

/** The search for λ: its notebook trains its probes itself, each knowing what the last one gave. */
export { calibration };

/**
 * What can be wrong with the arguments is said before anything long starts.
 * @throws UsageError; DatasetError for unusable data
 */
export async function assertUsable({ profile, data }: Pick<NotebookOptions, "profile" | "data">): Promise<void> {
  if (data !== "synthetic") await openCocoFolder(data);
  else if (profile === "paper") throw new UsageError("--profile paper needs --data with a folder of photographs in COCO format; on drawn scenes its numbers would mean nothing. Or use --profile smoke");
}

/**
 * Runs the calibration's notebook; the weights that its profile starts from come first, and are kept.
 * @throws as `assertUsable` and `reproduceNotebook`; Error when weights are not to be had, or a GPU is required and absent
 */
export async function reproduceCalibration(options: NotebookOptions): Promise<Reproduced> {
  await assertUsable(options);
  const { weights } = calibrationSetting(options.profile, 1);
  if (weights !== undefined) await findWeights(weights, { reporter: terminalReporter(), ...(options.signal && { signal: options.signal }) });
  if (options.requireGpu) await loadBackend({ requireGpu: true });
  return reproduceNotebook(calibration, options);
}

/**
 * What the notebook has found, from the trainings that it has left; nothing is trained.
 * @param problem why the notebook failed
 * @throws DatasetError for unusable data
 */
export async function answeredCalibration({ seed, seeds, tolerance, interval, ...options }: StudyOptions & FoundOptions, problem: string | undefined): Promise<Answered> {
  const study = await calibrationStudy({ ...options, readOnly: true });
  const found = async () => searchRows(await searchedSeeds(study, { ...defined({ seed, seeds, tolerance, interval }) }));
  const failed = (why: string) => unsearched(why, defined({ seed, seeds }));
  const results = problem === undefined ? await found().catch((error: unknown) => failed((error as Error).message)) : failed(`its notebook failed: ${problem}`);
  return { item: calibration, results, train: study.dataset, environment: study.environment };
}

/** Without what is undefined. */
function defined<T extends object>(record: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(record).filter(([, value]) => value !== undefined)) as { [K in keyof T]?: Exclude<T[K], undefined> };
}
