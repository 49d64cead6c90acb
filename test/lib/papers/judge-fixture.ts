import type { Claim, Item, ItemRow, Metric, Published, PublishedCells, Setting } from "../../../lib/papers/item.ts";
import type { RowResult } from "../../../lib/papers/row-result.ts";

const teacher: Setting = { detector: "retinanet", backbone: "resnet-101", code: "mmdet", schedule: "2x" };
export const alone: Setting = { ...teacher, backbone: "resnet-50" };
const taught = (name: "frs" | "fitNets"): Setting => ({ ...alone, method: { name }, teacher });

const cells: Readonly<Record<string, PublishedCells>> = {
  teacher: { AP: 38.9, AP50: 58 },
  student: { AP: 37.4, AP50: 56.7 },
  frs: { AP: 39.7, AP50: 58.6 },
  fitnets: { AP: { lost: "not in the text", bounds: [37.6, 37.6] } },
  lost: { AP: { lost: "not in the text" } },
};

export const published: Published = {
  id: "table", title: "Table", caption: "", metrics: ["AP", "AP50"], notes: [],
  rows: Object.fromEntries(Object.entries(cells).map(([label, own]) => [label, { label, cells: own }])),
};

const row = (id: string, role: ItemRow["role"], setting: Setting | undefined, against?: string): ItemRow => ({
  id, role, label: id.toUpperCase(), published: [{ table: "table", row: id }], ...(setting ? { setting } : { notRun: "its weights are not public." }), ...(against !== undefined && { against }),
});

export const rows: readonly ItemRow[] = [
  row("teacher", "teacher", teacher, "student"), row("student", "student", alone), row("frs", "method", taught("frs"), "student"), row("fitnets", "method", taught("fitNets"), "student"), row("lost", "method", undefined, "student"),
];

export const claim = (test: Claim["test"], metric: Metric = "AP"): Claim => ({ id: test.kind, text: `a claim of ${test.kind}`, source: "Table", metric, test });

export const better = claim({ kind: "order", rows: ["frs", "student"] });

export function itemOf(claims: readonly Claim[], { rows: own = rows, metrics = ["AP", "AP50"] }: { readonly rows?: readonly ItemRow[]; readonly metrics?: readonly Metric[] } = {}): Item {
  return { id: "frs/table-1", paper: "frs", title: "FRS Table 1", claim: "", notebook: "", published: [published], metrics, rows: own, claims, changes: [] };
}

/** AP of each row by seed from 0; a teacher with one value was trained once. NaN and −1 as they come; undefined is a failure. */
export function resultsOf(item: Item, values: Readonly<Record<string, readonly (number | undefined)[]>>, metric: Metric = "AP"): RowResult[] {
  return Object.entries(values).flatMap(([id, list]) => {
    const own = item.rows.find((candidate) => candidate.id === id)!;
    return list.map((value, seed): RowResult => ({ row: own, seed, ...(value === undefined ? { problem: "out of memory" } : { metrics: { [metric]: value } }) }));
  });
}
