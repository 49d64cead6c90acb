import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { describe, expect, it } from "vitest";

interface Case {
  readonly module: string;
  readonly builder: string;
  readonly options: { readonly preset: string; readonly backbone?: string };
  readonly masks?: boolean;
  /** Millions of trained parameters as published, where they are: PVT (Wang et al. 2021), tables 3 and 4. */
  readonly published?: number;
}

const cases: readonly Case[] = [
  { module: "retinanet", builder: "retinanet", options: { preset: "mmdet" }, published: 37.7 },
  { module: "retinanet", builder: "retinanet", options: { preset: "mmdet", backbone: "resnet-101" }, published: 56.7 },
  { module: "retinanet", builder: "retinanet", options: { preset: "torchvision" } },
  { module: "retinanet", builder: "retinanet", options: { preset: "torchvision-v2" } },
  { module: "retinanet", builder: "retinanet", options: { preset: "detectron2-lgd" } },
  { module: "fcos", builder: "fcos", options: { preset: "torchvision" } },
  { module: "fcos", builder: "fcos", options: { preset: "mmdet-2x" } },
  { module: "fcos", builder: "fcos", options: { preset: "mmdet-tricks" } },
  { module: "fcos", builder: "fcos", options: { preset: "detectron2" } },
  { module: "fcos", builder: "fcos", options: { preset: "detectron2-lgd" } },
  { module: "atss", builder: "atss", options: { preset: "mmdet" } },
  { module: "gfl", builder: "gfl", options: { preset: "mmdet-2x" } },
  { module: "faster-rcnn", builder: "fasterRcnn", options: { preset: "torchvision" } },
  { module: "faster-rcnn", builder: "fasterRcnn", options: { preset: "mmdet-2x" } },
  { module: "faster-rcnn", builder: "fasterRcnn", options: { preset: "detectron2-lgd" } },
  { module: "mask-rcnn", builder: "maskRcnn", options: { preset: "torchvision" }, masks: true },
  { module: "mask-rcnn", builder: "maskRcnn", options: { preset: "mmdet-2x" }, masks: true, published: 44.2 },
  { module: "mask-rcnn", builder: "maskRcnn", options: { preset: "detectron2" }, masks: true },
  { module: "cascade-rcnn", builder: "cascadeRcnn", options: { preset: "mmdet" } },
  { module: "cascade-rcnn", builder: "cascadeRcnn", options: { preset: "mmdet-mask" }, masks: true },
  { module: "cascade-rcnn", builder: "cascadeRcnn", options: { preset: "mmdet-x101-32x4d-dconv" }, masks: true },
];

interface Answer {
  readonly losses: Readonly<Record<string, number>>;
  readonly norm: number;
  readonly finite: boolean;
  readonly seconds: number;
  readonly mib: number;
  readonly trained: number;
  readonly parameters: number;
}

const run = promisify(execFile);

/** The machine that the papers' settings are promised to fit into, in MiB. */
const memory = 24 * 1024;

describe("a training step at 800 × 1333, one image, all channels", () => {
  it.each(cases.map((each) => [`${each.builder}("${each.options.preset}")${each.options.backbone ? ` on ${each.options.backbone}` : ""}`, each] as const))("%s is finite and fits into 24 GiB", async (name, each) => {
    const request = JSON.stringify({ ...each, options: { classes: 80, seed: 1, ...each.options } });
    const { stdout } = await run(process.execPath, [join(import.meta.dirname, "paper-scale-step.mjs"), request], { env: { ...process.env, TF_CPP_MIN_LOG_LEVEL: "3" } });
    const answer = JSON.parse(stdout) as Answer;
    console.log(`${name}: ${JSON.stringify(answer)}`);
    expect(Object.values(answer.losses).every(Number.isFinite)).toBe(true);
    expect(Object.keys(answer.losses).length).toBeGreaterThan(1);
    expect(Number.isFinite(answer.norm) && answer.norm > 0 && answer.finite).toBe(true);
    expect(answer.mib).toBeLessThan(memory);
    if (each.published !== undefined) expect((answer.trained / 1e6).toFixed(1)).toBe(each.published.toFixed(1));
  }, 900_000);
});
