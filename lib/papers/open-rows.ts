import { join } from "node:path";
import { lookAt } from "../report/look.ts";
import type { Look } from "../report/look.ts";
import { buildTeacher } from "./teacher.ts";
import { openTrained, type Trained } from "./trained.ts";
import type { RowResult } from "./row-result.ts";
import type { Study } from "./study.ts";

type Opened = Pick<Study, "validation" | "runs">;

/**
 * The detector that a row's run has trained; the caller disposes it.
 * @throws Error when the row was not trained, or its weights are gone
 */
export async function openRow({ validation, runs }: Opened, { row, run }: RowResult): Promise<Trained> {
  if (run === undefined) throw new Error(`${row.id} has no run: it was not trained, or failed`);
  return openTrained(join(runs, run.folder), { dataset: validation });
}

/**
 * The teacher of a row's run with its weights; the caller disposes it.
 * @throws Error when the row has no teacher, or its weights are gone
 */
export async function openTeacher(study: Opened & Pick<Study, "experimentOf">, { row, run }: RowResult): Promise<Omit<Trained, "from">> {
  const experiment = study.experimentOf(row);
  if (experiment?.teacher === undefined) throw new Error(`${row.id} has no teacher`);
  const { teacher, data: { transforms } } = experiment;
  const folderOf = async () => {
    if (run?.teacher === undefined) throw new Error(`${row.id} names no run of its teacher`);
    return join(study.runs, run.teacher);
  };
  const { detector } = await buildTeacher(teacher, { dataset: study.validation, transforms, folderOf });
  return { detector, transforms };
}

/** The first result of each of these rows that has a run: one seed's. Rows without one are left out. */
export function firstRuns(results: readonly RowResult[], rows: readonly string[]): RowResult[] {
  return rows.flatMap((id) => results.find(({ row, run }) => row.id === id && run !== undefined) ?? []);
}

/** What rows' detectors make of the same validation images, by the rows' labels: for `detectionsPicture`. */
export async function lookAtRows(study: Opened, shown: readonly RowResult[], images: readonly number[], { masks = false }: { readonly masks?: boolean } = {}): Promise<Record<string, Look[]>> {
  const looks: Record<string, Look[]> = {};
  for (const result of shown) {
    const { detector, transforms } = await openRow(study, result);
    try {
      looks[result.row.label] = await lookAt(detector, study.validation, images, { transforms, masks });
    } finally {
      detector.dispose();
    }
  }
  return looks;
}
