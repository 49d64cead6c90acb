import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Command } from "commander";
import { afterAll, afterEach, describe, expect, it, vi } from "vitest";
import { register } from "../../../cli/commands/train.ts";
import { experimentOf } from "../../../lib/papers/config.ts";
import type { Experiment } from "../../../lib/papers/experiment.ts";
import { tinyScenes } from "../../lib/train/tiny.ts";

const folder = mkdtempSync(join(tmpdir(), "potstill-cli-train-"));
afterAll(() => rmSync(folder, { recursive: true }));
afterEach(() => vi.restoreAllMocks());

const config = (content: unknown, name = "mine.json") => {
  const path = join(folder, name);
  writeFileSync(path, typeof content === "string" ? content : JSON.stringify(content));
  return path;
};

async function run(...args: string[]): Promise<{ out: string; err: string }> {
  const written = { out: "", err: "" };
  vi.spyOn(process.stdout, "write").mockImplementation((text) => ((written.out += String(text)), true));
  vi.spyOn(process.stderr, "write").mockImplementation((text) => ((written.err += String(text)), true));
  const program = new Command().exitOverride();
  register(program);
  program.commands.forEach((command) => command.exitOverride());
  await program.parseAsync(["train", ...args], { from: "user" });
  return written;
}

const dataset = tinyScenes(12);
const of = (content: unknown): Experiment => experimentOf(content, { dataset, name: "x" });

describe("potstill train", () => {
  it("trains what the file says and tells where it lies; the same command does it no second time", async () => {
    const path = config({ detector: { kind: "gfl", preset: "tiny", backbone: "tiny-4" }, data: { batchSize: 2 }, training: { iterations: 2 } });
    const runs = join(folder, "runs");
    const { out, err } = await run(path, "--runs", runs, "--every", "1");
    expect(err).toMatch(/2 iterations of 2 images.*\n1\/2 {2}loss .*class.*distribution.*images\/s\n2\/2/s);
    const result = readFileSync(join(out.trim(), "result.json"), "utf8");
    expect((await run(path, "--runs", runs)).out.trim()).toBe(out.trim());
    expect(readFileSync(join(out.trim(), "result.json"), "utf8")).toBe(result);
  });

  it("prints the whole experiment with --dry-run: the recipe where the file is silent", async () => {
    const { out } = await run(config({ detector: { kind: "fcos", preset: "mmdet" }, weights: "open-mmlab/detectron/resnet50_caffe" }), "--dry-run");
    expect(JSON.parse(out)).toMatchObject({ name: "mine", data: { batchSize: 16, dropEmpty: true, transforms: { resize: { short: 800, long: 1333 }, flip: 0.5 } }, training: { clipNorm: 35, biases: { learningRate: 2, weightDecay: 0 }, learningRate: { warmupKind: "constant" } } });
  });

  it("refuses a file that is no JSON", async () => {
    await expect(run(config("{", "broken.json"))).rejects.toThrow(/broken\.json cannot be read as JSON/);
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

  it.each<[unknown, RegExp]>([
    [[], /config must be a record/],
    [{ detector: "fcos", epochs: 3 }, /config has no entry "epochs"; allowed: name, detector/],
    [{ detector: "fcos", training: { lr: 1 } }, /training has no entry "lr"; allowed: iterations, learningRate/],
    [{ detector: "fcos", data: { transforms: { flip: 2 } } }, /flip is a probability/],
    [{ detector: "fcos", training: { iterations: 0.5 } }, /iterations is 0\.5/],
    [{ detector: "yolo" }, /no detector "yolo"/],
    [{ detector: 3 }, /detector must be one of/],
    [{ detector: "fcos", name: "../out" }, /name is "\.\.\/out"/],
    [{ detector: "fcos", method: { name: "frz" } }, /method\.name is "frz"; allowed: .*lgd.*sssd/],
    [{ detector: "fcos", method: { name: "sssd", options: { head: 2 }, lambda: [[0, 1]] } }, /method\.options of sssd has no entry "head"; allowed: heads, widths/],
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
