import type { BackboneName, Claim, ItemRow, Setting } from "../item.ts";
import type { DetectorKind } from "../detectors.ts";
import type { MethodSpec } from "../method.ts";

// What the three papers' items are written with. Settings that mean the same training are made by the same calls, so that
// they are deeply equal and it is done once. Iterations in options and λ count in the row's own schedule.

/** A detector of mmdetection, trained alone. */
export function mmdet(detector: DetectorKind, backbone: BackboneName, schedule: Setting["schedule"]): Setting {
  return { detector, backbone, code: "mmdet", schedule };
}

/** The student under a method and a teacher. */
export function taughtBy(student: Setting, teacher: Setting, method: MethodSpec): Setting {
  return { ...student, method, teacher };
}

/** What would change any verdict on AP. */
export const noise = "Repeated COCO trainings differ by up to about 0.3 AP: a smaller difference, or one seed, decides nothing.";

/** What an item row stands for: rows of one table, or of several. */
export type Places = ItemRow["published"];

/** Row of the same name in these tables. */
export function at(row: string, ...tables: readonly { readonly id: string }[]): Places {
  return tables.map(({ id }) => ({ table: id, row }));
}

type ClaimParts = Pick<Claim, "id" | "text" | "source"> & Partial<Pick<Claim, "metric">>;

/** A claim that `better` is better than `worse`, in AP unless said. */
export function above(better: string, worse: string, { metric = "AP", ...parts }: ClaimParts): Claim {
  return { ...parts, metric, test: { kind: "order", rows: [better, worse] } };
}

/** A claim that `better` is at least as good as `worse`, in AP unless said. */
export function atLeast(better: string, worse: string, { metric = "AP", ...parts }: ClaimParts): Claim {
  return { ...parts, metric, test: { kind: "atLeast", better, worse } };
}

/** A claim that one row is better than each of the others, in AP unless said. */
export function best(row: string, others: readonly string[], { metric = "AP", ...parts }: ClaimParts): Claim {
  return { ...parts, metric, test: { kind: "best", row, others } };
}
