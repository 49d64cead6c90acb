import { JSDOM } from "jsdom";
import { expect, it } from "vitest";
import { itemOf as paperItem } from "../../../lib/papers/items/index.ts";
import { judge } from "../../../lib/papers/judge.ts";
import { claimsTable } from "../../../lib/report/claims-table.ts";
import { displaySymbol } from "../../../lib/report/html.ts";
import type { Displayable } from "../../../lib/report/html.ts";
import { itemTable, metricsTable, seedsTable } from "../../../lib/report/item-table.ts";
import { better, claim, itemOf, resultsOf } from "../papers/judge-fixture.ts";

const values = { teacher: [50], student: [30, 34, 27], frs: [38, 43, undefined, 36.5] };
const item = itemOf([better, claim({ kind: "within", row: "student", interval: [36, 39] })]);
const judgement = judge(item, "smoke", resultsOf(item, values), { data: "drawn scenes" });

async function page(shown: Displayable): Promise<Document> {
  return new JSDOM((await shown[displaySymbol]())["text/html"] as string).window.document;
}
const cells = (row: Element) => [...row.querySelectorAll("td")].map(({ textContent }) => textContent);

it("has the paper beside the means and differences here, and the verdict with its reason", async () => {
  const document = await page(itemTable(judgement));
  const [main] = document.querySelectorAll("table");
  expect([...main.querySelectorAll("th")].map(({ textContent }) => textContent)).toEqual(["row", "paper [points]", "here [points]", "Δ paper", "Δ here", "verdict", "why"]);
  const rows = [...main.querySelectorAll("tbody tr")].map(cells);
  expect(rows[1].slice(0, 6)).toEqual(["STUDENT", "37.4", "30.3 [21.6, 39.1]", "–", "–", "not testable at this profile"]);
  expect(rows[2].slice(0, 4)).toEqual(["FRS", "39.7", "39.2 [30.7, 47.6]", "+2.30"]);
  expect(rows[2][4]).toMatch(/^\+8\.50 \[\+2\.15, \+14\.85\]$/);
  expect(rows[2][6]).toMatch(/2 seeds in common; a test needs at least 3 paired seeds\. Failed: seed 2: out of memory\.$/);
  expect(rows[3].slice(0, 4)).toEqual(["FITNETS", "lost; 37.6", "– (not run)", "+0.20"]);
  expect(rows[4].slice(0, 4)).toEqual(["LOST", "lost", "– (not run)", "–"]);
});

it("shows all metrics beneath, and says of a smoke run what it is, on each table", async () => {
  const document = await page(itemTable(judgement));
  expect([...document.querySelectorAll("caption")].map(({ textContent }) => textContent)).toEqual(["FRS Table 1", "FRS Table 1: all metrics"]);
  for (const table of [itemTable(judgement), metricsTable(judgement), seedsTable(judgement), claimsTable(judgement)]) {
    expect(String(table)).toContain("it proves the pipeline, and reproduces no number of the paper. Data: drawn scenes.");
    expect((await page(table)).body.textContent).toContain("it proves the pipeline");
  }
});

it("keeps reasons out of the columns of plain text", async () => {
  const lines = String(itemTable(judgement)).split("\n");
  expect(lines[2]).toMatch(/verdict$/);
  expect(lines).toContainEqual(expect.stringMatching(/^LOST: LOST is not trained here: its weights are not public\.$/));
  expect((await itemTable(judgement)[displaySymbol]())["text/plain"]).toBe(String(itemTable(judgement)));
});

it("says what is lost, and between what it lies", () => {
  expect(String(itemTable(judgement))).toContain("Lost: not in the text (FITNETS; LOST).");
  const ablation = judge(paperItem("shared-kd/ablation"), "mini", []);
  const [full, noIdentical] = itemTable(ablation).toRecords();
  expect([full.paper, noIdentical.paper]).toEqual(["lost; at least 40.4", "40.1"]);
  expect(String(itemTable(ablation))).toContain("at most −0.30");
  expect(itemTable(judge(paperItem("shared-kd/table-1"), "mini", [])).toRecords()[1].paper).toBe("38.4*");
  expect(String(itemTable(judge(paperItem("shared-kd/table-1"), "mini", [])))).toContain("* not printed: 40.6 − 2.2: section 4.1 states Shared-KD and its gain (Faster R-CNN R-50 alone).");
});

it("gives records with numbers and reasons", () => {
  const [, , frs] = itemTable(judgement).toRecords();
  expect(frs).toMatchObject({ row: "FRS", paper: "39.7", "Δ paper": 2.3, verdict: "not testable at this profile" });
  expect((frs["Δ here"] as { mean: number }).mean).toBe(8.5);
  expect(typeof frs.why).toBe("string");
});

it("shows each seed with Student's and the bootstrap's interval", () => {
  const student = seedsTable(judgement).toRecords().find(({ row }) => row === "STUDENT")!;
  expect(student).toMatchObject({ "of each seed": "30.0  34.0  27.0", mean: "30.3", "95 % Student interval": "[21.6, 39.1]" });
  expect(student["95 % bootstrap interval"]).toMatch(/^\[27\.\d, 34\.0\]$|^\[27\.\d, 3[23]\.\d\]$/);
  expect(seedsTable(judgement).toRecords().find(({ row }) => row === "Δ FRS")).toMatchObject({ "of each seed": "+8.00  +9.00" });
});

it("lists claims with their place and verdict", async () => {
  const rows = [...(await page(claimsTable(judgement))).querySelectorAll("tbody tr")].map(cells);
  expect(rows[0]).toEqual(["a claim of order", "Table", "not testable at this profile", "FRS; STUDENT have 2 seeds in common; a test needs at least 3 paired seeds."]);
});

it("names each row's metric where they differ, and shows – for what has no object", () => {
  const entropy = { ...item.rows[1], id: "tp", label: "TP", published: [], measure: { kind: "regionEntropy", region: "TP" } as const };
  const mixed = { ...item, rows: [...item.rows, entropy], metrics: ["AP", "APs", "entropy"] as const };
  const results = [...resultsOf(mixed, { student: [30, 31, 32] }).map((result) => ({ ...result, metrics: { ...result.metrics, APs: -1 } })), ...resultsOf(mixed, { tp: [4.5, 4.6, 4.4] }, "entropy")];
  const found = judge(mixed, "mini", results);
  expect(itemTable(found).toRecords().map(({ metric }) => metric)).toEqual([...new Array<string>(5).fill("AP, points"), "entropy, bits"]);
  expect(itemTable(found).toRecords().map(({ here }) => here).slice(1, 2)).toEqual(["31.0 [28.5, 33.5]"]);
  expect(itemTable(found).toRecords().at(-1)!.here).toBe("4.50 [4.25, 4.75]");
  expect(metricsTable(found).columns.map(({ heading }) => heading)).toEqual(["row", "AP paper", "AP here", "entropy paper", "entropy here"]);
});
