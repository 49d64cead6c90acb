import { beforeAll, describe, expect, it } from "vitest";
import { loadBackend } from "../../../lib/backend/load.ts";
import { atss } from "../../../lib/detector/atss.ts";
import type { Detector } from "../../../lib/detector/detector.ts";
import { fcos } from "../../../lib/detector/fcos.ts";
import { gfl } from "../../../lib/detector/gfl.ts";
import { retinanet } from "../../../lib/detector/retinanet.ts";
import { sharedFolder } from "../../shared.ts";
import { eightImages, memorisedAp50 } from "./memorise.ts";

beforeAll(async () => { await loadBackend(); });

interface Data {
  readonly name: string;
  readonly smallest: number;
  readonly short: number;
}

// Cells lie close together and are many; their platelets are small.
const data: Data[] = [{ name: "bccd", smallest: 12, short: 208 }, { name: "coco-mini", smallest: 24, short: 160 }];

type Build = (classes: number) => Detector;
const detectors: readonly (readonly [string, Build])[] = [
  ["RetinaNet", (classes) => retinanet({ preset: "tiny", classes, seed: 1 })],
  ["FCOS", (classes) => fcos({ preset: "tiny", classes, seed: 1 })],
  ["GFL", (classes) => gfl({ preset: "tiny", classes, seed: 1 })],
  ["ATSS", (classes) => atss({ preset: "tiny", classes, seed: 1 })],
];

const cases = detectors.flatMap(([detector, build]) => data.map((one) => ({ ...one, detector, build, folder: sharedFolder("data", one.name) })));

describe("tiny one-stage detectors learn eight photographs by heart", () => {
  it.skipIf(cases.some(({ folder }) => folder === undefined)).each(cases)("$detector those of $name", async ({ detector: kind, build, name, folder, smallest, short }) => {
    const dataset = await eightImages(folder!, smallest);
    const detector = build(dataset.categories.length);
    const transforms = { resize: { kind: "edge", short, long: 1.4 * short }, normalise: "simple" } as const;
    const score = await memorisedAp50(detector, dataset, { transforms, steps: 400, learningRate: 0.003 });
    console.info(`AP50 of ${kind} on eight images of ${name}: ${score.toFixed(3)}`);
    expect(score).toBeGreaterThan(0.9);
    detector.dispose();
  }, 600_000);
});
