import { mkdtempSync, readdirSync, rmSync, writeFileSync, mkdirSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as tf from "@tensorflow/tfjs-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { loadBackend } from "../../../../lib/backend/load.ts";
import { syntheticScenes } from "../../../../lib/data/synthetic.ts";
import { saveWeights } from "../../../../lib/detector/weights/save.ts";
import { buildDetector } from "../../../../lib/papers/detectors.ts";
import { trainedLooks } from "../../../../lib/report/site/index.ts";

const runs = mkdtempSync(join(tmpdir(), "potstill-looks-"));
afterAll(() => { rmSync(runs, { recursive: true }); });

const validation = syntheticScenes({ images: 9, size: 64, seed: 3 });
/** It has learnt nothing, so that its scores are near its prior. */
const spec = { kind: "retinanet", preset: "tiny", decode: { scoreThreshold: 0.001 } } as const;

/** A run's folder as a training leaves it, with a detector that has learnt nothing. */
function writeRun(name: string): void {
  const detector = buildDetector(spec, { classes: validation.categories.length, seed: 1 });
  mkdirSync(join(runs, name));
  writeFileSync(join(runs, name, "config.json"), JSON.stringify({ config: { detector: spec, data: { transforms: { padTo: 32, normalise: "simple" }, classes: validation.categories.map((category) => category.name) } } }));
  saveWeights(detector, join(runs, name, "weights.safetensors"));
  detector.dispose();
}

describe("what trained detectors see", () => {
  beforeAll(async () => {
    await loadBackend();
    writeRun("a");
  });

  it("is the same from the detector and from what was kept of it, on images spread over the data, and leaves no tensor", async () => {
    const before = tf.memory().numTensors;
    const first = (await trainedLooks({ runs, validation })("a"))!;
    expect(tf.memory().numTensors).toBe(before);
    expect(first.map(({ name }) => name)).toEqual([1, 4, 7].map((i) => validation.images[i].fileName));
    rmSync(join(runs, "a", "weights.safetensors"));
    writeFileSync(join(runs, "a", "weights.safetensors"), "no weights any more: they are not asked for");
    const again = (await trainedLooks({ runs, validation })("a"))!;
    expect(again.map(({ detections, detector, name, photo }) => ({ detections, detector, name, photo }))).toEqual(first.map(({ detections, detector, name, photo }) => ({ detections, detector, name, photo })));
    expect(first[0].detections.scores.length).toBeGreaterThan(0);
  });

  it("is looked at anew where images or data are others, or the file is broken", async () => {
    writeRun("b");
    await trainedLooks({ runs, validation, images: 2 })("b");
    await trainedLooks({ runs, validation, images: 1 })("b");
    const kept = readdirSync(join(runs, "b")).filter((name) => name.startsWith("detections-"));
    expect(kept).toHaveLength(2);
    for (const name of kept) writeFileSync(join(runs, "b", name), "{");
    expect((await trainedLooks({ runs, validation, images: 1 })("b"))!).toHaveLength(1);
  });

  it("is nothing where a run left no weights", async () => {
    expect(await trainedLooks({ runs, validation })("c")).toBeUndefined();
  });
});
