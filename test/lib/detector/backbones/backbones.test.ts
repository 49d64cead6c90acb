import * as tf from "@tensorflow/tfjs-core";
import { beforeAll, describe, expect, it } from "vitest";
import { loadBackend } from "../../../../lib/backend/load.ts";
import { buildBackbone } from "../../../../lib/detector/backbones/build.ts";
import { backboneConfig, type BackboneConfig } from "../../../../lib/detector/backbones/config.ts";
import { regnet, resnet } from "../../../../lib/detector/backbones/describe.ts";
import { parseBackbone } from "../../../../lib/detector/backbones/name.ts";
import { regNetNames } from "../../../../lib/detector/backbones/regnet-stages.ts";
import { detectron2Names, mmdetNames, torchvisionNames, type ReferenceNames } from "../../../../lib/detector/names.ts";
import { parameterStore, type ParameterStore } from "../../../../lib/detector/parameters.ts";
import { retinanet } from "../../../../lib/detector/retinanet.ts";
import { countMultiplyAdds } from "../../../../lib/tensor/tally.ts";
import { gradients } from "../../../../lib/train/gradients.ts";
import { expectClose } from "../../../close.ts";
import { expectNoLeak, normal } from "../../tensor/finite-difference.ts";

beforeAll(async () => { await loadBackend(); });

const base: BackboneConfig = { name: "resnet-50", norm: { kind: "frozen" }, frozenStages: 1, stride: "3x3", groups: 1, width: 64 };
type Description = Parameters<typeof backboneConfig>[2];

function withBackbone<T>(description: Description, use: (network: ReturnType<typeof buildBackbone>, store: ParameterStore) => T, names: ReferenceNames = torchvisionNames): T {
  const store = parameterStore(3);
  try {
    return use(buildBackbone(store, backboneConfig("test", base, description), { stages: 4, names }), store);
  } finally {
    store.dispose();
  }
}

describe("descriptions", () => {
  it("are plain data that carries our spelling of the name", () => {
    expect(resnet(101, { style: "caffe", frozenStages: 2 })).toEqual({ name: "resnet-101", groups: 1, width: 64, stride: "1x1", frozenStages: 2 });
    expect(resnet(101, { groups: 64, width: 4, dcn: { stages: [3, 4, 5] } })).toEqual({ name: "resnext-101-64x4d", groups: 64, width: 4, dcn: { stages: [3, 4, 5] } });
    expect(resnet(50, { width: 128, style: "pytorch" }).name).toBe("wide-resnet-50-2");
    expect(regnet("x_3_2gf")).toEqual({ name: "regnet-x-3.2gf" });
    expect(JSON.parse(JSON.stringify(regnet("Y-400MF", { frozenStages: 0 })))).toEqual({ name: "regnet-y-400mf", frozenStages: 0 });
  });

  it.each([
    ["resnet50", "resnet-50"], ["resnet-18", "resnet-18"], ["wide_resnet101_2", "wide-resnet-101-2"], ["resnext50_32x4d", "resnext-50-32x4d"],
    ["resnext101_32x8d", "resnext-101-32x8d"], ["regnet_y_1_6gf", "regnet-y-1.6gf"], ["regnet_x_400mf", "regnet-x-400mf"], ["tiny", "tiny-8"], ["tiny-16", "tiny-16"], ["resnext-tiny-4x2d", "resnext-tiny-4x2d"],
    ...regNetNames.map((member): [string, string] => [`regnet-${member}`, `regnet-${member}`]),
  ])("%s is read as %s", (spelled, name) => {
    expect(parseBackbone(spelled).name).toBe(name);
    expect(parseBackbone(name)).toEqual(parseBackbone(spelled));
  });

  it.each(["resnet-51", "resnext-50", "wide-resnet-50", "resnet-50-2", "regnet-x-500mf", "regnet-z-400mf", "tiny-0", "vgg-16", "", "toString"])('"%s" is refused', (name) => {
    expect(() => parseBackbone(name)).toThrow(`backbone "${name}" is unknown; allowed: resnet-<depth>`);
  });

  it("fill what they leave out from the preset; another name brings its own groups, width and no deformation", () => {
    const teacher = backboneConfig("test", { ...base, stride: "1x1" }, resnet(101, { groups: 32, width: 4, dcn: { stages: [3, 4, 5] } }));
    expect(teacher).toMatchObject({ name: "resnext-101-32x4d", stride: "1x1", frozenStages: 1, groups: 32, width: 4 });
    expect(backboneConfig("test", teacher, "resnet50")).toEqual({ ...base, stride: "1x1" });
    expect(backboneConfig("test", teacher, { frozenStages: 2 })).toEqual({ ...teacher, frozenStages: 2 });
    expect(backboneConfig("test", base, "resnext-tiny-2x4d")).toMatchObject({ groups: 2, width: 4, frozenStages: -1, norm: { kind: "group" } });
    expect(backboneConfig("test", base, regnet("y-tiny", { norm: { kind: "affine" } }))).toMatchObject({ frozenStages: -1, norm: { kind: "affine" } });
  });

  it.each<[string, () => unknown, string]>([
    ["depth", () => resnet(51 as 50), "resnet depth is 51; allowed: 18, 34, 50, 101, 152, tiny"],
    ["style", () => resnet(50, { style: "msra" as "caffe" }), 'resnet style is "msra"; allowed: "pytorch", "caffe"'],
    ["member", () => regnet("x-1gf"), 'backbone "regnet-x-1gf" is unknown'],
    ["option", () => backboneConfig("fcos", base, { depth: 50 } as Description), 'fcos backbone has no option "depth"; allowed: name, norm'],
    ["frozen stages", () => backboneConfig("fcos", base, resnet(50, { frozenStages: 5 })), "fcos option backbone.frozenStages is 5; it must be a whole number from -1 to 4"],
    ["groups of a basic block", () => backboneConfig("fcos", base, resnet(18, { groups: 2 })), "it must be a network of bottlenecks"],
    ["deformation of a RegNet", () => backboneConfig("fcos", base, { name: "regnet-x-400mf", dcn: { stages: [3] } }), "deformable convolutions are built into ResNet and ResNeXt"],
    ["deformed stage", () => backboneConfig("fcos", base, resnet(50, { dcn: { stages: [6] } })), "backbone.dcn.stages[0] is 6; it must be a whole number from 2 to 5"],
    ["deformation's option", () => backboneConfig("fcos", base, resnet(50, { dcn: { stages: [3], type: "DCN" } as never })), 'fcos backbone dcn has no option "type"; allowed: stages, version, deformGroups'],
  ])("a wrong %s is named", (_, make, message) => {
    expect(make).toThrow(message);
  });
});

describe("networks", () => {
  const tiny: Description[] = [resnet("tiny"), resnet("tiny", { groups: 4, width: 2 }), resnet("tiny", { dcn: { stages: [3, 4, 5], version: 1 } }), resnet("tiny", { groups: 2, width: 4, dcn: { stages: [2, 5], deformGroups: 2 } }), regnet("x-tiny"), regnet("y-tiny")];

  it.each(tiny.map((one) => [JSON.stringify(one), one] as const))("%s gives maps of strides 4 to 32, trains every parameter and leaves no tensor", (_, description) => {
    withBackbone(description, (network, store) => {
      const step = () => tf.tidy(() => {
        const images = normal([2, 64, 96, 3], "images") as tf.Tensor4D;
        expect(network.extract(images).map((map) => map.shape)).toEqual(network.channels.map((channels, s) => [2, 16 >> s, 24 >> s, channels]));
        const variables = store.list().filter(({ frozen }) => !frozen).map(({ variable }) => variable);
        expect(variables.length).toBe(store.list().length);
        const result = gradients(() => {
          const loss: tf.Scalar = tf.addN(network.extract(images).map((map) => tf.mean<tf.Scalar>(tf.square(map))));
          return { loss, values: tf.reshape(loss, [1]) };
        }, variables);
        for (const [i, gradient] of result.gradients.entries()) {
          const { name } = store.list()[i];
          expect(gradient, name).not.toBeNull();
          expect(Number.isFinite(tf.sum(tf.abs(gradient!)).dataSync()[0]), name).toBe(true);
          if (name.includes("conv_offset")) expect(tf.max(tf.abs(gradient!)).dataSync()[0], name).toBeGreaterThan(0);
        }
      });
      step();
      expectNoLeak(step);
    });
  });

  it("a 1 × 1 image passes through every family", () => {
    for (const description of tiny) withBackbone(description, (network) => tf.tidy(() => { expect(network.extract(tf.ones([1, 1, 1, 3])).map((map) => map.shape.slice(0, 3))).toEqual([[1, 1, 1], [1, 1, 1], [1, 1, 1], [1, 1, 1]]); }));
  });

  it("deformable convolutions start as plain ones, modulated by a half in version 2", () => {
    const image = tf.tidy(() => normal([1, 32, 64, 3], "image")) as tf.Tensor4D;
    const outputs = (dcn: BackboneConfig["dcn"], factor = 1) => withBackbone(resnet("tiny", { norm: { kind: "frozen" }, ...(dcn && { dcn }) }), (network, store) => tf.tidy(() => {
      const deformed = store.list().filter(({ name }) => /layer[234]\.0\.conv2\.weight/.test(name));
      for (const { variable } of deformed) variable.assign(tf.mul(variable, factor));
      return network.extract(image).map((map) => map.dataSync());
    }));
    const plain = outputs(undefined);
    for (const [s, map] of outputs({ stages: [3, 4, 5], version: 1 }).entries()) expectClose(map, plain[s], { absolute: 1e-4, relative: 1e-4 });
    for (const [s, map] of outputs({ stages: [3, 4, 5], version: 2 }, 2).entries()) expectClose(map, plain[s], { absolute: 1e-4, relative: 1e-4 });
    image.dispose();
  });

  it("freezes stem and stages, and nothing of a tiny network unless asked", () => {
    const frozen = (description: Description) => withBackbone(description, (_, store) => new Set(store.list().filter((one) => one.frozen && one.variable.rank === 4).map(({ name }) => /(stem|layer\d|block\d|conv1)/.exec(name.replace("backbone.body.", ""))![0])));
    expect([...frozen({ name: "regnet-x-tiny", frozenStages: 2 })]).toEqual(["stem", "block1", "block2"]);
    expect([...frozen(resnet("tiny", { frozenStages: 1 }))]).toEqual(["conv1", "layer1"]);
    expect([...frozen("regnet-y-tiny"), ...frozen("resnet-tiny")]).toEqual([]);
  });

  it("halves in the 3 × 3 or in the first 1 × 1: 4.09 or 3.86 · 10⁹ multiply-adds of ResNet-50 with its classifier (the latter in He et al. 2016)", () => {
    const operations = (style: "pytorch" | "caffe") => withBackbone(resnet(50, { style }), (network) => countMultiplyAdds(() => { network.extract(tf.zeros([1, 224, 224, 3])); })) + 2048 * 1000;
    expect([operations("pytorch") / 1e9, operations("caffe") / 1e9].map((x) => x.toFixed(2))).toEqual(["4.09", "3.86"]);
  });
});

describe("parameter names", () => {
  const names = (description: Description, reference: ReferenceNames) => withBackbone(description, (_, store) => store.list().map(({ name }) => name), reference);
  const dcn = resnet("tiny", { dcn: { stages: [3] } });

  it("of deformable convolutions are mmdetection's and detectron2's", () => {
    expect(names(dcn, mmdetNames)).toEqual(expect.arrayContaining(["backbone.layer2.0.conv2.weight", "backbone.layer2.0.conv2.conv_offset.weight", "backbone.layer2.0.conv2.conv_offset.bias"]));
    expect(names(dcn, detectron2Names)).toEqual(expect.arrayContaining(["backbone.bottom_up.res3.0.conv2.weight", "backbone.bottom_up.res3.0.conv2_offset.weight", "backbone.bottom_up.res3.0.conv2_offset.bias"]));
    expect(names(dcn, mmdetNames).filter((name) => name.includes("offset"))).toHaveLength(2);
  });

  it("of RegNet are torchvision's, mmdetection's and detectron2's", () => {
    const frozen = regnet("y-tiny", { norm: { kind: "frozen" } });
    expect(names(frozen, torchvisionNames)).toEqual(expect.arrayContaining(["stem.0.weight", "stem.1.running_mean", "trunk_output.block2.block2-0.proj.1.bias", "trunk_output.block2.block2-0.f.b.0.weight", "trunk_output.block2.block2-0.f.se.fc1.bias"].map((name) => `backbone.body.${name}`)));
    expect(names(frozen, mmdetNames)).toEqual(expect.arrayContaining(["conv1.weight", "bn1.running_mean", "layer2.0.downsample.1.bias", "layer2.0.conv2.weight", "layer2.0.bn2.weight"].map((name) => `backbone.${name}`)));
    expect(names(frozen, detectron2Names)).toEqual(expect.arrayContaining(["stem.conv.weight", "stem.bn.running_mean", "s2.b1.bn.bias", "s2.b1.proj.weight", "s2.b1.f.b.weight", "s2.b1.f.b_bn.weight", "s2.b1.f.se.f_ex.2.bias"].map((name) => `backbone.bottom_up.${name}`)));
  });
});

describe("detectors", () => {
  it("take a description as their backbone and tell the neck its channels", () => {
    const detector = retinanet({ preset: "mmdet", backbone: regnet("y-tiny"), channels: 8, classes: 2, seed: 0, head: { convs: 1 } });
    tf.tidy(() => {
      expect(detector.extract(tf.zeros([1, 64, 64, 3])).map(({ shape }) => shape)).toEqual([8, 4, 2, 1, 1].map((side) => [1, side, side, 8]));
    });
    expect(detector.name).toBe("retinanet-mmdet-regnet-y-tiny");
    detector.dispose();
  });
});
