import { folded, stacked } from "../../report/folded.ts";
import type { Displayable } from "../../report/html.ts";
import { table, type ReportTable } from "../../report/table.ts";
import type { ItemRow } from "../item.ts";
import type { Profile } from "../sssd.ts";
import type { Study, StudyDifference } from "../study.ts";

type Shown = Pick<Study, "item" | "profile" | "train" | "validation" | "environment" | "differences" | "seeds">;

/** What readers want to know first; the detector's inner workings are folded. A method's settings begin with its name. */
const first = /^(data|batch|channels|backbone|iterations|teacher|LabelEnc|λ|(?!detector)\w+:)/;

/** What the paper says it did and what is done here, line by line: the scale first, and folded whatever else differs. */
export function showSetting(study: Shown): Displayable {
  const { profile, differences } = study;
  const [main, rest] = [true, false].map((wanted) => differences.filter(({ what }) => first.test(what) === wanted));
  const open = settingTable([...main, ...whatRuns(study)], study, disclaimer(profile));
  return rest.length === 0 ? open : stacked([open, folded(`${rest.length} more lines: what else differs from the paper's configurations`, settingTable(rest, study))]);
}

function settingTable(lines: readonly StudyDifference[], { item, profile }: Shown, note?: string): ReportTable<StudyDifference> {
  const whose = lines.some(({ rows }) => rows !== undefined);
  return table([
    { heading: "setting", value: ({ what }: StudyDifference) => what },
    ...(whose ? [{ heading: "of", value: ({ rows }: StudyDifference) => (rows === undefined ? "all" : rowsInShort(rows, item.rows)) }] : []),
    { heading: "paper", value: ({ paper }) => paper },
    { heading: `here (${profile})`, value: ({ here }) => here },
  ], lines, note === undefined ? {} : { note });
}

function whatRuns({ train, validation, environment: { deviceName, threads, name, tensorflowVersion }, seeds }: Shown): StudyDifference[] {
  const size = ({ name: set, images, categories }: Study["train"]) => `${set}: ${images.length} images, ${categories.length} classes`;
  return [
    { what: "trained on", paper: "COCO train2017: 118,287 images, 80 classes", here: size(train) },
    { what: "scored on", paper: "COCO val2017: 5,000 images", here: size(validation) },
    { what: "repetitions", paper: "one run per row, as far as the text says", here: `${seeds.length} ${seeds.length === 1 ? "seed" : "seeds"} (${seeds.join(", ")}), the same for every row` },
    { what: "computed on", paper: "–", here: `${deviceName}, ${threads} ${threads === 1 ? "thread" : "threads"}, ${name} ${tensorflowVersion}` },
  ];
}

/** Rows by what they have in common: a whole group, all of it but its teacher, its methods; then those that are left, by label. */
export function rowsInShort(labels: readonly string[], all: readonly ItemRow[]): string {
  const left = new Set(labels);
  const parts: string[] = [];
  const take = (rows: readonly ItemRow[], name: string) => {
    if (rows.length < 2 || !rows.every(({ label }) => left.has(label))) return;
    for (const { label } of rows) left.delete(label);
    parts.push(name);
  };
  for (const group of new Set(all.map((row) => row.group))) {
    const own = all.filter((row) => row.group === group && row.setting !== undefined);
    take(own, group ?? "all");
    take(own.filter(({ role }) => role !== "teacher"), group === undefined ? "all but the teacher" : `${group} but the teacher`);
    take(own.filter(({ role }) => role === "method"), group === undefined ? "the methods" : `${group}'s methods`);
  }
  return [...parts, ...left].join("; ");
}

/** What everything of a small profile says of itself. */
export function disclaimer(profile: Profile): string {
  return profile === "paper" ? "Paper profile." : `The ${profile} profile is no reproduction of the paper's numbers${profile === "smoke" ? ": it proves the pipeline" : "; directions can be compared, sizes cannot"}.`;
}
