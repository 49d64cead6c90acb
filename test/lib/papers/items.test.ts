import { describe, expect, it } from "vitest";
import { parseBackbone } from "../../../lib/detector/backbones/name.ts";
import { fgdPresets, fkdPresets, frsPresets, mgdPresets, presetOf, sharedKdPresets } from "../../../lib/distill/index.ts";
import { detectorKinds } from "../../../lib/papers/detectors.ts";
import type { Claim, Item, ItemRow, Metric, Setting } from "../../../lib/papers/item.ts";
import { itemOf, items, itemsOf, papers } from "../../../lib/papers/items/index.ts";
import { checkMethod, needsTeacher } from "../../../lib/papers/method.ts";
import { everything, span, typed } from "./tables.ts";

const rowsOf = (of: readonly Item[]) => of.flatMap((item) => item.rows.map((row) => [`${item.id} ${row.id}`, row, item] as const));
const settingOf = (id: string, row: string): Setting => itemOf(id).rows.find((one) => one.id === row)!.setting!;
const withTeachers = (setting: Setting): Setting[] => [setting, ...(setting.teacher ? withTeachers(setting.teacher) : []), ...(setting.encoder ? withTeachers(setting.encoder) : [])];
const settings = rowsOf(items).flatMap(([place, { setting }]) => (setting ? withTeachers(setting).map((one) => [place, one] as const) : []));
const rowsIn = ({ test }: Claim): readonly string[] => test.kind === "order" || test.kind === "trend" ? test.rows : test.kind === "atLeast" ? [test.better, test.worse] : test.kind === "best" ? [test.row, ...test.others] : [test.row];

describe("items", () => {
  it("are found by paper and by name, and listed when a name is unknown", () => {
    expect(papers).toEqual(["sssd", "frs", "shared-kd"]);
    expect(itemsOf()).toEqual(items);
    expect(items).toHaveLength(15);
    expect(itemsOf("frs").map(({ id }) => id)).toEqual(["frs/table-1", "frs/table-2", "frs/table-3", "frs/regions", "frs/teachers"]);
    expect(itemsOf("sssd/stepwise")).toEqual([itemOf("sssd/stepwise")]);
    for (const find of [itemOf, itemsOf]) expect(() => find("frs/table-9")).toThrow(/^there is no item "frs\/table-9"; allowed: sssd, frs, shared-kd, sssd\/calibration, .*, shared-kd\/weight$/);
    expect(() => itemOf("frs")).toThrow(/no item "frs"/);
  });

  it("have ids of their own and a notebook named after them", () => {
    expect(new Set(items.map(({ id }) => id)).size).toBe(items.length);
    for (const { id, paper, notebook } of items) {
      expect(id.startsWith(`${paper}/`)).toBe(true);
      expect(notebook).toBe(`notebooks/${id.replace("/", "-")}.ipynb`);
    }
  });

  it("say where Shared-KD is a reconstruction, and only there", () => {
    for (const { paper, label } of items) expect(label).toBe(paper === "shared-kd" ? "reconstructed" : undefined);
  });

  it("survive JSON, so that a run's record can hold them", () => {
    expect(JSON.parse(JSON.stringify(items))).toStrictEqual(items);
  });

  it("say what would change their verdict", () => {
    for (const { id, claim, title, changes } of items) expect([id, claim, title, ...changes].every((text) => text.length > 5) && changes.length > 0, id).toBe(true);
  });
});

describe("rows of items", () => {
  it("have ids and labels of their own, and are trained or say why not", () => {
    for (const item of items) {
      expect(new Set(item.rows.map(({ id }) => id)).size, item.id).toBe(item.rows.length);
      expect(new Set(item.rows.map(({ label }) => label)).size, item.id).toBe(item.rows.length);
    }
    for (const [place, { id, setting, notRun, probe }] of rowsOf(items)) {
      expect(id, place).toMatch(/^[a-z0-9-]+$/);
      expect([setting, notRun, probe].filter((one) => one !== undefined), place).toHaveLength(1);
      expect(probe !== undefined, place).toBe(place.startsWith("sssd/calibration "));
    }
  });

  it("stand for rows that are published, and every published row but the gains has one", () => {
    const covered = new Set<string>();
    for (const [place, { published }, item] of rowsOf(items)) {
      for (const { table, row } of published) {
        expect(Object.keys(item.published.find(({ id }) => id === table)?.rows ?? {}), `${place}: ${table}`).toContain(row);
        covered.add(`${table} ${row}`);
      }
    }
    const missing = everything.flatMap(({ id, rows }) => Object.keys(rows).map((row) => `${id} ${row}`)).filter((place) => !covered.has(place));
    expect(missing).toEqual(["retinanet", "gfl-1x", "gfl-2x", "faster-rcnn", "fcos"].map((pair) => `frs-table-1 ${pair}-gain`));
  });

  it("are compared with rows that exist", () => {
    for (const [place, { id, against }, { rows }] of rowsOf(items)) if (against !== undefined) expect(rows.map((row) => row.id).filter((other) => other !== id), place).toContain(against);
  });

  it("of methods have something to be compared with, but for what the table compares with", () => {
    const free = rowsOf(items).filter(([, { role, against }]) => role === "method" && against === undefined).map(([place]) => place);
    expect(free).toEqual([
      ...["lgd-1", "sssd-found"].map((id) => `sssd/calibration ${id}`),
      ...["frcn-r50", "frcn-r101", "retinanet-r50", "retinanet-r101", "fcos-r50", "fcos-r101"].map((id) => `sssd/table-2 ${id}-lgd`),
      "sssd/lambda-sweep lgd-1", "sssd/stepwise lgd-1", "sssd/stepwise sssd-75", "shared-kd/ablation full", "shared-kd/cost semckd", "shared-kd/weight w-2",
    ]);
  });
});

describe("settings", () => {
  it("name detectors, backbones and methods that the kit has, with options that these take", () => {
    for (const [place, { detector, backbone, method }] of settings) {
      expect(detectorKinds, place).toContain(detector);
      expect(parseBackbone(backbone.replace(/-dcn$/, "")).name, place).toBe(backbone.replace(/-dcn$/, ""));
      if (method) expect(() => checkMethod(method), place).not.toThrow();
    }
  });

  it("have a teacher where their method learns from one, which learns from nobody", () => {
    for (const [place, { method, teacher, encoder }] of settings) {
      expect(teacher !== undefined, place).toBe(method !== undefined && needsTeacher(method.name));
      if (teacher) expect(teacher.method, place).toBeUndefined();
      const secondStep = method?.name === "labelEnc" && method.options?.step === 2;
      expect(encoder !== undefined, place).toBe(secondStep);
      if (encoder) expect(encoder.method, place).toEqual({ name: "labelEnc", options: { step: 1 } });
    }
  });

  it("take the paper's weights by the method's preset for their detector", () => {
    const presets = { fgd: fgdPresets, fkd: fkdPresets, frs: frsPresets, mgd: mgdPresets, sharedKd: sharedKdPresets };
    // FKD and Shared-KD publish no weights for Mask R-CNN.
    const twoStage = ["fkd maskRcnn", "sharedKd maskRcnn"];
    for (const [place, { detector, method }] of settings) {
      const table = Object.entries(presets).find(([name]) => name === method?.name)?.[1];
      if (table) expect(presetOf(method!.name, table, { student: detector }), place).toBe(twoStage.includes(`${method!.name} ${detector}`) ? "fasterRcnn" : detector);
    }
    expect(frsPresets).toEqual({ retinanet: { feature: 0.005, head: 0.02 }, gfl: { feature: 0.1, head: 0.05 }, fcos: { feature: 0.01, head: 0.05 }, fasterRcnn: { feature: 0.002, head: 0.1 } });
  });

  it("that mean the same training are equal, so that it is done once", () => {
    const same = (...places: readonly (readonly [string, string])[]) => { for (const place of places) expect(settingOf(...place), place.join(" ")).toStrictEqual(settingOf(...places[0])); };
    same(["sssd/table-1", "frcn-r50-sssd"], ["sssd/table-2", "frcn-r50-sssd"], ["sssd/lambda-sweep", "sssd-75"], ["sssd/stepwise", "sssd-75"]);
    same(["sssd/table-1", "frcn-r50-lgd"], ["sssd/table-2", "frcn-r50-lgd"], ["sssd/lambda-sweep", "lgd-1"], ["sssd/stepwise", "lgd-1"]);
    same(["frs/table-1", "retinanet-frs"], ["frs/table-2", "b-frs"], ["frs/table-3", "both"], ["shared-kd/table-1", "one-stage-frs"]);
    same(["frs/table-1", "retinanet-student"], ["frs/table-2", "a-student"], ["frs/table-2", "b-student"], ["frs/table-3", "student"], ["frs/regions", "student"], ["shared-kd/table-1", "one-stage-student"]);
    same(["frs/table-1", "fcos-frs"], ["shared-kd/table-1", "anchor-free-frs"]);
    same(["frs/table-2", "b-gid"], ["shared-kd/table-1", "one-stage-gid"]);
    same(["shared-kd/table-1", "two-stage-shared-kd"], ["shared-kd/ablation", "full"]);
    same(["shared-kd/table-1", "one-stage-shared-kd"], ["shared-kd/cost", "shared-kd"], ["shared-kd/weight", "w-2"]);
  });

  it("leave out what is the method's own anyway, lest one training have two names", () => {
    const defaults = [{ name: "lgd", lambda: [[0, 1]] }, { name: "sssd", lambda: [[0, 75]] }, { name: "sharedKd", options: { featureWeight: 2 } }];
    for (const [place, { method }] of settings) {
      for (const { name, ...rest } of defaults) if (method?.name === name) expect(method, place).not.toMatchObject(rest);
      if (method?.options) expect(Object.values(method.options).filter((value) => value !== undefined).length, place).toBeGreaterThan(0);
    }
  });

  it.skipIf(typed === undefined)("sweep and switch λ as SSSD's text says", () => {
    const { lambda_LGD, lambda_SSSD, stepwise, backbone_frozen_iters } = typed!.sssd.text_only as { lambda_LGD: number[]; lambda_SSSD: number[]; stepwise: { LGD: number[]; SSSD: number[]; switch_iteration: number }; backbone_frozen_iters: number };
    const swept = (name: "lgd" | "sssd") => itemOf("sssd/lambda-sweep").rows.flatMap(({ setting }) => (setting?.method?.name === name ? [setting.method.lambda?.[0][1] ?? { lgd: 1, sssd: 75 }[name]] : []));
    expect([swept("lgd"), swept("sssd")]).toEqual([lambda_LGD, lambda_SSSD]);
    for (const [row, [from, to]] of [["lgd-1-to-1-5", stepwise.LGD], ["sssd-75-to-80", stepwise.SSSD]] as const) {
      expect(settingOf("sssd/stepwise", row).method?.lambda).toEqual([[0, from], [stepwise.switch_iteration, to]]);
    }
    expect(settingOf("sssd/stepwise", "sssd-75").method).toMatchObject({ options: { distillFrom: backbone_frozen_iters } });
  });
});

describe("claims", () => {
  const all = items.flatMap((item) => item.claims.map((claim) => [`${item.id} ${claim.id}`, claim, item] as const));

  it("have ids of their own, a sentence and a place, and name rows and a metric of their item", () => {
    for (const { id, claims } of items) expect(new Set(claims.map((claim) => claim.id)).size, id).toBe(claims.length);
    for (const [place, claim, { rows, metrics }] of all) {
      expect([claim.text, claim.source].every((text) => text.length > 5), place).toBe(true);
      expect(metrics, place).toContain(claim.metric);
      const named = rowsIn(claim);
      expect(new Set(named).size, place).toBe(named.length);
      expect(rows.map(({ id }) => id), place).toEqual(expect.arrayContaining([...named]));
    }
  });

  it("are there for every item that trains", () => {
    expect(items.filter(({ rows, claims }) => rows.length > 0 && claims.length === 0)).toEqual([]);
  });

  it("agree with the numbers that the papers print, but for known contradictions, which a note tells", () => {
    const known: Readonly<Record<string, string>> = { "sssd/table-1 retinanet-r50-lgd": "For RetinaNet R-50 SSSD is below LGD (40.2 against 40.3)" };
    const against = all.filter(([, claim, item]) => holds(claim, item) === false);
    expect(against.map(([place]) => place)).toEqual(Object.keys(known));
    for (const [place, , { published }] of against) expect(published.flatMap(({ notes }) => notes).join("\n"), place).toContain(known[place]);
    const unknown = all.filter(([, claim, item]) => holds(claim, item) === undefined).map(([place]) => place);
    expect(unknown).toEqual(["sssd/lambda-sweep figure-2", "frs/regions entropy-tp", "frs/regions entropy-fp", "frs/teachers teachers", "frs/teachers students"]);
  });

  it("of SSSD's Table 2 are on medium or large objects where it prints a gain, and a note tells where it prints none", () => {
    const { claims, rows, published } = itemOf("sssd/table-2");
    const cell = (row: string, metric: Metric) => printed(rows.find(({ id }) => id === row)!, itemOf("sssd/table-2"), metric)![0];
    const settings = ["frcn-r50", "frcn-r101", "retinanet-r50", "fcos-r50", "fcos-r101"];
    const gains = settings.flatMap((id) => (["APm", "APl"] as const).filter((metric) => cell(`${id}-sssd`, metric) > cell(`${id}-lgd`, metric)).map((metric) => `${id}-sssd ${metric}`));
    const claimed = claims.flatMap(({ metric, test }) => (test.kind === "order" && ["APm", "APl"].includes(metric) ? [`${test.rows[0]} ${metric}`] : []));
    expect(claimed.sort()).toEqual(gains.sort());
    const without = settings.filter((id) => !gains.some((gain) => gain.startsWith(`${id}-sssd`)));
    expect(without).toEqual(["fcos-r50"]);
    expect(published[0].notes.join("\n")).toContain("FCOS R-50 has neither: 46.1 against 46.1 and 54.0 against 54.3");
  });
});

/** Metrics of which less is better. */
const costs: readonly Metric[] = ["hours", "memory"];

/** Whether the published cells say what a claim says; undefined where they are lost. */
function holds(claim: Claim, item: Item): boolean | undefined {
  const cell = (row: string) => printed(item.rows.find(({ id }) => id === row)!, item, claim.metric);
  const { test } = claim;
  if (test.kind === "within") {
    const [low, high] = cell(test.row) ?? [];
    return low === undefined ? undefined : low >= test.interval[0] && high! <= test.interval[1];
  }
  const results = pairsOf(test).map(([better, worse]) => compare(cell(better), cell(worse), { orEqual: test.kind === "atLeast", less: costs.includes(claim.metric) }));
  return results.includes(undefined) ? undefined : results.every(Boolean);
}

function pairsOf(test: Exclude<Claim["test"], { kind: "within" }>): (readonly [string, string])[] {
  if (test.kind === "atLeast") return [[test.better, test.worse]];
  if (test.kind === "best") return test.others.map((other) => [test.row, other] as const);
  const rows = test.kind === "trend" && test.direction === "rises" ? [...test.rows].reverse() : test.rows;
  return rows.slice(1).map((row, i) => [rows[i], row] as const);
}

type Span = readonly [number, number] | undefined;

function compare(better: Span, worse: Span, { orEqual, less }: { readonly orEqual: boolean; readonly less: boolean }): boolean | undefined {
  if (better === undefined || worse === undefined) return undefined;
  if (less) return better[1] < worse[0];
  return orEqual ? better[0] >= worse[1] : better[0] > worse[1];
}

function printed({ published }: ItemRow, item: Item, metric: Metric): Span {
  const spans = published.map(({ table, row }) => span(item.published.find(({ id }) => id === table)!.rows[row].cells[metric]));
  return spans.find((one) => one !== undefined);
}
