import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as tf from "@tensorflow/tfjs-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { loadBackend } from "../../../lib/backend/load.ts";
import { syntheticScenes } from "../../../lib/data/synthetic.ts";
import type { Experiment } from "../../../lib/papers/experiment.ts";
import { itemsOf } from "../../../lib/papers/items/index.ts";
import { experimentFor } from "../../../lib/papers/scale/index.ts";
import { representatives } from "./settings.ts";
import { short, train as trainAll } from "./short.ts";

const scenes = { small: syntheticScenes({ images: 8, size: 64, seed: 5 }), large: syntheticScenes({ images: 8, size: { width: 192, height: 160 }, seed: 5 }) };

/** Every different training of every row, by name. */
function trainings(profile: "smoke" | "mini", size: keyof typeof scenes): [string, Experiment][] {
  const settings = [...Object.values(representatives), ...itemsOf().flatMap(({ rows }) => rows.flatMap(({ setting }) => (setting ? [setting] : [])))];
  const experiments = settings.map((setting) => experimentFor(setting, { profile, train: scenes[size] }));
  return [...new Map(experiments.map((experiment) => [JSON.stringify(experiment), [experiment.name, experiment] as [string, Experiment]])).values()];
}

describe.each([["smoke", "small"], ["mini", "large"]] as const)("every training of the %s profile on %s scenes", (profile, size) => {
  let runs: string;
  beforeAll(async () => {
    await loadBackend();
    runs = mkdtempSync(join(tmpdir(), "scale-"));
  });
  afterAll(() => { rmSync(runs, { recursive: true, force: true }); });

  it.each(trainings(profile, size))("takes two steps: %s", async (_name, experiment) => {
    const before = tf.memory().numTensors;
    const steps = await trainAll(short(experiment), { dataset: scenes[size], seed: 1, runs });
    expect(steps).toHaveLength(2);
    expect(steps.every(({ total, gradientNorm }) => Number.isFinite(total) && gradientNorm > 0)).toBe(true);
    expect(tf.memory().numTensors).toBe(before);
  });
});
