import { describe, expect, it } from "vitest";
import { resolveFasterRcnn } from "../../../../lib/detector/options/faster-rcnn.ts";
import { resolveCascadeRcnn } from "../../../../lib/detector/options/cascade-rcnn.ts";
import { resolveMaskRcnn } from "../../../../lib/detector/options/mask-rcnn.ts";

describe("options of two-stage detectors", () => {
  it("take a preset's name alone for its origin's classes and seed 0", () => {
    expect(resolveFasterRcnn("torchvision")).toMatchObject({ classes: 90, seed: 0, name: "faster-rcnn-torchvision-resnet-50" });
    expect(resolveFasterRcnn("mmdet-2x")).toMatchObject({ classes: 80, recipe: { schedule: { length: 24, drops: [16, 22], learningRate: 0.02 } } });
    expect(resolveMaskRcnn("mmdet-2x")).toMatchObject({ classes: 80, recipe: { schedule: { length: 24 } } });
    expect(resolveCascadeRcnn("mmdet-mask")).toMatchObject({ classes: 80, name: "cascade-mask-rcnn-mmdet-mask-resnet-50", recipe: { schedule: { length: 12 } } });
  });

  it("put changes over a preset part by part and leave the rest", () => {
    const base = resolveFasterRcnn("mmdet");
    const changed = resolveFasterRcnn({ preset: "mmdet", classes: 3, seed: 7, rpn: { train: { total: 500 } }, box: { hidden: [64] } });
    expect(changed.rpn).toEqual({ ...base.rpn, train: { ...base.rpn.train, total: 500 } });
    expect(changed.box).toEqual({ ...base.box, hidden: [64] });
    expect([changed.classes, changed.seed]).toEqual([3, 7]);
  });

  it("have the settings that tell the origins apart", () => {
    const [torchvision, mmdet, detectron2] = (["torchvision", "mmdet", "detectron2-lgd"] as const).map(resolveFasterRcnn);
    expect([torchvision, mmdet, detectron2].map(({ rpn }) => [rpn.train.perLevel, rpn.train.total, rpn.test.total])).toEqual([[2000, 2000, 1000], [2000, 1000, 1000], [2000, 1000, 1000]]);
    expect([torchvision, mmdet, detectron2].map(({ roi }) => [roi.aligned, roi.samplingRatio])).toEqual([[false, 2], [true, 0], [true, 0]]);
    expect([torchvision, mmdet, detectron2].map(({ box }) => [box.background, box.truth])).toEqual([["first", "append"], ["last", "prepend"], ["last", "append"]]);
    expect([torchvision, mmdet, detectron2].map(({ backbone }) => [backbone.stride, backbone.norm.kind])).toEqual([["3x3", "frozen"], ["3x3", "affine"], ["1x1", "frozen"]]);
  });

  it("refuse what belongs to the origin", () => {
    const foreign = { recipe: { classes: 3 } } as object;
    expect(() => resolveFasterRcnn({ classes: 3, seed: 0, ...foreign })).toThrow('fasterRcnn has no option "recipe"');
  });
});
