import * as tf from "@tensorflow/tfjs-core";
import { beforeAll, expect, it } from "vitest";
import { loadBackend } from "../../../lib/backend/load.ts";
import { syntheticScenes } from "../../../lib/data/synthetic.ts";
import { retinanet } from "../../../lib/detector/retinanet.ts";
import { regionEntropies } from "../../../lib/distill/region-entropy.ts";
import { countRegions } from "../../../lib/distill/regions.ts";
import { lookAtRegions } from "../../../lib/report/regions-look.ts";
import { regionsPicture } from "../../../lib/report/regions-picture.ts";
import { shown, smallLook } from "./views.ts";

beforeAll(async () => void (await loadBackend()));

/** 6 × 4 cells of stride 8 over 40 × 24 pixels: the last column and row are padding. */
const cells = Uint8Array.of(
  0, 0, 1, 3, 3, 0,
  2, 3, 1, 1, 3, 0,
  3, 3, 3, 3, 3, 0,
  0, 0, 0, 0, 0, 0,
);
const look = { ...smallLook(), teacher: "probe", threshold: 0.05, regions: [{ stride: 8, height: 4, width: 6, cells }] };

it("paints each region's cells in one path, and counts them, without the padding", async () => {
  const { document, text, html } = await shown(regionsPicture(look));
  const paths = [...document.querySelectorAll("path")].map((path) => [path.textContent, path.getAttribute("d")]);
  expect(paths).toEqual([
    ["TP: object, high score", "M0 0h16v8h-16z"],
    ["FP: background, high score", "M16 0h8v8h-8zM16 8h16v8h-16z"],
    ["FN: object, low score", "M0 8h8v8h-8z"],
  ]);
  expect(text).toBe("P3: stride 8 px, cells: TP 2, FP 3, FN 1, TN 9");
  for (const word of ["TP: object, score &gt; 0.05", "FN: object, score ≤ 0.05", "TN: background, score ≤ 0.05"]) expect(html).toContain(word);
});

it("divides the images of a dataset, gathers their entropies and leaves no tensor", async () => {
  const dataset = syntheticScenes({ images: 3, size: 64, seed: 5 });
  const teacher = retinanet({ classes: dataset.categories.length, seed: 1, channels: 8, backbone: { name: "tiny-4" }, head: { norm: { kind: "group", groups: 2 } } });
  const before = tf.memory().numTensors;
  const entropies = regionEntropies();
  const looks = await lookAtRegions(teacher, dataset, [0, 1], { threshold: 0.02, entropies });
  expect(tf.memory().numTensors).toBe(before);
  expect(looks.map(({ regions }) => regions.map(({ stride }) => stride))).toEqual([teacher.strides, teacher.strides].map((strides) => [...strides]));
  const counted = looks.flatMap(({ regions }) => regions.map(countRegions)).reduce((sum, { TP, FN }) => sum + TP + FN, 0);
  const measured = entropies.results().filter(({ measure, region }) => measure === "channels" && (region === "TP" || region === "FN"));
  expect(counted).toBeGreaterThan(0);
  expect(measured.reduce((sum, { samples }) => sum + samples, 0)).toBe(counted);
  teacher.dispose();
});
