import { cpSync, existsSync, mkdtempSync, readdirSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import * as tf from "@tensorflow/tfjs-core";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { BackendInfo } from "../../../lib/backend/info.ts";
import { loadBackend } from "../../../lib/backend/load.ts";
import type { Experiment } from "../../../lib/papers/experiment.ts";
import { judge } from "../../../lib/papers/judge.ts";
import { lateAP, lateShare } from "../../../lib/papers/outcome.ts";
import type { Setting } from "../../../lib/papers/item.ts";
import { folderOfRun } from "../../../lib/papers/perform.ts";
import { plannedRuns } from "../../../lib/papers/plan.ts";
import { progressOf } from "../../../lib/papers/progress-of.ts";
import { problemOf } from "../../../lib/papers/run-problem.ts";
import type { StudyState } from "../../../lib/papers/row-result.ts";
import { claim } from "../../../lib/train/atomic.ts";
import { readMetrics } from "../../../lib/train/metrics.ts";
import { exploding, plain, row, taught, teacher, tinyItem, tinyStudy } from "./tiny-study.ts";
import { content } from "./run-content.ts";

const folder = mkdtempSync(join(tmpdir(), "potstill-study-"));
afterAll(() => { rmSync(folder, { recursive: true }); });

let environment: BackendInfo;
beforeAll(async () => { environment = await loadBackend(); });
let before = 0;
beforeEach(() => { before = tf.memory().numTensors; });
afterEach(() => { expect(tf.memory().numTensors).toBe(before); });

const experiments = { plain, taught, teacher, exploding };
const study = (item = tinyItem([row("student", "plain"), row("method", "taught", { against: "student" })]), more: object = {}) => tinyStudy(item, { experiments, environment, runs: join(folder, "whole"), ...more });

async function all<T>(items: AsyncIterable<T>): Promise<T[]> {
  const list: T[] = [];
  for await (const item of items) list.push(item);
  return list;
}

const ended = (states: readonly StudyState[]) => states.filter(({ result, problem }) => result ?? problem);

describe("a plan", () => {
  it("has every training once, teachers first, with all that is asked of it", () => {
    const one = study(), two = study(tinyItem([row("taught", "taught"), row("TP", "teacher", { measure: { kind: "regionEntropy", region: "TP" } })], { id: "frs/other" }));
    expect(one.planned.map(({ experiment: { name } }) => name)).toEqual(["tiny/teacher", "tiny/plain", "tiny/taught"]);
    const [first, , last] = one.planned;
    expect([first.after, last.after, first.measures, last.measures.map(({ kind }) => kind)]).toEqual([[], [first.id], [], ["score"]]);
    const both = plannedRuns([one, two]);
    expect(both.map(({ id }) => id)).toEqual(one.planned.map(({ id }) => id));
    expect(both[0]).toMatchObject({ measures: [{ kind: "regionEntropy" }], rows: [{ item: "frs/other", row: "TP" }], label: "frs/other/TP, seed 0" });
    expect(both[2].rows).toEqual([{ item: "frs/tiny", row: "method" }, { item: "frs/other", row: "taught" }]);
    expect(both[2].measures).toHaveLength(1);
  });

  it("trains rows with every seed, by one teacher; chosen rows bring what they are compared with", () => {
    const { planned } = study(undefined, { seeds: [0, 1], rows: ["method"] });
    expect(planned.map(({ experiment: { name }, seed }) => `${name} ${seed}`)).toEqual(["tiny/teacher 0", "tiny/plain 0", "tiny/plain 1", "tiny/taught 0", "tiny/taught 1"]);
    expect(study(undefined, { rows: ["student"] }).planned).toHaveLength(1);
    const setting = (backbone: string, more: object = {}) => ({ backbone, ...more }) as unknown as Setting;
    const item = tinyItem([row("teacher", "teacher", { role: "teacher" }), row("student", "plain", { role: "student" }), row("method", "", { setting: setting("taught", { teacher: setting("teacher") }), against: "student" })]);
    const shown = study(item, { seeds: [0, 1], rows: ["method"] }).planned.flatMap(({ rows, seed }) => rows.map((one) => `${one.row} ${seed}`));
    expect(shown.sort()).toEqual(["method 0", "method 1", "student 0", "student 1", "teacher 0"]); // the one that teaches, to be held against its student
    expect(() => study(undefined, { rows: ["nobody"] })).toThrow(/frs\/tiny has no row "nobody"; it has student, method/);
  });

  it("tells each difference once, and for which rows", () => {
    expect(study().differences).toEqual([
      { what: "data", paper: "COCO", here: "four scenes" },
      { what: "backbone", paper: "ResNet", here: "plain", rows: ["student"] },
      { what: "backbone", paper: "ResNet", here: "taught", rows: ["method"] },
    ]);
  });
});

describe("a study", () => {
  it("trains once, scores, and answers from its folder the second time", async () => {
    const first = study();
    expect((await first.results()).map(({ problem }) => problem)).toEqual([expect.stringMatching(/not been trained to its end/), expect.stringMatching(/it learns from teacher tiny\/teacher, seed 0, of which there is nothing: it has not/)]);
    const states = await all(first.run());
    expect(ended(states).map(({ label, done, result, problem }) => [label, done, result?.row.id, problem])).toEqual([["frs/tiny/student, seed 0", 2, "student", undefined], ["frs/tiny/method, seed 0", 3, "method", undefined]]);
    expect(states.some(({ iteration, iterations }) => iteration !== undefined && iterations === 6)).toBe(true);
    expect(Math.max(...states.map(({ secondsLeft = 0 }) => secondsLeft))).toBeGreaterThan(0);
    expect(states.at(-1)!.secondsLeft).toBe(0);
    const results = await first.results();
    expect(results.map(({ row: { id }, seed, problem }) => [id, seed, problem])).toEqual([["student", 0, undefined], ["method", 0, undefined]]);
    const [student, method] = results;
    expect(student.metrics!.AP).toBeGreaterThanOrEqual(0);
    expect(student.metrics!.AP).toBeLessThanOrEqual(100);
    expect([student.metrics!.share, method.metrics!.share! > 0, method.metrics!.hours! > 0, method.metrics!.memory! > 0.05]).toEqual([undefined, true, true, true]);
    expect(method.run).toMatchObject({ experiment: "tiny/taught", seed: 0, iterations: 6, environment: { device: "cpu" }, teacher: expect.stringMatching(/^tiny\/teacher\/[0-9a-f]{16}\/seed-0$/) as unknown });
    expect(method.run!.curve.map(({ iteration }) => iteration)).toEqual([2, 3, 4, 5, 6]);

    const files = content(first.runs), times = readdirSync(first.runs, { recursive: true, encoding: "utf8" }).map((name) => statSync(join(first.runs, name)).mtimeMs);
    const again = study();
    const second = await all(again.run());
    expect(second.some(({ iteration }) => iteration !== undefined)).toBe(false);
    expect(await again.results()).toEqual(results);
    expect(content(first.runs)).toEqual(files);
    expect(readdirSync(first.runs, { recursive: true, encoding: "utf8" }).map((name) => statSync(join(first.runs, name)).mtimeMs)).toEqual(times);
  });

  it("stopped anywhere goes on to the same bytes", async () => {
    const runs = join(folder, "stopped");
    const controller = new AbortController();
    const stopped = all((async function* () {
      for await (const state of study(undefined, { runs }).run({ signal: controller.signal })) {
        if (state.label.startsWith("frs/tiny/method") && state.iteration !== undefined) controller.abort(new Error("enough"));
        yield state;
      }
    })());
    await expect(stopped).rejects.toThrow("enough");
    for await (const { label, iteration } of study(undefined, { runs }).run()) if (label.startsWith("frs/tiny/method") && iteration !== undefined) break; // left, as a notebook's loop
    await all(study(undefined, { runs }).run());
    expect(content(runs)).toEqual(content(join(folder, "whole")));
  });

  it("waits for a training that another process has, says so, and trains it when it is free", async () => {
    const own = study(tinyItem([row("student", "plain")]), { runs: join(folder, "held") });
    const place = await folderOfRun(own.planned[0], { train: own.train, runs: own.runs });
    const held = claim(join(place, "lock"));
    const states: StudyState[] = [];
    for await (const state of own.run()) {
      states.push(state);
      if (state.waitsFor !== undefined) held.release();
    }
    const waiting = states.filter(({ waitsFor }) => waitsFor !== undefined);
    expect(waiting).toEqual([expect.objectContaining({ waitsFor: expect.stringMatching(`process ${process.pid} on`) as string, done: 0 })]);
    expect(progressOf(own).state(waiting[0]).label).toMatch(/^frs\/tiny\/student, seed 0, waiting for process \d+/);
    expect(states.flatMap(({ problem }) => problem ?? [])).toEqual([]);
    expect([problemOf(place), (await own.results())[0].metrics!.AP]).toEqual([undefined, expect.any(Number)]);
  });

  it("measures a region's entropies under a trained detector, without a training of its own", async () => {
    const regions = ["TP", "FP", "FN", "TN"] as const;
    const item = tinyItem([row("teacher"), ...regions.map((region) => row(region, "teacher", { measure: { kind: "regionEntropy", region } }))], { metrics: ["AP", "entropy"] });
    const own = study(item);
    expect(own.total).toBe(1);
    const states = await all(own.run());
    expect(ended(states)).toHaveLength(5);
    const [first, ...entropies] = await own.results();
    expect(first.metrics!.AP).toBeGreaterThanOrEqual(0);
    for (const { metrics, entropies: measures } of entropies) {
      expect(metrics!.AP).toBe(undefined);
      expect(metrics!.entropy).toBe(measures!.pixels);
      if (measures!.pixels === undefined) continue; // no cell is of this region
      expect(measures!.pixels).toBeGreaterThan(0);
      expect(measures!.pixels).toBeLessThanOrEqual(8.1); // of 256 grey levels, with Miller–Madow's correction
    }
    expect(entropies.filter(({ metrics }) => metrics!.entropy !== undefined).length).toBeGreaterThan(1);
  });
});

describe("published weights in the place of a training", () => {
  const trained = study(tinyItem([row("teacher")]));
  const rows = [row("published", "published", { role: "teacher" }), row("pupil"), row("again")];
  let own: ReturnType<typeof study>;
  let states: StudyState[];
  let experiments: Readonly<Record<string, Experiment>>;
  beforeAll(async () => {
    await all(trained.run());
    const { run } = (await trained.results())[0];
    const from = join(trained.runs, run!.folder, "weights.safetensors");
    const published: Experiment = { ...teacher, name: "tiny/published", weights: { from, part: "detector" }, data: { transforms: teacher.data.transforms, batchSize: 1 }, training: { iterations: 0, learningRate: { base: 0 } } };
    const pupil = { ...taught, name: "tiny/pupil", teacher: { run: { experiment: published, seed: 0 } } };
    experiments = { published, pupil, again: taught };
    own = study(tinyItem(rows), { experiments, seeds: [0, 1], runs: join(folder, "published") });
    cpSync(join(trained.runs, "tiny", "teacher"), join(own.runs, "tiny", "teacher"), { recursive: true });
    states = await all(own.run());
  });

  it("are shown as scored, and as no share of a training", () => {
    const shown = states.map(progressOf(own).state);
    expect(shown.filter(({ value, left = 0 }) => !(value >= 0 && value <= own.total && left >= 0))).toEqual([]);
    expect(shown.filter(({ label }) => label.includes(" of 0"))).toEqual([]);
    expect(shown).toContainEqual({ label: "frs/tiny/published, seed 0, scoring", value: 0 });
  });

  it("that a kill left without their result are completed, to the same bytes", async () => {
    const runs = join(folder, "cut");
    const only = () => study(tinyItem([rows[0]]), { experiments, runs });
    cpSync(join(own.runs, "tiny", "published"), join(runs, "tiny", "published"), { recursive: true });
    const before = content(runs);
    const place = join(runs, (await only().results())[0].run!.folder);
    for (const name of ["result.json", "weights.safetensors"]) rmSync(join(place, name));
    expect((await only().results())[0].problem).toMatch(/not been trained to its end/);
    await all(only().run());
    expect(content(runs)).toEqual(before);
    expect(Object.keys(before).map((path) => basename(path))).toEqual(expect.arrayContaining(["state.safetensors", "weights.safetensors"]));
  });

  it("teach and are held against the students of whatever seeds", async () => {
    const item = tinyItem([rows[0], row("pupil", "pupil", { against: "published" })]);
    const later = study(item, { experiments, seeds: [5, 6], runs: join(folder, "later") });
    expect(later.planned.map(({ experiment: { name }, seed }) => `${name} ${seed}`)).toEqual(["tiny/published 0", "tiny/pupil 5", "tiny/pupil 6"]);
    await all(later.run());
    const results = await later.results();
    expect(results.map(({ run }) => run!.teacher)).toEqual([undefined, results[0].run!.folder, results[0].run!.folder]);
    const { seeds, rows: judged } = judge(item, "smoke", results.map((result, i) => ({ ...result, metrics: { AP: [40, 31, 33][i] } }))); // in six iterations nobody learns
    expect(seeds).toEqual([5, 6]);
    expect(judged[1].difference!.values).toEqual([-9, -7]);
  });

  it("are scored once, whatever the seeds, and not called a training that took no time", async () => {
    expect(own.planned.map(({ experiment: { name }, seed }) => `${name} ${seed}`)).toEqual(["tiny/published 0", "tiny/teacher 0", "tiny/pupil 0", "tiny/pupil 1", "tiny/taught 0", "tiny/taught 1"]);
    const [first, ...others] = await own.results();
    const [like] = await trained.results();
    expect(others.map(({ row: { id }, seed }) => `${id} ${seed}`)).toEqual(["pupil 0", "pupil 1", "again 0", "again 1"]);
    const ofTraining = { lateAP: undefined, hours: undefined, memory: undefined };
    expect({ ...like.metrics, ...ofTraining }).toEqual({ ...first.metrics, ...ofTraining });
    expect(Object.keys(first.metrics!).filter((name) => name in ofTraining)).toEqual([]);
    expect(first.run).toMatchObject({ iterations: 0, curve: [] });
    expect(others[0].run!.teacher).toBe(first.run!.folder);
  });

  it("teach as what they were trained to be does", async () => {
    const losses = (result: { readonly run?: { readonly folder: string } }) => readMetrics(join(own.runs, result.run!.folder, "metrics.jsonl")).map(({ losses: values }) => values);
    const [, pupil, , again] = await own.results();
    expect(losses(pupil)).toHaveLength(6);
    expect(losses(pupil)).toEqual(losses(again));
  });
});

describe("a training that fails", () => {
  const item = tinyItem([row("bad", "exploding"), row("weightless", "unknown"), row("good", "plain")]);

  it("is recorded with its message, and the others go on", async () => {
    const own = study(item, { runs: join(folder, "failing") });
    const states = await all(own.run());
    expect(ended(states).map(({ label, problem, result }) => [label, problem ?? result?.row.id])).toEqual([
      ["frs/tiny/weightless", "no weights for unknown"], ["frs/tiny/bad, seed 0", expect.stringMatching(/non-finite loss/)], ["frs/tiny/good, seed 0", "good"],
    ]);
    expect((await own.results()).map(({ problem }) => problem)).toEqual([expect.stringMatching(/non-finite loss/), "no weights for unknown", undefined]);
    const kept = await all(own.run({ retry: false }));
    expect(kept.filter(({ iteration }) => iteration !== undefined)).toEqual([]);
    expect(ended(kept)[1].problem).toMatch(/non-finite loss/);
  });

  it("ends everything where that is asked for", async () => {
    await expect(all(study(item, { runs: join(folder, "failing") }).run({ failFast: true }))).rejects.toThrow("frs/tiny/weightless: no weights for unknown");
    await expect(all(study(tinyItem([row("bad", "exploding"), row("good", "plain")]), { runs: join(folder, "fast") }).run({ failFast: true }))).rejects.toThrow(/non-finite loss/);
    expect(existsSync(join(folder, "fast", "tiny", "plain"))).toBe(false);
  });

  it("fails whom it would have taught, by name", async () => {
    const broken = { ...taught, name: "tiny/untaught", teacher: { run: { experiment: exploding, seed: 0 } } };
    const own = tinyStudy(tinyItem([row("orphan", "broken"), row("good", "plain")]), { experiments: { broken, plain }, environment, runs: join(folder, "orphan") });
    const states = await all(own.run());
    expect(ended(states).map(({ problem }) => problem)).toEqual([expect.stringMatching(/^non-finite/), expect.stringMatching(/^it learns from teacher tiny\/exploding, seed 0, of which there is nothing: non-finite loss/), undefined]);
  });

  it("is forgotten when it goes well at last", async () => {
    const runs = join(folder, "mended");
    cpSync(join(folder, "whole"), runs, { recursive: true });
    const own = study(undefined, { runs });
    const place = join(runs, (await own.results())[0].run!.folder);
    for (const name of readdirSync(place)) if (name.startsWith("score-")) rmSync(join(place, name));
    expect((await own.results())[0].problem).toMatch(/has been trained, and not been measured yet/);
    await all(own.run());
    expect(content(runs)).toEqual(content(join(folder, "whole")));
  });
});

describe("the share that SSSD Table 3 reads", () => {
  it("is the mean around 170/180 of the run", () => {
    const steps = Array.from({ length: 180 }, (_, i) => ({ distillShare: i >= 165 && i < 175 ? 0.5 : 0 }));
    expect(lateShare(steps)).toBeCloseTo(0.5, 10);
    expect(lateShare([{ distillShare: 0.25 }])).toBe(0.25);
  });
});

describe("the window that SSSD Figure 2 draws", () => {
  it("has the mean of the looks between 130,000 and 170,000 of 180,000, where they saw all images", () => {
    const looks = (...of: readonly (readonly [iteration: number, AP: number])[]) => of.map(([iteration, AP]) => ({ iteration, AP, images: 40 }));
    expect(lateAP({ curve: looks([100, 10], [200, 20], [300, 30], [400, 40], [500, 50]), iterations: 500 }, 40)).toBe(40);
    expect(lateAP({ curve: looks([129, 1], [130, 2], [170, 4], [171, 9]), iterations: 180 }, 40)).toBe(3);
    expect(lateAP({ curve: looks([400, 40]), iterations: 500 }, 41)).toBeUndefined();
    expect(lateAP({ curve: [{ iteration: 400, AP: 40 }], iterations: 500 }, 40)).toBeUndefined(); // of an older version, which saw 32
    expect(lateAP({ curve: [], iterations: 500 }, 40)).toBeUndefined();
  });
});
