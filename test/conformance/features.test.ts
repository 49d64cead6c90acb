// What the feature table of kernel/README.md says of Potstill is true of this build, and the table is what was found.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { own } from "./features/contestants.ts";
import { features, verdict } from "./features/index.ts";
import { withTable } from "./features/table.ts";
import type { Findings } from "./features/table.ts";

const findings = JSON.parse(readFileSync(join(import.meta.dirname, "features", "findings.json"), "utf8")) as Findings;
const readme = join(import.meta.dirname, "..", "..", "kernel", "README.md");

describe("every feature of the comparison", () => {
  it.each(features.map((feature) => [feature.title, feature] as const))("%s", async (_, feature) => {
    expect(await verdict(feature, own())).toBe("yes");
  });
});

describe("the feature table", () => {
  it("lists the features that are checked", () => {
    expect(findings.features.map(({ title }) => title)).toEqual(features.map(({ title }) => title));
  });

  it("is in the README as it was found", () => {
    const text = readFileSync(readme, "utf8");
    expect(withTable(text, findings)).toBe(text);
  });
});
