import { spawnSync } from "node:child_process";
import { join } from "node:path";
import * as tf from "@tensorflow/tfjs-core";
import { beforeAll, describe, expect, it } from "vitest";
import { loadBackend } from "../../../lib/backend/load.ts";
import { histogramEntropy, sampleHistogram } from "../../../lib/distill/entropy.ts";
import { claimedOrder, regionEntropies, type EntropyMeasure, type RegionEntropyOptions } from "../../../lib/distill/region-entropy.ts";
import { regionNames } from "../../../lib/distill/regions.ts";
import { random } from "../../../lib/tensor/random.ts";
import { testPython } from "../../python.ts";
import { expectNoLeak, normal } from "../tensor/finite-difference.ts";

beforeAll(async () => void (await loadBackend()));

const python = testPython(["numpy"]);
const grid = { stride: 8, height: 6, width: 8 };
const size = { width: 61, height: 45 };
const stream = random("regions", "entropy");
const cells = Uint8Array.from({ length: 48 }, () => stream.integer(4));
const photo = { ...size, data: Uint8Array.from({ length: 3 * size.width * size.height }, () => Math.floor(128 + 40 * stream.normal()) & 255) };
const bins = { bins: 40, range: [-3, 3] } as const;

function gathered(times = 1) {
  const study = regionEntropies(bins);
  const map = normal([1, 6, 8, 12], "features", { scale: 1.5 }) as tf.Tensor4D;
  for (let i = 0; i < times; i++) study.add({ regions: [{ ...grid, cells }], photos: [photo], features: [map] });
  const features = Array.from(map.dataSync());
  map.dispose();
  return { study, features };
}

const of = (study: ReturnType<typeof gathered>["study"], measure: EntropyMeasure, options: RegionEntropyOptions = {}) => study.results(options).filter((one) => one.measure === measure);

describe("the entropies of the regions", () => {
  it.skipIf(python === undefined)("are those that NumPy computes", () => {
    const { study, features } = gathered();
    const input = JSON.stringify({ cells: [...cells], features, photo: [...photo.data], ...size, stride: grid.stride, columns: grid.width, ...bins });
    const { stdout, stderr } = spawnSync(python!, [join(import.meta.dirname, "region-entropy.py")], { input, encoding: "utf8" });
    expect(stderr).toBe("");
    const wanted = JSON.parse(stdout) as Record<EntropyMeasure | "plain", number[]>;
    const close = (actual: number, truth: number, what: string) => expect(Math.abs(actual / truth - 1), what).toBeLessThan(2e-6);
    for (const measure of ["pixels", "channels", "activations"] as const) of(study, measure).forEach(({ entropy, region }, r) => close(entropy, wanted[measure][r], `${measure} ${region}`));
    of(study, "activations", { correction: "none", logBase: "e" }).forEach(({ entropy, region }, r) => close(entropy / Math.LN2, wanted.plain[r], `plain ${region}`));
  });

  it("are bounded, and the same for twice the same images but for the correction", () => {
    const [once, twice] = [gathered(1).study, gathered(2).study];
    for (const measure of ["pixels", "channels", "activations"] as const) {
      const [a, b] = [once, twice].map((study) => of(study, measure, { correction: "none" }));
      a.forEach(({ entropy, samples }, r) => {
        expect(entropy).toBeGreaterThan(0);
        expect(entropy).toBeLessThanOrEqual(Math.log2({ pixels: 256, channels: 12, activations: 40 }[measure]));
        expect(Math.abs(b[r].entropy / entropy - 1)).toBeLessThan(1e-12);
        expect(b[r].samples).toBe(2 * samples);
      });
    }
  });

  it("are compared over equally many samples on request", () => {
    const { study } = gathered();
    const all = of(study, "pixels").map(({ samples }) => samples);
    const equal = of(study, "pixels", { equalise: true, seed: 3 });
    expect(all.reduce((a, b) => a + b)).toBe(size.width * size.height);
    expect(equal.map(({ samples }) => samples)).toEqual(all.map(() => Math.min(...all)));
    expect(of(study, "pixels", { equalise: true, seed: 3 })).toEqual(equal);
  });

  it("say nothing of a region without cells", () => {
    const study = regionEntropies();
    expectNoLeak(() => tf.tidy(() => study.add({ regions: [{ ...grid, cells: new Uint8Array(48) }], features: [normal([1, 6, 8, 3], "x") as tf.Tensor4D] })));
    const results = study.results();
    expect(of(study, "channels").map(({ entropy }) => Number.isNaN(entropy))).toEqual([false, true, true, true]);
    expect(of(study, "pixels").every(({ entropy, samples }) => Number.isNaN(entropy) && samples === 0)).toBe(true);
    expect(claimedOrder(results, "channels")).toBeUndefined();
    const line = (entropies: readonly number[]) => regionNames.map((region, r) => ({ measure: "channels" as const, region, entropy: entropies[r], samples: 1 }));
    expect([line([4, 3, 2, 1]), line([4, 3, 1, 2]), line([4, 3, 1, 3.5]), line([3, 4, 1, 2])].map((one) => claimedOrder(one, "channels"))).toEqual([true, true, false, false]);
  });

  it("refuses what does not fit", () => {
    const study = regionEntropies();
    tf.tidy(() => {
      const map = normal([1, 6, 7, 3], "x") as tf.Tensor4D;
      expect(() => study.add({ regions: [{ ...grid, cells }], features: [map] })).toThrow(/stride 8 are of 6 × 8 cells, the map of shape \[1, 6, 7, 3\]/);
    });
    expect(() => study.results({ level: 2 })).toThrow(/level 2 is asked for; there are 0/);
    expect(() => regionEntropies({ bins: 0 })).toThrow(/bins is 0/);
    expect(() => study.results({ logBase: 10 as never })).toThrow(/logBase is 10/);
  });
});

describe("histogram entropy", () => {
  it("Miller and Madow's correction takes most of the bias of few samples away", () => {
    const [n, k, draws] = [240, 40, 300];
    const source = random("bias");
    const mean = (correction: "none" | "millerMadow") => Array.from({ length: draws }, () => {
      const counts = new Float64Array(k);
      for (let i = 0; i < n; i++) counts[source.integer(k)]++;
      return histogramEntropy(counts, { correction });
    }).reduce((a, b) => a + b) / draws;
    const [plain, corrected] = [mean("none"), mean("millerMadow")].map((entropy) => Math.log2(k) - entropy);
    // (k − 1) / (2n) nats, to first order.
    expect(Math.abs(plain / ((k - 1) / (2 * n) / Math.LN2) - 1)).toBeLessThan(0.15);
    expect(Math.abs(corrected)).toBeLessThan(plain / 8);
  });

  it("draws subsamples that are part of the whole, with the shares of the whole on average", () => {
    const counts = [50, 0, 200, 750];
    const draws = Array.from({ length: 200 }, (_, i) => sampleHistogram(counts, 100, random("draw", i)));
    for (const drawn of draws) {
      expect(drawn.reduce((a, b) => a + b)).toBe(100);
      drawn.forEach((count, bin) => expect(count).toBeLessThanOrEqual(counts[bin]));
    }
    counts.forEach((count, bin) => expect(Math.abs(draws.reduce((sum, drawn) => sum + drawn[bin], 0) / 200 - count / 10)).toBeLessThan(1));
    expect([...sampleHistogram(counts, 1000, random(0))]).toEqual(counts);
    expect(() => sampleHistogram([1, 2], 4, random(0))).toThrow(/4 samples are asked of a histogram of 3/);
  });
});
