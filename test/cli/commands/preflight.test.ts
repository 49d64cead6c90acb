import { mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as tf from "@tensorflow/tfjs-core";
import { Command } from "commander";
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from "vitest";
import { register } from "../../../cli/commands/preflight.ts";
import { loadBackend } from "../../../lib/backend/load.ts";
import { saveWeights } from "../../../lib/detector/weights/save.ts";
import { buildDetector } from "../../../lib/papers/detectors.ts";
import { learningRateRule, preflight, type Preflight } from "../../../lib/papers/preflight.ts";
import { tinyExperiment, tinyScenes } from "../../lib/train/tiny.ts";

const folder = mkdtempSync(join(tmpdir(), "potstill-preflight-"));
const file = join(folder, "teacher.safetensors");
const detector = { kind: "fcos", preset: "tiny", channels: 8, backbone: "tiny-4" } as const;
const dataset = tinyScenes(4);

beforeAll(async () => {
  await loadBackend();
  for (const [path, classes] of [[file, 6], [join(folder, "small.safetensors"), dataset.categories.length]] as const) {
    const teacher = buildDetector(detector, { classes, seed: 77 });
    saveWeights(teacher, path);
    teacher.dispose();
  }
});
afterAll(() => { rmSync(folder, { recursive: true }); });
afterEach(() => { vi.restoreAllMocks(); process.exitCode = undefined; });

async function run(content: object, ...args: string[]): Promise<{ out: string; code: typeof process.exitCode }> {
  const path = join(folder, "mine.json");
  writeFileSync(path, JSON.stringify(content));
  let out = "";
  vi.spyOn(process.stdout, "write").mockImplementation((text) => ((out += String(text)), true));
  const program = new Command().exitOverride();
  register(program);
  await program.parseAsync(["preflight", path, ...args], { from: "user" });
  const code = process.exitCode;
  process.exitCode = undefined;
  return { out, code };
}

const config = { detector, teacher: { detector, weights: file }, method: { name: "fitNets" }, data: { batchSize: 2 }, training: { iterations: 20, learningRate: { base: 0.001 } } };

describe("potstill preflight", () => {
  it("prints rule, groups, the teacher's AP and shares, refuses a random backbone by exit code, and writes nothing", async () => {
    const before = tf.memory().numTensors, there = readdirSync(folder).length;
    const { out, code } = await run(config, "--iterations", "2", "--images", "3");
    expect(code).toBe(1);
    expect(out).toMatch(/passed +randomTeacher\n/);
    expect(out).toMatch(/refused +randomBackbone\n.*ImageNet.*"allow": \["randomBackbone"\]/);
    expect(out).toMatch(/learning rate {2}0\.001, .*20 iterations; SGD/);
    expect(out).toMatch(/group {10}backbone: \d+ parameters, \d+ values, \d+ trained/);
    expect(out).toMatch(/teacher {8}.*AP (?:-1\.000|0\.\d{3}), AP50 (?:-1\.000|0\.\d{3}) on 3 images\n.*WARNING: it has next to nothing to teach/);
    expect(out).toMatch(/passed +movingTeacher\n/);
    const shares = [...out.matchAll(/^share +(\S+): (-?[\d.]+) %/gm)].map(([, name, value]) => [name, Number(value)] as const);
    expect(shares.map(([name]) => name)).toContain("distill.feature");
    expect(shares.reduce((sum, [, value]) => sum + value, 0)).toBeCloseTo(100, 0);
    expect(out.trimEnd().endsWith("refused")).toBe(true);
    expect(tf.memory().numTensors).toBe(before);
    expect(readdirSync(folder).length).toBe(there + 1); // the configuration alone
  });

  it("passes what is meant, and speaks JSON", async () => {
    const { out, code } = await run({ ...config, allow: ["randomBackbone"] }, "--iterations", "1", "--images", "1", "--json");
    const result = JSON.parse(out) as Preflight;
    expect(code).toBe(0);
    expect(result.refused).toBe(false);
    expect(result.checks.find(({ name }) => name === "randomBackbone")?.outcome).toBe("allowed");
    expect(result.steps).toHaveLength(1);
    expect(result.checks.find(({ name }) => name === "movingTeacher")?.outcome).toBe("not checked"); // one step changes nothing yet that it would see
  });

  it("gives the shares at full weight where a warm-up holds the method back: those that the training has without one", async () => {
    const frs = (options: object) => ({ ...config, method: { name: "frs", options }, allow: ["randomBackbone"] });
    const json = async (options: object) => JSON.parse((await run(frs(options), "--iterations", "1", "--images", "1", "--json")).out) as Preflight;
    const [held, free] = [await json({ warmup: 10 }), await json({ warmup: 0 })];
    expect(held.steps[0].shares["distill.feature"]).toBe(0);
    expect(held.fullShares!.delays).toEqual([{ setting: "method.options.warmup", kind: "rise", until: 10 }]);
    const terms = Object.entries(held.fullShares!.terms);
    expect(terms.map(([name]) => name)).toEqual(["distill.feature", "distill.head"]);
    for (const [name, share] of terms) expect(share).toBeCloseTo(free.steps[0].shares[name], 6);
    expect(terms.every(([, share]) => share > 0)).toBe(true);
    expect(free.fullShares).toBeUndefined();
    expect((await run(frs({ warmup: 10 }), "--iterations", "1", "--images", "1")).out).toMatch(/full weight {4}held back by method\.options\.warmup 10: rises from 0 until there\. .*\n +distill\.feature: [\d.]+ %/);
  });

  it("refuses what cannot even be built, with what is wrong", async () => {
    const { out, code } = await run({ ...config, teacher: { detector: { ...detector, channels: 16 }, weights: file } }, "--iterations", "0");
    expect(code).toBe(1);
    expect(out).toMatch(/refused +build\n.*do not fit the detector/);
    expect(out).not.toContain("passed"); // nothing was reached
    expect(out).toMatch(/not checked +movingTeacher/);
  });

  it("refuses a file that is no JSON, and an unknown entry", async () => {
    await expect(run({ ...config, techer: 1 })).rejects.toThrow(/config has no entry "techer"; allowed: .*teacher, encoder, inherit/);
  });
});

describe("preflight", () => {
  const small = join(folder, "small.safetensors");
  const experiment = tinyExperiment(3, { detector, method: { name: "fitNets" }, teacher: { detector, weights: small }, allow: ["randomBackbone"], training: { iterations: 3, learningRate: { base: 0.001 } } });
  const options = { dataset, seed: 1, iterations: 1, images: 1 };

  it("finds weights of the teacher that were not loaded beside everything else", async () => {
    const { checks, steps, refused } = await preflight({ ...experiment, teacher: { detector }, detector: { ...detector, neck: { first: 3, last: 5 } }, allow: [] }, options);
    const outcome = Object.fromEntries(checks.map(({ name, outcome: what }) => [name, what]));
    expect(outcome).toMatchObject({ randomTeacher: "refused", randomBackbone: "refused" });
    expect(refused).toBe(true);
    expect(steps).toEqual([]); // nothing could be tried: the levels do not fit
    // Not again as what the method says of them.
    expect(checks.at(-1)).toMatchObject({ name: "build", outcome: "not checked" });
    expect(checks.at(-1)?.message).toContain("refused above");
  });

  it("tells what a method makes of other strides where they are allowed", async () => {
    const { checks } = await preflight({ ...experiment, detector: { ...detector, neck: { first: 3, last: 5 } }, allow: ["randomBackbone", "otherStrides"] }, options);
    expect(checks.at(-1)).toMatchObject({ name: "build", outcome: "refused" });
    expect(checks.at(-1)?.message).toMatch(/stride/);
  });

  it("finds parameters of the method that learn nothing, and weights that make no number", async () => {
    const { groups, checks } = await preflight({ ...experiment, training: { ...experiment.training, groupFactors: { distill: 0 } } }, options);
    expect(checks.find(({ name }) => name === "untrainedMethod")?.message).toMatch(/groupFactors\.distill is 0/);
    expect(groups.find(({ group }) => group === "distill")).toMatchObject({ factor: 0, idle: [] });
    const broken = await preflight({ ...experiment, training: { iterations: 3, learningRate: { base: 1e30 } } }, { ...options, iterations: 3 });
    expect(broken.checks.at(-1)).toMatchObject({ name: "first iterations", outcome: "refused" });
    expect(broken.checks.at(-1)!.message).toMatch(/non-finite loss at iteration/);
  });

  it("says the rule of a learning rate", () => {
    expect(learningRateRule({ iterations: 100, learningRate: { base: 0.02, warmup: 10, drops: [60, 90] }, weightDecay: 1e-4, clipNorm: 35 })).toBe(
      "0.02, the first 10 iterations rising in a line from 0.00002; times 0.1 at iteration 60 and 90; 100 iterations; SGD with momentum 0.9; weight decay 0.0001; gradients' norm clipped at 35");
    expect(learningRateRule({ iterations: 5, learningRate: { base: 1e-4 }, optimiser: "adamw" })).toBe("0.0001, no warm-up; no drops; 5 iterations; AdamW; weight decay 0.01");
  });
});
