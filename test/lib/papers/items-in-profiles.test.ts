import { isDeepStrictEqual } from "node:util";
import { describe, expect, it } from "vitest";
import { syntheticScenes } from "../../../lib/data/synthetic.ts";
import type { Setting } from "../../../lib/papers/item.ts";
import { items } from "../../../lib/papers/items/index.ts";
import { judge } from "../../../lib/papers/judge.ts";
import { experimentFor, missing } from "../../../lib/papers/scale/index.ts";
import { profiles } from "../../../lib/papers/sssd.ts";

const train = syntheticScenes({ images: 4, size: 64, seed: 5 });
const rows = items.flatMap((item) => item.rows.map((row) => ({ place: `${item.id} ${row.id}`, ...row })));
const trained = rows.flatMap(({ place, setting }) => (setting ? [{ place, setting }] : []));

/** Each setting once, as comparing deeply tells them apart. */
function distinct(settings: readonly Setting[]): Setting[] {
  return settings.filter((setting, i) => settings.findIndex((other) => isDeepStrictEqual(other, setting)) === i);
}

/** In a small profile teachers are trained equally long, whatever the paper's schedule was, and all images have one size. */
function here(setting: Setting, profile: string): Setting {
  if (profile === "paper") return setting;
  const teaches = setting.code === "mmdet" && setting.method === undefined && setting.backbone !== "resnet-50";
  return { ...setting, ...((teaches || setting.schedule === "2x-ms") && { schedule: "2x" }), ...(setting.teacher && { teacher: here(setting.teacher, profile) }) };
}

describe("items in profiles", () => {
  it.each(profiles)("make an experiment of every row (%s), and as many as there are settings", (profile) => {
    const experiments = new Set<string>();
    for (const { place, setting } of trained) {
      let experiment: unknown;
      expect(() => { experiment = experimentFor(setting, { profile, train }); }, place).not.toThrow();
      experiments.add(JSON.stringify(experiment));
    }
    const oneForTwo = profile === "paper" ? 0 : 1; // tiny-24 stands for ResNet-101 and for RegNetX-3.2GF where they teach
    expect(experiments.size).toBe(distinct(trained.map(({ setting }) => here(setting, profile))).length - oneForTwo);
    expect(experiments.size).toBeLessThan(trained.length);
  });

  it("find every weight of the paper profile in the catalogue", () => {
    expect(trained.filter(({ setting }) => missing(setting).length > 0).map(({ place }) => place)).toEqual([]);
  });

  it.each(items)("are judged without a run: $id has a verdict for every row and claim", (item) => {
    const { rows, claims } = judge(item, "paper", []);
    expect(rows.map(({ row }) => row.id)).toEqual(item.rows.map(({ id }) => id));
    expect(claims.map(({ claim }) => claim.id)).toEqual(item.claims.map(({ id }) => id));
    for (const { verdict, why } of [...rows, ...claims]) expect([verdict, why.length > 0]).toEqual(["not run", true]);
  });
});
