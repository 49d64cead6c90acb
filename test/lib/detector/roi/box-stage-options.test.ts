import { beforeAll, describe, expect, it } from "vitest";
import { loadBackend } from "../../../../lib/backend/load.ts";
import { squeezeExcitation } from "../../../../lib/detector/backbones/squeeze-excitation.ts";
import type { Parameter } from "../../../../lib/detector/detector.ts";
import { maskRcnn } from "../../../../lib/detector/mask-rcnn.ts";
import type { MaskRcnnPreset } from "../../../../lib/detector/options/mask-rcnn.ts";
import { parameterStore } from "../../../../lib/detector/parameters.ts";

beforeAll(async () => { await loadBackend(); });

/** Values of the parameters of the RoI heads, by name. */
function firstWeights(preset: MaskRcnnPreset): ReadonlyMap<string, Float32Array> {
  const detector = maskRcnn({ preset, classes: 60, seed: 3, channels: 16, backbone: "tiny-4", box: { size: [3, 3], hidden: [100, 64] }, mask: { size: [4, 4], convs: 1, channels: 36 } });
  const read = new Map(detector.parameters().filter(({ group }) => group === "head").map(({ name, variable }: Parameter) => [name, variable.dataSync<"float32">().slice()]));
  detector.dispose();
  return read;
}

const deviation = (values: Float32Array) => Math.sqrt(values.reduce((sum, v) => sum + v * v, 0) / values.length);

/** Uniform in ±1 / √fan: never beyond, near to both ends, with a deviation of 1 / √(3 fan). */
function expectPyTorchs(name: string, values: Float32Array | undefined, fan: number): void {
  const bound = 1 / Math.sqrt(fan);
  expect(values, name).toBeDefined();
  expect(Math.max(...values!.map(Math.abs)), name).toBeLessThanOrEqual(bound * (1 + 1e-6));
  expect(Math.min(Math.max(...values!), -Math.min(...values!)), name).toBeGreaterThan(0.8 * bound);
  expect(Math.abs(deviation(values!) * Math.sqrt(3 * fan) - 1), name).toBeLessThan(0.25);
}

describe("first weights of box and mask heads", () => {
  it("are PyTorch's own where torchvision draws none", () => {
    const found = firstWeights("torchvision");
    for (const [name, fan] of [["box_head.fc6", 16 * 9], ["box_head.fc7", 100], ["box_predictor.cls_score", 64], ["box_predictor.bbox_pred", 64]] as const) {
      expectPyTorchs(name, found.get(`roi_heads.${name}.weight`), fan);
      expectPyTorchs(name, found.get(`roi_heads.${name}.bias`), fan);
    }
    expectPyTorchs("conv5_mask", found.get("roi_heads.mask_predictor.conv5_mask.bias"), 4 * 36);
    expectPyTorchs("mask_fcn_logits", found.get("roi_heads.mask_predictor.mask_fcn_logits.bias"), 36);
    expect(deviation(found.get("roi_heads.mask_predictor.mask_fcn_logits.weight")!)).toBeCloseTo(Math.sqrt(2 / 61), 1);
    const others = [...found].filter(([name]) => name.endsWith("bias") && !/box_head|predictor/.test(name));
    expect(others.map(([name]) => name).sort()).toEqual(["roi_heads.mask_head.0.0.bias", "rpn.head.bbox_pred.bias", "rpn.head.cls_logits.bias", "rpn.head.conv.0.0.bias"]);
    for (const [name, values] of others) expect(values.every((v) => v === 0), name).toBe(true);
  });

  it.each<MaskRcnnPreset>(["mmdet", "detectron2"])("have no biases in %s", (preset) => {
    const biases = [...firstWeights(preset)].filter(([name]) => name.endsWith("bias"));
    expect(biases.length).toBeGreaterThan(8);
    for (const [name, values] of biases) expect(values.every((v) => v === 0), name).toBe(true);
  });

  it("say little of masks in detectron2", () => {
    const [theirs, mmdets] = [firstWeights("detectron2").get("roi_heads.mask_head.predictor.weight"), firstWeights("mmdet").get("roi_head.mask_head.conv_logits.weight")];
    expect(deviation(theirs!)).toBeCloseTo(0.001, 4);
    expect(deviation(mmdets!)).toBeCloseTo(Math.sqrt(2 / 60), 1);
  });
});

it("biases of squeeze-and-excitation are PyTorch's own", () => {
  const store = parameterStore(2);
  squeezeExcitation(store, { channels: 128, squeezed: 64, names: ["fc1", "fc2"], frozen: false });
  const values = Object.fromEntries(store.list().map(({ name, variable }) => [name, variable.dataSync<"float32">()]));
  expectPyTorchs("fc1", values["fc1.bias"], 128);
  expectPyTorchs("fc2", values["fc2.bias"], 64);
  store.dispose();
});
