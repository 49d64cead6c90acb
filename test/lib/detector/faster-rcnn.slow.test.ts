import { beforeAll, describe, expect, it } from "vitest";
import { loadBackend } from "../../../lib/backend/load.ts";
import { fasterRcnn } from "../../../lib/detector/faster-rcnn.ts";
import { sharedFolder } from "../../shared.ts";
import { eightImages, memorisedAp50 } from "./memorise.ts";

beforeAll(async () => { await loadBackend(); });

describe("a tiny Faster R-CNN learns eight photographs by heart", () => {
  // Cells lie close together and are many; their platelets are small.
  const cases = [
    { name: "bccd", smallest: 12, short: 208, options: { rpn: { train: { total: 200 }, test: { total: 100 } }, box: { sampling: { count: 128 } } } },
    { name: "coco-mini", smallest: 24, short: 160, options: {} },
  ].map((one) => ({ ...one, folder: sharedFolder("data", one.name) }));

  it.skipIf(cases.some(({ folder }) => folder === undefined)).each(cases)("of $name", async ({ name, folder, smallest, short, options }) => {
    const dataset = await eightImages(folder!, smallest);
    const detector = fasterRcnn({ preset: "tiny", classes: dataset.categories.length, seed: 1, ...options });
    const transforms = { resize: { kind: "edge", short, long: 1.4 * short }, normalise: "simple" } as const;
    const score = await memorisedAp50(detector, dataset, { transforms, steps: 400, learningRate: 0.003 });
    console.info(`AP50 on eight images of ${name}: ${score.toFixed(3)}`);
    expect(score).toBeGreaterThan(0.9);
    detector.dispose();
  }, 600_000);
});
