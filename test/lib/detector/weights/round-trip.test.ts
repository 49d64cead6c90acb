import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as tf from "@tensorflow/tfjs-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { loadBackend } from "../../../../lib/backend/load.ts";
import type { Detector } from "../../../../lib/detector/detector.ts";
import { fasterRcnn } from "../../../../lib/detector/faster-rcnn.ts";
import { fcos } from "../../../../lib/detector/fcos.ts";
import { boxHead } from "../../../../lib/detector/heads/box.ts";
import { maskHead } from "../../../../lib/detector/heads/mask.ts";
import type { NamedArray } from "../../../../lib/detector/load.ts";
import { maskRcnn } from "../../../../lib/detector/mask-rcnn.ts";
import { parameterStore } from "../../../../lib/detector/parameters.ts";
import { retinanet } from "../../../../lib/detector/retinanet.ts";
import { torchvisionBoxNames } from "../../../../lib/detector/roi/box-names.ts";
import { torchvisionMaskNames } from "../../../../lib/detector/roi/mask-names.ts";
import { loadWeights } from "../../../../lib/detector/weights/load.ts";
import { readWeights } from "../../../../lib/detector/weights/read.ts";
import { testPython } from "../../../python.ts";

const python = testPython(["torch"]);

/** Largest deviation allowed, relative to the largest value of the map, or 1: some sixty layers of float32. */
const tolerance = 2e-5;

describe.skipIf(python === undefined)("a .pth written by PyTorch with torchvision's names gives PyTorch's outputs", () => {
  const folder = mkdtempSync(join(tmpdir(), "potstill-round-trip-"));
  beforeAll(async () => {
    await loadBackend();
    const { status, stderr } = spawnSync(python!, [join(import.meta.dirname, "make-torchvision.py"), folder, "retinanet", "fcos", "mask_rcnn"], { encoding: "utf8" });
    expect([status, stderr]).toEqual([0, ""]);
  });
  afterAll(() => { rmSync(folder, { recursive: true }); });

  type Outputs = ReadonlyMap<string, NamedArray>;
  const outputsOf = (name: string): Outputs => readWeights(join(folder, `${name}.out.pth`)).tensors;

  /** An NCHW tensor as NHWC. */
  const nhwc = (outputs: Outputs, name: string) => tf.transpose<tf.Tensor4D>(tf.tensor4d(outputs.get(name)!.data, outputs.get(name)!.shape as [number, number, number, number]), [0, 2, 3, 1]);

  function expectEqual(what: string, actual: tf.Tensor, expected: tf.Tensor): void {
    expect(actual.shape, what).toEqual(expected.shape);
    const [difference, size] = [tf.max(tf.abs(tf.sub(actual, expected))), tf.max(tf.abs(expected))].map((value) => value.dataSync()[0]);
    expect(size, what).toBeGreaterThan(0.01);
    expect(difference / Math.max(1, size), what).toBeLessThan(tolerance);
  }

  function expectPrediction(detector: Detector, outputs: Outputs): void {
    tf.tidy(() => {
      const prediction = detector.forward(nhwc(outputs, "image"));
      for (const key of ["pyramid", "logits", "boxes"] as const) {
        expect(outputs.has(`${key}.${prediction[key].length}`)).toBe(false);
        for (const [l, map] of prediction[key].entries()) expectEqual(`${key} ${l}`, map, nhwc(outputs, `${key}.${l}`));
      }
    });
  }

  it("RetinaNet R50, in the names of today and of torchvision before 0.14", () => {
    const detector = retinanet({ preset: "torchvision", classes: 5, seed: 0 });
    try {
      for (const file of ["retinanet.pth", "retinanet.earlier.pth"]) {
        for (const { variable } of detector.parameters()) tf.tidy(() => { variable.assign(tf.zerosLike(variable)); });
        expect(loadWeights(detector, join(folder, file))).toMatchObject({ kept: [], unused: [] });
        expectPrediction(detector, outputsOf("retinanet"));
      }
    } finally {
      detector.dispose();
    }
  });

  it("FCOS R50", () => {
    const detector = fcos({ preset: "torchvision", classes: 5, seed: 0 });
    try {
      expect(loadWeights(detector, join(folder, "fcos.pth"))).toMatchObject({ kept: [], unused: [] });
      expectPrediction(detector, outputsOf("fcos"));
      tf.tidy(() => {
        const { centerness } = detector.forward(nhwc(outputsOf("fcos"), "image")).extra!;
        for (const [l, map] of centerness.entries()) expectEqual(`centerness ${l}`, map, nhwc(outputsOf("fcos"), `centerness.${l}`));
      });
    } finally {
      detector.dispose();
    }
  });

  it("Mask R-CNN R50, and Faster R-CNN without its masks: backbone, pyramid and proposal network", () => {
    const path = join(folder, "mask_rcnn.pth");
    const mask = maskRcnn({ preset: "torchvision", classes: 5, seed: 0 });
    const faster = fasterRcnn({ preset: "torchvision", classes: 5, seed: 0 });
    try {
      expect(loadWeights(mask, path)).toMatchObject({ kept: [], unused: [] });
      expectPrediction(mask, outputsOf("mask_rcnn"));
      expect(() => loadWeights(faster, path)).toThrow(/12 values without a parameter \(roi_heads\.mask_head\.0\.0\.weight, /);
      expect(loadWeights(faster, path, { ignore: ["roi_heads.mask_*"] }).kept).toEqual([]);
      expectPrediction(faster, outputsOf("mask_rcnn"));
    } finally {
      mask.dispose();
      faster.dispose();
    }
  });

  it("Faster R-CNN's box head and Mask R-CNN's mask head", () => {
    const outputs = outputsOf("mask_rcnn");
    const store = parameterStore(0);
    const constant = () => ({ kind: "constant", value: 0 }) as const;
    const box = boxHead(store, { channels: 256, size: [7, 7], hidden: [1024, 1024], classes: 5, background: "first", agnostic: false, names: torchvisionBoxNames, initialiser: { hidden: constant, class: constant, box: constant } });
    const mask = maskHead(store, { input: 256, channels: 256, convs: 4, maps: 6, names: torchvisionMaskNames });
    try {
      expect(loadWeights({ parameters: () => store.list() }, join(folder, "mask_rcnn.pth"), { only: "head", ignore: ["rpn.*"] }).kept).toEqual([]);
      tf.tidy(() => {
        const { logits, deltas } = box(nhwc(outputs, "regions.0"));
        const matrix = (name: string) => tf.tensor2d(outputs.get(name)!.data, outputs.get(name)!.shape as [number, number]);
        expectEqual("classes", logits, matrix("classes.0"));
        expectEqual("deltas", deltas, matrix("deltas.0"));
        expectEqual("masks", mask.logits(mask.features(nhwc(outputs, "mask_regions.0"))), nhwc(outputs, "masks.0"));
      });
    } finally {
      store.dispose();
    }
  });
});
