import { expect, it } from "vitest";
import { syntheticScenes } from "../../../lib/data/synthetic.ts";
import { progressOf } from "../../../lib/papers/progress-of.ts";
import { showChanges } from "../../../lib/papers/show-changes.ts";
import { showMetricDifferences } from "../../../lib/papers/show-metric-differences.ts";
import { showRuns } from "../../../lib/papers/show-runs.ts";
import { showSetting } from "../../../lib/papers/show-setting.ts";
import { showTeachers } from "../../../lib/papers/show-teachers.ts";
import { displaySymbol, type Displayable } from "../../../lib/report/html.ts";
import { result, runRecord, smallItem } from "./study-of.ts";

const item = smallItem();
const text = async (shown: Displayable) => String((await shown[displaySymbol]())["text/plain"]);

it("sets the paper's setting beside what is done here, with the rows that a line is about", async () => {
  const train = syntheticScenes({ images: 3, size: 32, seed: 1 });
  const shown = await text(showSetting({
    profile: "smoke", train, validation: train, seeds: [0, 1], environment: runRecord("a").environment,
    differences: [{ what: "batch", paper: "16 images", here: "8 images" }, { what: "weight", paper: "75", here: "27", rows: ["SSSD"] }],
  }));
  expect(shown).toMatch(/batch +16 images +8 images/);
  expect(shown).toMatch(/weight \(SSSD\) +75 +27/);
  expect(shown).toMatch(/2 seeds \(0, 1\)/);
  expect(shown).toContain("The smoke profile is no reproduction of the paper's numbers");
});

it("lists what would change the verdict, the scale and few seeds among it", async () => {
  const few = await text(showChanges({ item, profile: "mini", seeds: [0] }));
  expect(few).toMatch(/- Another teacher\.\n- The scale: The mini profile.*\n- More seeds: with 1 there is no interval at all/);
  expect(await text(showChanges({ item, profile: "paper", seeds: [0, 1, 2, 3, 4] }))).toBe("What would change the verdict:\n\n- Another teacher.");
});

it("tells of each run, and why a row has none", async () => {
  const shown = await text(showRuns([result(item, "taught", { run: runRecord("frs/taught/seed-0") }), result(item, "other", { problem: "no such file" })]));
  expect(shown).toMatch(/the taught +0 +4 +2\.5 +300 +frs\/taught\/seed-0/);
  expect(shown).toContain("– (no such file)");
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

it("sets students over the teacher that their run names", () => {
  const figure = showTeachers(item, [
    result(item, "teacher", { metrics: { AP: 40 }, run: runRecord("t") }), result(item, "student", { metrics: { AP: 20 }, run: runRecord("s") }),
    result(item, "taught", { metrics: { AP: 30 }, run: runRecord("x", { teacher: "t" }) }), result(item, "taught", { seed: 1, metrics: { AP: 32 }, run: runRecord("y", { teacher: "t" }) }),
    result(item, "other", { metrics: { AP: 50 }, run: runRecord("z", { teacher: "elsewhere" }) }),
  ]);
  expect(figure.data.map(({ name, x, y }) => [name, x, y])).toEqual([["the taught", [40, 40], [30, 32]], ["as good as its teacher", [19, 41], [19, 41]]]);
  expect(JSON.stringify(figure.layout)).toContain("student alone, mean");
});

it("reports a study's trainings to a progress bar", () => {
  const { label, total, state } = progressOf({ item, total: 7 });
  expect([label, total]).toEqual(["frs/table-1", 7]);
  expect(state({ done: 2, total: 7, label: "taught, seed 1", iteration: 30, iterations: 120, secondsLeft: 9 })).toEqual({ label: "taught, seed 1, iteration 30 of 120", value: 2.25, left: 9 });
  expect(state({ done: 3, total: 7, label: "taught, seed 1" })).toEqual({ label: "taught, seed 1", value: 3 });
});
