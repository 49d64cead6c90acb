import type { Item, ItemRow } from "../../../lib/papers/item.ts";
import type { RowResult, RunRecord } from "../../../lib/papers/row-result.ts";
import type { Step } from "../../../lib/train/step.ts";

const cell = (AP: number, AP50: number) => ({ AP, AP50 });

/** An item with a teacher, a student alone and two taught ones, and what a paper printed of them. */
export function smallItem(own: Partial<Item> = {}): Item {
  const row = (id: string, role: ItemRow["role"], against?: string): ItemRow => ({
    id, label: `the ${id}`, role, published: [{ table: "one", row: id }], ...(against !== undefined && { against }),
  });
  return {
    id: "frs/table-1", paper: "frs", title: "FRS Table 1: an example", claim: "It helps", notebook: "notebooks/none.ipynb", metrics: ["AP", "AP50"],
    published: [{
      id: "one", title: "One", caption: "An example", metrics: ["AP", "AP50"], notes: [],
      rows: {
        teacher: { label: "teacher", cells: cell(40, 60) }, student: { label: "student", cells: cell(37, 57) },
        taught: { label: "taught", cells: { AP: 39.5, AP50: { lost: "not in the text" } } }, other: { label: "other", cells: { AP: { value: 38, derived: "said: 38" } } },
      },
    }],
    rows: [row("teacher", "teacher", "student"), row("student", "student"), row("taught", "method", "student"), row("other", "method", "student")],
    claims: [], changes: ["Another teacher."],
    ...own,
  };
}

/** A run in a folder of its own. */
export function runRecord(folder: string, own: Partial<RunRecord> = {}): RunRecord {
  return {
    folder, experiment: folder, seed: 0, iterations: 4, seconds: 2.5, peakMemoryBytes: 300 * 2 ** 20, curve: [],
    environment: { name: "cpu", device: "cpu", deviceName: "a processor", threads: 1 } as RunRecord["environment"],
    ...own,
  };
}

/** A row's result at a seed, by the row's id. */
export function result(item: Item, id: string, own: Partial<RowResult> = {}): RowResult {
  return { row: item.rows.find((row) => row.id === id)!, seed: 0, ...own };
}

/** A step with these weighted terms, which are also the losses. */
export function step(iteration: number, weighted: Readonly<Record<string, number>>, own: Partial<Step> = {}): Step {
  const total = Object.values(weighted).reduce((sum, value) => sum + value, 0);
  const distilled = Object.entries(weighted).reduce((sum, [name, value]) => (name.startsWith("distill") ? sum + value : sum), 0);
  return {
    iteration, iterations: 4, losses: weighted, weighted, total, distillShare: distilled / total, lambda: 2,
    shares: Object.fromEntries(Object.entries(weighted).map(([name, value]) => [name, value / total])),
    learningRates: { all: 0.1 }, gradientNorm: 1, imagesPerSecond: 10, seconds: 0.1, tensors: 5, ...own,
  };
}
