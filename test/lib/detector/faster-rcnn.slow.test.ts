import { beforeAll, describe, expect, it } from "vitest";
import { loadBackend } from "../../../lib/backend/load.ts";
import { fasterRcnn } from "../../../lib/detector/faster-rcnn.ts";
import { sharedFolder } from "../../shared.ts";
import { eightImages, memorisedAp50 } from "./memorise.ts";

beforeAll(async () => { await loadBackend(); });

describe("a tiny Faster R-CNN learns eight photographs by heart", () => {
  const folders = ["bccd", "coco-mini"].map((name) => [name, sharedFolder("data", name)] as const);

  it.skipIf(folders.some(([, folder]) => folder === undefined)).each(folders)("of %s", async (name, folder) => {
    const dataset = await eightImages(folder!, name === "bccd" ? 12 : 24);
    const detector = fasterRcnn({ preset: "tiny", classes: dataset.categories.length, seed: 1 });
    const transforms = { resize: { kind: "edge", short: 160, long: 224 }, normalise: "simple" } as const;
    const score = await memorisedAp50(detector, dataset, { transforms, steps: 400, learningRate: 0.003 });
    console.info(`AP50 on eight images of ${name}: ${score.toFixed(3)}`);
    expect(score).toBeGreaterThan(0.9);
    detector.dispose();
  }, 600_000);
});
