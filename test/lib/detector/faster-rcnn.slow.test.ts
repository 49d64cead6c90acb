import { beforeAll, describe, expect, it } from "vitest";
import { loadBackend } from "../../../lib/backend/load.ts";
import { cascadeRcnn } from "../../../lib/detector/cascade-rcnn.ts";
import type { Detector } from "../../../lib/detector/detector.ts";
import { fasterRcnn } from "../../../lib/detector/faster-rcnn.ts";
import { sharedFolder } from "../../shared.ts";
import { eightImages, memorisedAp50 } from "./memorise.ts";

beforeAll(async () => { await loadBackend(); });

// Cells lie close together and are many; their platelets are small.
const dense = { rpn: { train: { total: 200 }, test: { total: 100 } }, box: { sampling: { count: 128 } } };
const data = [{ name: "bccd", smallest: 12, short: 208, options: dense }, { name: "coco-mini", smallest: 24, short: 160, options: {} }];

type Build = (options: { readonly preset: "tiny"; readonly classes: number; readonly seed: number }) => Detector;
const detectors: readonly (readonly [string, Build])[] = [["Faster R-CNN", fasterRcnn], ["Cascade R-CNN", (options) => cascadeRcnn({ masks: false, ...options })]];

const cases = detectors.flatMap(([detector, build]) => data.map((one) => ({ ...one, detector, build, folder: sharedFolder("data", one.name) })));

describe("tiny two-stage detectors learn eight photographs by heart", () => {
  it.skipIf(cases.some(({ folder }) => folder === undefined)).each(cases)("$detector those of $name", async ({ detector: kind, build, name, folder, smallest, short, options }) => {
    const dataset = await eightImages(folder!, smallest);
    const detector = build({ preset: "tiny", classes: dataset.categories.length, seed: 1, ...options });
    const transforms = { resize: { kind: "edge", short, long: 1.4 * short }, normalise: "simple" } as const;
    const score = await memorisedAp50(detector, dataset, { transforms, steps: 400, learningRate: 0.003 });
    console.info(`AP50 of ${kind} on eight images of ${name}: ${score.toFixed(3)}`);
    expect(score).toBeGreaterThan(0.9);
    detector.dispose();
  }, 600_000);
});
