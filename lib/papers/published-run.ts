/** Below the folder of runs: detectors that are kept as they were published. */
export const publishedRuns = "paper/published";

/** Whether a run's folder holds one. */
export function isPublishedRun(folder: string): boolean {
  return folder.startsWith(`${publishedRuns}/`);
}
