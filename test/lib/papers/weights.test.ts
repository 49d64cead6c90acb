import { createHash } from "node:crypto";
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as tf from "@tensorflow/tfjs-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { loadBackend } from "../../../lib/backend/load.ts";
import { saveWeights } from "../../../lib/detector/weights/save.ts";
import { findCheckpoint } from "../../../lib/detector/weights/catalogue.ts";
import { checkpointPath } from "../../../lib/detector/weights/fetch.ts";
import { buildTraining, experimentSteps, runPlace } from "../../../lib/papers/build.ts";
import { buildDetector } from "../../../lib/papers/detectors.ts";
import type { weightsIdentity } from "../../../lib/papers/weights.ts";
import { startFrom } from "../../../lib/papers/weights.ts";
import { tinyExperiment, tinyScenes } from "../train/tiny.ts";

const folder = mkdtempSync(join(tmpdir(), "potstill-start-"));
afterAll(() => { rmSync(folder, { recursive: true }); });

const dataset = tinyScenes(4);
const file = join(folder, "donor.safetensors");
const donor = { kind: "fcos", preset: "tiny", backbone: "tiny-4" } as const;
const experiment = (weights: Parameters<typeof weightsIdentity>[0]) => tinyExperiment(1, { method: undefined, weights });

let stem: Float32Array;

beforeAll(async () => {
  await loadBackend();
  const detector = buildDetector(donor, { classes: 3, seed: 77 });
  saveWeights(detector, file);
  stem = detector.parameters().find(({ group }) => group === "backbone")!.variable.dataSync<"float32">().slice();
  detector.dispose();
});

const sha256 = () => createHash("sha256").update(readFileSync(file)).digest("hex");

describe("an experiment's weights", () => {
  it("start its backbone from a file, and the run directory tells name and hash", async () => {
    const built = await buildTraining(experiment(file), { dataset, seed: 1 });
    const first = [...built.training.state().values()].find(({ shape }) => shape.length === 4)!;
    expect(first.dataSync()).toEqual(stem);
    built.dispose();
    const runs = join(folder, "runs");
    const { folder: place } = await runPlace(experiment(file), { dataset, seed: 1, runs });
    for await (const _ of experimentSteps(experiment(file), { dataset, seed: 1, runs }));
    const text = readFileSync(join(place, "config.json"), "utf8");
    expect(JSON.parse(text)).toMatchObject({ config: { weights: { sha256: sha256() } }, started: { weights: { name: "donor.safetensors", sha256: sha256(), part: "backbone" } } });
    expect(text).not.toContain(folder);
  });

  it("name a run by what the file holds, wherever it lies", async () => {
    const elsewhere = join(folder, "elsewhere.safetensors");
    cpSync(file, elsewhere);
    const place = async (weights?: string) => (await runPlace(tinyExperiment(1, weights === undefined ? {} : { weights }), { dataset, seed: 1 })).identity;
    expect(await place(elsewhere)).toBe(await place(file));
    expect(await place()).not.toBe(await place(file));
  });

  it("are refused with what to do when the file is not there and cannot be fetched", async () => {
    const before = tf.memory().numTensors;
    const cache = join(folder, "cache");
    const options = { dataset, seed: 1, weights: { folder: cache, mirror: `file://${join(folder, "nowhere")}` } };
    const alone = buildTraining(experiment("detectron2/MSRA/R-50"), options);
    await expect(alone).rejects.toThrow(/the weights "detectron2\/MSRA\/R-50" are not in .*cannot be fetched: .*potstill weights fetch detectron2\/MSRA\/R-50\), and copy the file to .*R-50\.pkl/);
    await expect(buildTraining(experiment(join(folder, "none.pth")), options)).rejects.toThrow(/there is no file .*none\.pth\. Name a file/);
    await expect(buildTraining(experiment("detectron2/MSRA/R-51"), options)).rejects.toThrow(/no checkpoint is named "detectron2\/MSRA\/R-51"; similar: .*detectron2\/MSRA\/R-50/);
    expect(tf.memory().numTensors).toBe(before);
  });

  it("come from the mirror and must fit the network; what was built is given back", async () => {
    const checkpoint = findCheckpoint("detectron2/MSRA/R-50"), mirror = join(folder, "mirror"), cache = join(folder, "cache2");
    mkdirSync(mirror);
    cpSync(file, join(mirror, "R-50.pkl")); // read by what it holds, not by its name
    const before = tf.memory().numTensors;
    const tried = buildTraining({ ...experiment("detectron2/MSRA/R-50"), data: { batchSize: 2, transforms: { normalise: "caffe" } } }, { dataset, seed: 1, weights: { folder: cache, mirror: `file://${mirror}` } });
    const built = await tried;
    expect(built.started).toMatchObject({ weights: { name: "detectron2/MSRA/R-50", sha256: sha256() } });
    built.dispose();
    expect(existsSync(checkpointPath(checkpoint, cache))).toBe(true);
    const large = { ...experiment(file), detector: { preset: "tiny", backbone: "tiny-8" } as const };
    await expect(buildTraining(large, { dataset, seed: 1 })).rejects.toThrow(/do not fit the detector/);
    expect(tf.memory().numTensors).toBe(before);
  });

  it("are for pixels prepared as theirs were", () => {
    const detector = buildDetector(donor, { classes: 3, seed: 1 });
    const found = { name: "detectron2/MSRA/R-50", path: file, sha256: "", checkpoint: findCheckpoint("detectron2/MSRA/R-50") };
    expect(() => startFrom(detector, found.name, { found, transforms: {} })).toThrow(/trained on BGR pixels.*prepared as RGB.*"order":"bgr"/);
    expect(startFrom(detector, found.name, { found, transforms: { normalise: "caffe" } }).parameters).toBeGreaterThan(5);
    expect(startFrom(detector, { from: file, part: "detector" }, { found: { name: "donor", path: file, sha256: "" }, transforms: {} }).parameters).toBe(detector.parameters().length);
    expect(() => startFrom(detector, { from: file, part: "head" as never }, { found, transforms: {} })).toThrow(/weights\.part is "head"/);
    detector.dispose();
  });
});
