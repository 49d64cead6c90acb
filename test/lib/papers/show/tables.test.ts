import { expect, it } from "vitest";
import { syntheticScenes } from "../../../../lib/data/synthetic.ts";
import type { ItemRow } from "../../../../lib/papers/item.ts";
import { progressOf } from "../../../../lib/papers/progress-of.ts";
import { showChanges } from "../../../../lib/papers/show/changes.ts";
import { showMetricDifferences } from "../../../../lib/papers/show/metric-differences.ts";
import { showRuns } from "../../../../lib/papers/show/runs.ts";
import { rowsInShort, showSetting } from "../../../../lib/papers/show/setting.ts";
import { displaySymbol, type Displayable } from "../../../../lib/report/html.ts";
import { result, runRecord, smallItem } from "../study-of.ts";

const item = smallItem();
const text = async (shown: Displayable) => String((await shown[displaySymbol]())["text/plain"]);

const setting = {} as ItemRow["setting"];

it("sets the paper's setting beside what is done here: the scale first, the rest folded", async () => {
  const train = syntheticScenes({ images: 3, size: 32, seed: 1 });
  const shown = showSetting({
    item, profile: "smoke", train, validation: train, seeds: [0, 1], environment: runRecord("a").environment,
    differences: [{ what: "batch", paper: "16 images", here: "8 images" }, { what: "coding of boxes", paper: "clamped", here: "free" }, { what: "frs: feature", paper: "0.005", here: "0.03", rows: ["the taught"] }],
  });
  const html = String((await shown[displaySymbol]())["text/html"]);
  const [open, rest] = [html.slice(0, html.indexOf("<details")), html.slice(html.indexOf("<details"))];
  expect(open).toContain("batch");
  expect(open).toContain("frs: feature");
  expect(open).toContain("The smoke profile is no reproduction of the paper's numbers".replace("'", "&#39;"));
  expect(rest).toContain("coding of boxes");
  expect(await text(shown)).toMatch(/batch +all +16 images +8 images/);
  expect(await text(shown)).toMatch(/frs: feature +the taught +0\.005 +0\.03/);
  expect(await text(shown)).toMatch(/2 seeds \(0, 1\)/);
});

it("names rows by what they have in common", () => {
  const row = (label: string, role: ItemRow["role"], group?: string): ItemRow => ({ id: label, label, role, published: [], setting, ...(group !== undefined && { group }) });
  const grouped = [row("T", "teacher", "A"), row("S", "student", "A"), row("M", "method", "A"), row("N", "method", "A"), row("X", "student", "B"), row("Y", "method", "B")];
  expect(rowsInShort(["T", "S", "M", "N", "Y"], grouped)).toBe("A; Y");
  expect(rowsInShort(["S", "M", "N", "X", "Y"], grouped)).toBe("A but the teacher; B");
  expect(rowsInShort(["M", "N", "T"], grouped)).toBe("A's methods; T");
  expect(rowsInShort(["S", "M"], grouped)).toBe("S; M");
  expect(rowsInShort(["a", "b"], [row("t", "teacher"), row("a", "method"), row("b", "method")])).toBe("all but the teacher");
});

it("lists what would change the verdict, the scale and few seeds among it", async () => {
  const few = await text(showChanges({ item, profile: "mini", seeds: [0] }));
  expect(few).toMatch(/- Another teacher\.\n- The scale: The mini profile.*\n- More seeds: with 1 there is no interval at all/);
  expect(await text(showChanges({ item, profile: "paper", seeds: [0, 1, 2, 3, 4] }))).toBe("- Another teacher.");
});

it("tells of each run, and why a row has none", async () => {
  const shown = await text(showRuns([result(item, "taught", { run: runRecord("frs/taught/seed-0") }), result(item, "other", { problem: "no such file" })]));
  expect(shown).toMatch(/the taught +0 +4 +2\.5 +300 +frs\/taught\/seed-0/);
  expect(shown).toContain("– (no such file)");
});

it("folds many trainings, and counts each once", async () => {
  const many = Array.from({ length: 13 }, (_, seed) => result(item, "taught", { seed, ...(seed > 0 && { run: runRecord(`run-${seed % 5}`) }) }));
  expect(await text(showRuns(many))).toMatch(/^5 trainings of 13 s together; 1 of 13 results are missing: each by itself\n/);
});

it("draws the paper's differences hollow and the paired ones full, metric by metric", () => {
  const figure = showMetricDifferences(item, [
    result(item, "student", { seed: 0, metrics: { AP: 10, AP50: 30 } }), result(item, "student", { seed: 1, metrics: { AP: 20 } }),
    result(item, "taught", { seed: 0, metrics: { AP: 13, AP50: 31 } }), result(item, "taught", { seed: 1, metrics: { AP: 25, AP50: 40 } }), result(item, "taught", { seed: 2, metrics: { AP: 99 } }),
  ]);
  const drawn = figure.data.map(({ name, x, y }) => [name, x, y]);
  expect(drawn).toEqual([
    ["the teacher, paper", ["AP", "AP50"], [3, 3]], ["the taught, paper", ["AP"], [2.5]], ["the other, paper", ["AP"], [1]],
    ["the taught, here", ["AP", "AP50"], [4, 1]],
  ]);
  expect(figure.data[3].error_y).toMatchObject({ array: [1, 0], arrayminus: [1, 0] });
});

it("reports a study's trainings to a progress bar", () => {
  const { label, total, state } = progressOf({ item, total: 7 });
  expect([label, total]).toEqual(["frs/table-1", 7]);
  expect(state({ done: 2, total: 7, label: "taught, seed 1", iteration: 30, iterations: 120, secondsLeft: 9 })).toEqual({ label: "taught, seed 1, iteration 30 of 120", value: 2.25, left: 9 });
  expect(state({ done: 3, total: 7, label: "taught, seed 1" })).toEqual({ label: "taught, seed 1", value: 3 });
});
