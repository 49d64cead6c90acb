import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { judgementsOf, type ResultsRecord } from "../lib/papers/recorded.ts";
import { findLeaks, thisMachine } from "../lib/provenance/index.ts";
import { resultsPicture } from "../lib/report/results-picture.ts";
import { pictureKey } from "../lib/report/site/figure.ts";
import { root } from "./potstill.ts";

const folder = join(root, "notebooks", "results");
const files = readdirSync(folder).filter((name) => name.endsWith(".json"));
const textOf = (name: string) => readFileSync(join(folder, name), "utf8");

interface Told {
  readonly id: string;
  readonly verdict: string;
  readonly why: string;
}
interface Recorded extends ResultsRecord {
  readonly seeds: readonly number[];
  readonly code: readonly { readonly commit?: string; readonly patch?: string }[];
  readonly data: ResultsRecord["data"] & Readonly<Record<"train" | "validation", { readonly name: string; readonly hash: string }>>;
  readonly items: readonly (ResultsRecord["items"][number] & { readonly rows: readonly (ResultsRecord["items"][number]["rows"][number] & Told)[]; readonly claims: readonly Told[] })[];
}
const read = (name: string) => JSON.parse(textOf(name)) as Recorded;

describe("committed results", () => {
  it("are there", () => { expect(files).toContain("mini-bccd.json"); });

  it.each(files)("%s: their verdicts are what their numbers come to by the rules of today", (name) => {
    const record = read(name);
    const today = judgementsOf(record).map(({ item, claims, rows }) => [item.id, claims.map(({ claim: { id }, verdict, why }) => ({ id, verdict, why })), rows.map(({ row: { id }, verdict }) => ({ id, verdict }))]);
    expect(today).toEqual(record.items.map(({ id, claims, rows }) => [id, claims.map(({ id: claim, verdict, why }) => ({ id: claim, verdict, why })), rows.map(({ id: row, verdict }) => ({ id: row, verdict }))]));
  });

  it.each(files)("%s: say what they were made from, with five seeds or more, and nothing of a machine", (name) => {
    const { seeds, code, data } = read(name);
    expect(seeds.length).toBeGreaterThanOrEqual(5);
    expect(code.length).toBeGreaterThan(0);
    for (const { commit, patch } of code) expect([commit, patch]).toEqual([expect.stringMatching(/^[0-9a-f]{40}$/), undefined]);
    for (const part of [data.train, data.validation]) expect(part.hash).toMatch(/^[0-9a-f]{64}$/);
    expect(findLeaks(textOf(name), thisMachine())).toEqual([]);
    expect(textOf(name).length).toBeLessThan(100_000);
  });

  it.each(files)("%s: are what the picture in the README shows", (name) => {
    const svg = readFileSync(join(root, "notebooks", "pictures", name.replace(".json", ".svg")), "utf8");
    expect(/data-figure="(\w+)"/.exec(svg)?.[1]).toBe(pictureKey(resultsPicture(read(name))));
    expect(readFileSync(join(root, "README.md"), "utf8")).toContain(`notebooks/pictures/${name.replace(".json", ".svg")}`);
  });
});
