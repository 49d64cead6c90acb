import { join } from "node:path";
import { expect, it } from "vitest";
import { defaultOutput } from "../../cli/reproduce/output.ts";
import { potstill } from "../potstill.ts";

const smoke = { profile: "smoke", data: "synthetic" } as const;

it("names a report's folder after items, profile and data", () => {
  expect(defaultOutput([], smoke)).toBe(join("artefacts", "smoke-synthetic"));
  expect(defaultOutput(["frs"], { profile: "mini", data: "/data/bccd" })).toBe(join("artefacts", "frs", "mini-bccd"));
  expect(defaultOutput(["frs/table-3"], smoke)).toBe(join("artefacts", "frs", "table-3", "smoke-synthetic"));
  expect(defaultOutput(["frs/table-3", "sssd"], smoke)).toBe(join("artefacts", "frs-table-3+sssd", "smoke-synthetic"));
});

it("gives what is cut short a folder of its own, so that a quick look leaves the whole report as it is", async () => {
  expect(defaultOutput(["frs"], { ...smoke, seed: 0, seeds: 1 })).toBe(join("artefacts", "frs", "smoke-synthetic"));
  expect(defaultOutput(["frs"], { ...smoke, seed: 5, seeds: 3, iterations: 10 })).toBe(join("artefacts", "frs", "smoke-synthetic-3-seeds-from-seed-5-10-iterations"));
  expect(defaultOutput(["frs"], { ...smoke, iterations: 10 })).toBe(join("artefacts", "frs", "smoke-synthetic-10-iterations"));
  expect(defaultOutput(["frs/table-3"], { ...smoke, rows: ["student"] })).toBe(join("artefacts", "frs", "table-3", "smoke-synthetic-some-rows"));
  expect(defaultOutput(["frs/table-3"], { ...smoke, rows: ["student"], iterations: 10 })).toBe(join("artefacts", "frs", "table-3", "smoke-synthetic-some-rows-10-iterations"));
  expect((await potstill(["reproduce", "--help"])).stdout.replace(/\s+/g, " ")).toMatch(/with other seeds, --iterations or --rows a folder of its own/);
}, 60_000);
