import { createHash } from "node:crypto";
import { readFileSync, readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { cardMetadata, modelCard, type CardScore } from "../../../lib/provenance/card.ts";
import { checkCardMetadata } from "../../../lib/provenance/card-schema.ts";
import { exportModel } from "../../../lib/provenance/export.ts";
import { findLeaks, thisMachine } from "../../../lib/provenance/leaks.ts";
import { runFacts } from "../../../lib/provenance/run-facts.ts";
import { runFiles, runFolder, temporary, write } from "./folders.ts";

const folder = temporary();
const weights = { file: "weights.safetensors", bytes: 10, sha256: "c".repeat(64) };
const score: CardScore = { of: "boxes", data: { name: "bccd/instances_val.json", hash: "d".repeat(64), images: 87 }, points: { AP: 41.25, AP50: 70.5 } };
const machine = thisMachine({});

describe("a model card", () => {
  it("says what was trained on what, its scores with their units, limits, terms and hash, in words and as the hub's model-index", async () => {
    const text = modelCard(await runFacts(await runFolder(join(folder, "run"))), { weights, scores: [score], machine });
    expect(cardMetadata(text)).toEqual({
      license: "unknown", library_name: "potstill", pipeline_tag: "object-detection", tags: ["object-detection", "retinanet", "tiny-4", "sssd", "knowledge-distillation"],
      "model-index": [{
        name: "test/tiny",
        results: [{
          task: { type: "object-detection", name: "Object detection" },
          dataset: { type: "bccd-instances-val-json", name: "bccd/instances_val.json", revision: "d".repeat(64), args: { images: 87 } },
          metrics: [{ type: "ap", name: "AP, mean over IoU 0.50 to 0.95, boxes, points of 100", value: 41.25, verified: false }, { type: "ap50", name: "AP at IoU 0.50, boxes, points of 100", value: 70.5, verified: false }],
        }],
      }],
    });
    for (const told of [/^# test\/tiny$/m, /synthetic train \(12 × 64×64, seed 5\) \(SHA-256 a{64}\)/, /14 iterations of 2 images, seed 3/, /Method: sssd/, /Started from: detectron2\/MSRA\/R-50 \(SHA-256 b{64}\)/, /on: a processor \(cpu\), tensorflow 2\.21\.0/, /\| bccd\/instances_val\.json \(87 images\) \| boxes \| AP, mean over IoU 0\.50 to 0\.95 \| 41\.3 \|/, /trained on drawn scenes: it proves a pipeline/, /scored on few images/, /Potstill's code is licensed under Apache-2\.0\. The terms of these weights are not stated/, /10 bytes, SHA-256 `c{64}`/]) expect(text).toMatch(told);
  });

  it("has no scores where none are known, and the terms that its owner names", async () => {
    const facts = await runFacts(await runFolder(join(folder, "bare"), { "config.json": "{}", "result.json": runFiles["result.json"] }));
    const text = modelCard(facts, { weights, machine, licence: { name: "CC BY 4.0", url: "https://creativecommons.org/licenses/by/4.0/" } });
    expect(cardMetadata(text)).toMatchObject({ license: "other", license_name: "CC BY 4.0", license_link: "https://creativecommons.org/licenses/by/4.0/", "model-index": [{ name: "detector", results: [] }] });
    expect(text).toContain("None of the scores of these weights are recorded");
    expect(cardMetadata(modelCard(facts, { weights, machine, licence: { name: "CC-BY-4.0" } })).license).toBe("cc-by-4.0");
  });

  it.each<[string, unknown, RegExp]>([
    ["no licence", { library_name: "potstill" }, /must have required property 'license'/],
    ["AP as a share of one text", { license: "mit", library_name: "potstill", pipeline_tag: "object-detection", tags: ["a"], "model-index": [{ name: "a", results: [{ task: { type: "object-detection", name: "x" }, dataset: { type: "a", name: "a", revision: "d".repeat(64), args: { images: 1 } }, metrics: [{ type: "ap", name: "AP", value: "0.4", verified: false }] }] }] }, /\/model-index\/0\/results\/0\/metrics\/0\/value must be number/],
    ["another licence without a name", { license: "other", library_name: "potstill", pipeline_tag: "object-detection", tags: ["a"], "model-index": [{ name: "a", results: [] }] }, /license_name/],
  ])("refuses metadata with %s", (_, metadata, message) => {
    expect(() => checkCardMetadata(metadata)).toThrow(message);
  });

  it("is looked for between two lines of ---", () => {
    expect(() => cardMetadata("# a model")).toThrow(/has no metadata/);
  });
});

describe("exportModel", () => {
  it("writes weights, card and configuration, with the scores that the run has and those that were just made", async () => {
    const stored = { format: 1, of: "boxes", data: { name: "old", hash: "e".repeat(64), images: 5 }, points: { AP: 10 } };
    const again = { ...stored, points: { AP: 11 } };
    const run = await runFolder(join(folder, "trained"), { ...runFiles, "score-0123456789abcdef.json": JSON.stringify(stored), "score-fedcba9876543210.json": JSON.stringify({ ...stored, data: score.data, points: { AP: 1 } }) });
    const out = join(folder, "out", "model");
    expect(await exportModel(run, out, { scores: [{ ...again, of: "boxes" }] })).toEqual(["weights.safetensors", "config.json", "README.md"].map((name) => join(out, name)));
    expect(readdirSync(out).sort()).toEqual(["README.md", "config.json", "weights.safetensors"]);
    expect(readFileSync(join(out, "weights.safetensors"), "utf8")).toBe(runFiles["weights.safetensors"]);
    const card = readFileSync(join(out, "README.md"), "utf8");
    expect(card).toContain(createHash("sha256").update(runFiles["weights.safetensors"]).digest("hex"));
    expect(cardMetadata(card)["model-index"][0].results.map(({ dataset, metrics }) => [dataset.name, metrics[0].value])).toEqual([["old", 11], ["bccd/instances_val.json", 1]]);
    for (const name of ["README.md", "config.json"]) expect(findLeaks(readFileSync(join(out, name), "utf8"))).toEqual([]);
    await exportModel(run, out);
  });

  it("refuses an unfinished run, one without weights, and a folder with other weights", async () => {
    const { "result.json": result, ...unfinished } = runFiles;
    const half = await runFolder(join(folder, "half"), unfinished);
    await expect(exportModel(half, join(folder, "x"))).rejects.toThrow(/half is no finished run/);
    write(half, { "result.json": result });
    rmSync(join(half, "weights.safetensors"));
    await expect(exportModel(half, join(folder, "x"))).rejects.toThrow(/kept no weights/);
    write(half, { "weights.safetensors": "mine" });
    write(join(folder, "taken"), { "weights.safetensors": "theirs" });
    await expect(exportModel(half, join(folder, "taken"))).rejects.toThrow(/holds other weights/);
    expect(readFileSync(join(folder, "taken", "weights.safetensors"), "utf8")).toBe("theirs");
  });
});
