import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as tf from "@tensorflow/tfjs-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { normalisations } from "../../../../lib/data/normalise.ts";
import { loadBackend } from "../../../../lib/backend/load.ts";
import type { Detections, Detector } from "../../../../lib/detector/detector.ts";
import { fasterRcnn } from "../../../../lib/detector/faster-rcnn.ts";
import { fcos } from "../../../../lib/detector/fcos.ts";
import type { NamedArray } from "../../../../lib/detector/load.ts";
import { maskRcnn } from "../../../../lib/detector/mask-rcnn.ts";
import { retinanet } from "../../../../lib/detector/retinanet.ts";
import { loadWeights } from "../../../../lib/detector/weights/load.ts";
import { readWeights } from "../../../../lib/detector/weights/read.ts";
import { decodeRle } from "../../../../lib/tensor/masks/rle.ts";
import { testPython } from "../../../python.ts";
import { expectClose } from "../../../close.ts";
import { patience, target } from "../../../oracles/detectors-whole.ts";

const python = testPython(["torch", "torchvision"]);

/** Pixels whose probability is within this of ½ may fall on either side. */
const undecided = 1e-3;

describe.skipIf(python === undefined)("a .pth of torchvision's own detector gives torchvision's own detections", () => {
  const folder = mkdtempSync(join(tmpdir(), "potstill-torchvision-"));
  beforeAll(async () => {
    await loadBackend();
    const { status, stderr } = spawnSync(python!, [join(import.meta.dirname, "run-torchvision.py"), folder], { encoding: "utf8" });
    expect([status, stderr]).toEqual([0, ""]);
  }, patience);
  afterAll(() => { rmSync(folder, { recursive: true }); });

  const common = { preset: "torchvision", classes: 5, seed: 0 } as const;
  type Maker = (scoreThreshold: number) => Detector;
  const cases: [string, { readonly make: Maker; readonly firstLabel: number }][] = [
    ["retinanet", { make: (scoreThreshold) => retinanet({ ...common, decode: { scoreThreshold } }), firstLabel: 0 }],
    ["fcos", { make: (scoreThreshold) => fcos({ ...common, decode: { scoreThreshold } }), firstLabel: 0 }],
    ["faster_rcnn", { make: (scoreThreshold) => fasterRcnn({ ...common, decode: { scoreThreshold } }), firstLabel: 1 }],
    ["mask_rcnn", { make: (scoreThreshold) => maskRcnn({ ...common, decode: { scoreThreshold } }), firstLabel: 1 }],
  ];

  it.each(cases)("%s on ResNet-50", (name, { make, firstLabel }) => {
    const wanted = readWeights(join(folder, `${name}.out.pth`)).tensors;
    const detector = make(wanted.get("threshold")!.data[0]);
    try {
      expect(loadWeights(detector, join(folder, `${name}.pth`))).toMatchObject({ kept: [], unused: [] });
      const found = detect(detector, wanted.get("image")!);
      expect(found.scores.length).toBeGreaterThanOrEqual(8);
      expect(Array.from(found.labels, (label) => label + firstLabel)).toEqual(Array.from(wanted.get("labels")!.data));
      expectClose(found.scores, wanted.get("scores")!.data, { absolute: 1e-4 });
      expectClose(found.boxes, wanted.get("boxes")!.data, { absolute: 0.01 });
      expect(found.masks === undefined).toBe(!wanted.has("masks"));
      if (found.masks) expectMasks(found, wanted.get("masks")!);
    } finally {
      detector.dispose();
    }
  }, patience);

  /** @param image [1, 3, H, W] in [0, 1], of a size that torchvision's transform leaves as it is */
  function detect(detector: Detector, { shape: [, , height, width], data }: NamedArray): Detections {
    const { mean, std } = normalisations.torchvision;
    let found: Detections[] = [];
    tf.tidy(() => {
      const pixels = tf.mul(tf.transpose(tf.tensor4d(data, [1, 3, height, width]), [0, 2, 3, 1]), 255);
      const prediction = detector.forward(tf.div(tf.sub(pixels, tf.tensor1d([...mean])), tf.tensor1d([...std])));
      found = detector.decode(prediction, [target([], [], [height, width])]);
    });
    return found[0];
  }

  function expectMasks({ masks = [] }: Detections, { shape, data }: NamedArray): void {
    expect(shape).toEqual([masks.length, 1, masks[0].height, masks[0].width]);
    const ours = masks.flatMap((mask) => Array.from(decodeRle(mask)));
    const wrong = ours.filter((bit, i) => (bit === 1) !== data[i] > 0.5 && Math.abs(data[i] - 0.5) > undecided);
    expect(wrong).toEqual([]);
    expect(ours.filter((bit) => bit === 1).length).toBeGreaterThan(100);
  }
});
