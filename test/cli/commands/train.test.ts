import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Command } from "commander";
import { afterAll, afterEach, describe, expect, it, vi } from "vitest";
import { register as detect } from "../../../cli/commands/detect.ts";
import { register as evaluate } from "../../../cli/commands/evaluate.ts";
import { register } from "../../../cli/commands/train.ts";
import { register as weights } from "../../../cli/commands/weights.ts";
import { writeSyntheticFolder } from "../../../data-scripts/synthetic.ts";
import { gfl } from "../../../lib/detector/gfl.ts";
import { loadWeights } from "../../../lib/detector/weights/load.ts";
import { experimentOf } from "../../../lib/papers/config.ts";
import type { Experiment } from "../../../lib/papers/experiment.ts";
import { cardMetadata } from "../../../lib/provenance/card.ts";
import { tinyScenes } from "../../lib/train/tiny.ts";

const folder = mkdtempSync(join(tmpdir(), "potstill-cli-train-"));
afterAll(() => rmSync(folder, { recursive: true }));
afterEach(() => vi.restoreAllMocks());

const config = (content: unknown, name = "mine.json") => {
  const path = join(folder, name);
  writeFileSync(path, typeof content === "string" ? content : JSON.stringify(content));
  return path;
};

const run = (...args: string[]) => command(register, "train", ...args);

async function command(add: (program: Command) => void, ...args: string[]): Promise<{ out: string; err: string }> {
  const written = { out: "", err: "" };
  vi.spyOn(process.stdout, "write").mockImplementation((text) => ((written.out += String(text)), true));
  vi.spyOn(process.stderr, "write").mockImplementation((text) => ((written.err += String(text)), true));
  const program = new Command().exitOverride();
  add(program);
  program.commands.forEach((command) => command.exitOverride());
  await program.parseAsync(args, { from: "user" });
  return written;
}

const dataset = tinyScenes(12);
const of = (content: unknown): Experiment => experimentOf(content, { dataset, name: "x" });

describe("potstill train", () => {
  it("trains what the file says and tells where it lies; the same command does it no second time", async () => {
    const path = config({ detector: { kind: "gfl", preset: "tiny", backbone: "tiny-4" }, data: { batchSize: 2 }, training: { iterations: 2 } });
    const runs = join(folder, "runs");
    const { out, err } = await run(path, "--runs", runs, "--every", "1");
    expect(err).toMatch(/2 iterations of 2 images.*\niteration 1 of 2 runs: 2 images, as 96 × 96 pixels.*\n1\/2 {2}loss .*class.*distribution.*images\/s {2}\d+ s left\n2\/2.*images\/s\nnext: npx potstill detect \S+ --data synthetic/s);
    const result = readFileSync(join(out.trim(), "result.json"), "utf8");
    const again = await run(path, "--runs", runs);
    expect(again.out.trim()).toBe(out.trim());
    expect(again.err).toMatch(/already finished, 2 iterations/);
    expect(again.err).not.toContain("loss");
    expect(readFileSync(join(out.trim(), "result.json"), "utf8")).toBe(result);
    const detector = gfl({ preset: "tiny", backbone: "tiny-4", classes: 6, seed: 9 });
    expect(loadWeights(detector, join(out.trim(), "weights.safetensors")).kept).toEqual([]);
    expect(() => loadWeights(detector, join(out.trim(), "checkpoint", "state.safetensors"))).toThrow(/state of a training.*load weights\.safetensors/);
    detector.dispose();
  });

  it("goes on to detections and their AP, the same as --validate tells", async () => {
    const path = config({ detector: { preset: "tiny", backbone: "tiny-4" }, data: { batchSize: 4 }, training: { iterations: 2 } }, "flow.json");
    const [runs, data, results] = ["runs", "data", "results.json"].map((name) => join(folder, name));
    await writeSyntheticFolder(data, { images: 12, validation: 6, size: { width: 64, height: 64 }, seed: 1, classes: 3, empty: 0 });
    const { out, err } = await run(path, "--runs", runs, "--data", data, "--validate", data);
    const summary = /scoring on 6 images.*\n([\s\S]*?)\nnext: /.exec(err)![1];
    const commands = await command(detect, "detect", out.trim(), "--data", data, "--out", results);
    expect(commands.out).toMatch(/results\.json: \d+ detections on 6 images/);
    const [, file] = /next: npx potstill evaluate \S+ --annotations (\S+)/.exec(commands.err)!;
    expect((await command(evaluate, "evaluate", results, "--annotations", file)).out.trim()).toBe(summary.trim());
    const ground = join(folder, "ground.json");
    await command(detect, "detect", out.trim(), "--data", data, "--out", results, "--images", "3", "--annotations", ground);
    expect((JSON.parse(readFileSync(ground, "utf8")) as { images: unknown[] }).images).toHaveLength(3);
    await expect(command(detect, "detect", path, "--data", data, "--out", results)).rejects.toThrow(/names no weights for the whole detector/);
    await expect(command(detect, "detect", out.trim(), "--out", results)).rejects.toThrow(/trained on 3 classes .* has 6/);
    await command(detect, "detect", path, "--weights", join(out.trim(), "weights.safetensors"), "--data", data, "--out", join(folder, "same.json"), "--images", "3");
    expect(readFileSync(join(folder, "same.json"), "utf8")).toBe(readFileSync(results, "utf8"));
    const model = join(folder, "model");
    expect((await command(weights, "weights", "export", out.trim(), model, "--data", data, "--license", "CC0-1.0")).out).toContain(join(model, "README.md"));
    const card = cardMetadata(readFileSync(join(model, "README.md"), "utf8"));
    expect(card.license).toBe("cc0-1.0");
    expect(card["model-index"][0].results[0].metrics[0].value / 100).toBeCloseTo(Number(/maxDets=100 \] = (\S+)/.exec(summary)![1]), 3);
    await command(detect, "detect", model, "--data", data, "--out", join(folder, "exported.json"), "--images", "3");
    expect(readFileSync(join(folder, "exported.json"), "utf8")).toBe(readFileSync(results, "utf8"));
  });

  it.each([["maskRcnn", true], ["fcos", false]] as const)("points from the detections of %s to the evaluation that they are for, or says that there are none", async (kind, masks) => {
    const path = config({ detector: { kind, preset: "tiny", backbone: "tiny-4" }, data: { batchSize: 1 }, training: { iterations: 1 } }, `${kind}.json`);
    const { out } = await run(path, "--runs", join(folder, "runs"));
    const results = join(folder, `${kind}-results.json`);
    const seen = await command(detect, "detect", out.trim(), "--out", results, "--images", "2", "--annotations", join(folder, "gt.json"));
    const count = Number(/(\d+) detections on 2 images/.exec(seen.out)![1]);
    expect(/next: npx potstill evaluate .* --type segm \(masks; boxes without --type\)/.test(seen.err)).toBe(masks && count > 0);
    expect(/sees nothing on these images: .*too short or diverged/.test(seen.err)).toBe(count === 0);
    expect(count > 0).toBe(masks); // an FCOS that has learnt nothing is sure of nothing
  });

  it("prints the whole experiment with --dry-run: the recipe where the file is silent", async () => {
    const { out } = await run(config({ detector: { kind: "fcos", preset: "mmdet" }, weights: "open-mmlab/detectron/resnet50_caffe" }), "--dry-run");
    expect(JSON.parse((await run(config({ detector: "fcos" }), "--dry-run")).out)).toMatchObject({ detector: { kind: "fcos", preset: "tiny" } });
    expect(JSON.parse(out)).toMatchObject({ name: "mine", data: { batchSize: 16, dropEmpty: true, transforms: { resize: { short: 800, long: 1333 }, flip: 0.5 } }, training: { clipNorm: 35, biases: { learningRate: 2, weightDecay: 0 }, learningRate: { warmupKind: "constant" } } });
  });

  it("refuses a file that is no JSON", async () => {
    await expect(run(config("{", "broken.json"))).rejects.toThrow(/broken\.json cannot be read as JSON/);
    await expect(run(join(folder, "none.json"))).rejects.toThrow(/^there is no file .*none\.json; name a training's JSON file/);
    await expect(run(folder)).rejects.toThrow(/ is a folder; name a training's JSON file/);
  });
});

describe("experimentOf", () => {
  it("puts what is given over the recipe", () => {
    const { training } = of({ detector: { preset: "detectron2-lgd" }, training: { clipNorm: 10, learningRate: { base: 0.5 }, iterations: 180 } });
    expect(training).toMatchObject({ clipNorm: 10, iterations: 180, learningRate: { base: 0.5, drops: [120, 160], warmup: 1 } });
    expect(training).not.toHaveProperty("clipValue");
    expect(of({ detector: "maskRcnn" }).detector).toEqual({ kind: "maskRcnn" });
  });

  it("leaves the recipe's momentum and decay to the recipe's optimiser", () => {
    const { training } = of({ detector: { preset: "mmdet" }, training: { optimiser: "adamw", betas: [0.8, 0.9], learningRate: { base: 1e-4 } } });
    expect(training).toMatchObject({ optimiser: "adamw", betas: [0.8, 0.9] });
    expect(training).not.toHaveProperty("momentum");
    expect(training).not.toHaveProperty("weightDecay");
    expect(of({ detector: { preset: "torchvision-v2" }, training: { betas: [0.8, 0.9] } }).training).toMatchObject({ optimiser: "adamw", weightDecay: 0.05 });
  });

  it("sends who has no masks to a detector that needs none", () => {
    const boxes = { ...dataset, annotations: (index: number) => dataset.annotations(index).map(({ segmentation: _, ...annotation }) => annotation) };
    expect(() => experimentOf({ detector: "maskRcnn" }, { dataset: boxes, name: "x" })).toThrow(/has none, boxes alone: use the detector "fasterRcnn"/);
    expect(() => experimentOf({ detector: { kind: "cascadeRcnn", preset: "mmdet-mask" } }, { dataset: boxes, name: "x" })).toThrow(/set "masks": false/);
    expect(experimentOf({ detector: "fasterRcnn" }, { dataset: boxes, name: "x" }).name).toBe("x");
  });

  it.each<[unknown, RegExp]>([
    [[], /config must be a record/],
    [{ detector: "fcos", epochs: 3 }, /config has no entry "epochs"; allowed: name, detector/],
    [{ detector: "fcos", training: { lr: 1 } }, /training has no entry "lr"; allowed: iterations, learningRate/],
    [{ detector: "fcos", data: { transforms: { flip: 2 } } }, /flip is a probability/],
    [{ detector: "fcos", training: { iterations: 0.5 } }, /iterations is 0\.5/],
    [{ detector: "yolo" }, /no detector "yolo"; allowed/],
    [{ detector: "Faster R-CNN" }, /no detector "Faster R-CNN", it is written "fasterRcnn"/],
    [{ detector: { kind: "fasterRcnn", preset: "x" } }, /preset "x" of fasterRcnn is unknown/],
    [{ detector: 3 }, /detector must be one of/],
    [{ detector: "fcos", name: "../out" }, /name is "\.\.\/out"/],
    [{ detector: "fcos", method: { name: "frz" } }, /method\.name is "frz"; allowed: .*lgd.*sssd/],
    [{ detector: "fcos", method: { name: "sssd", options: { head: 2 }, lambda: [[0, 1]] } }, /method\.options of sssd has no entry "head"; allowed: heads, widths/],
    [{ detector: "fcos", method: { name: "labelEnc" } }, /method\.options\.step of labelEnc is left out; it must be 1 .* or 2/],
    [{ detector: "fcos", method: { name: "labelEnc", options: { step: "2" } } }, /method\.options\.step of labelEnc is "2"; it must be 1/],
    [{ detector: "fcos", method: { name: "labelEnc", options: { step: 2 } } }, /"step": 2 learns from the encoder .*"encoder": \{"run":/],
    [{ detector: "fcos", method: { name: "sssd", ramp: 10 } }, /method\.lambda must be said where method\.ramp/],
    [{ detector: "fcos", method: { name: "sssd", lambda: [[5, 1]] } }, /ascending starts from 0/],
    [{ detector: "fcos", method: { name: "sssd", lambda: 5 } }, /method\.lambda is 5; it must be a list/],
    [{ detector: "fcos", training: { optimiser: "adamw", momentum: 0.5 } }, /training\.momentum: adamw has no such setting/],
    [{ detector: "fcos", training: { betas: [0.5, 0.5], epsilon: 1 } }, /training\.betas, training\.epsilon: sgd has no such setting/],
    [{ detector: "fcos", training: { optimiser: "adam" } }, /training\.optimiser is "adam"; it must be "sgd" or "adamw"/],
    [{ detector: "fcos", data: { masks: "bitmap" } }, /FCOS learns from no masks/],
    [{ detector: "maskRcnn", data: { masks: "bitmaps" } }, /data\.masks is "bitmaps"/],
    [{ detector: "fcos", data: { dropEmpty: "no" } }, /data\.dropEmpty is "no"/],
    [{ detector: "fcos", weights: {} }, /weights\.from is left out/],
    [{ detector: "fcos", weights: { from: "x", optional: "head" } }, /weights\.optional is "head"; it must be a list/],
    [{ detector: "fcos", weights: { form: "x" } }, /weights has no entry "form"/],
  ])("refuses %j", (content, message) => {
    expect(() => of(content)).toThrow(message);
  });
});
