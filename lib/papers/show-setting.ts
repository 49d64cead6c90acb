import type { Displayable } from "../report/html.ts";
import { table } from "../report/table.ts";
import type { Profile } from "./sssd.ts";
import type { Study, StudyDifference } from "./study.ts";

type Shown = Pick<Study, "profile" | "train" | "validation" | "environment" | "differences" | "seeds">;

/** What the paper says it did and what is done here, line by line. */
export function showSetting({ profile, train, validation, environment, differences, seeds }: Shown): Displayable {
  const size = ({ name, images }: Study["train"]) => `${name}: ${images.length} images`;
  const rows: readonly StudyDifference[] = [
    ...differences,
    { what: "trained on", paper: "COCO train2017: 118,287 images, 80 classes", here: `${size(train)}, ${train.categories.length} classes` },
    { what: "scored on", paper: "COCO val2017: 5,000 images", here: size(validation) },
    { what: "repetitions", paper: "one run per row, as far as the text says", here: `${seeds.length} ${seeds.length === 1 ? "seed" : "seeds"} (${seeds.join(", ")}), the same for every row` },
    { what: "computed on", paper: "–", here: `${environment.deviceName}, ${environment.threads} threads, ${environment.name} ${environment.tensorflowVersion}` },
  ];
  return table([
    { heading: "setting", value: ({ what, rows: of }: StudyDifference) => (of === undefined ? what : `${what} (${of.join("; ")})`) },
    { heading: "paper", value: ({ paper }) => paper },
    { heading: `here (${profile})`, value: ({ here }) => here },
  ], rows, { note: disclaimer(profile) });
}

/** What everything of a small profile says of itself. */
export function disclaimer(profile: Profile): string {
  return profile === "paper" ? "Paper profile." : `The ${profile} profile is no reproduction of the paper's numbers${profile === "smoke" ? ": it proves the pipeline" : "; directions can be compared, sizes cannot"}.`;
}
