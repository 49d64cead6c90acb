import { describe, expect, it } from "vitest";
import { resolveAtss } from "../../../../lib/detector/options/atss.ts";
import { resolveCascadeRcnn } from "../../../../lib/detector/options/cascade-rcnn.ts";
import { resolveFasterRcnn } from "../../../../lib/detector/options/faster-rcnn.ts";
import { resolveFcos } from "../../../../lib/detector/options/fcos.ts";
import { resolveGfl } from "../../../../lib/detector/options/gfl.ts";
import { resolveMaskRcnn } from "../../../../lib/detector/options/mask-rcnn.ts";
import { resolveRetinaNet } from "../../../../lib/detector/options/retinanet.ts";
import { atssPresets } from "../../../../lib/detector/presets/atss.ts";
import { cascadeRcnnPresets } from "../../../../lib/detector/presets/cascade-rcnn.ts";
import { fasterRcnnPresets } from "../../../../lib/detector/presets/faster-rcnn.ts";
import { fcosPresets } from "../../../../lib/detector/presets/fcos.ts";
import { gflPresets } from "../../../../lib/detector/presets/gfl.ts";
import { maskRcnnPresets } from "../../../../lib/detector/presets/mask-rcnn.ts";
import { retinaNetPresets } from "../../../../lib/detector/presets/retinanet.ts";

type Options = Readonly<Record<string, unknown>>;
type Presets = Readonly<Record<string, { readonly names: unknown; readonly recipe: { readonly classes: number }; readonly losses?: unknown }>>;
type Case = readonly [change: Options, message: string];

type Name = "retinanet" | "fcos" | "atss" | "gfl" | "fasterRcnn" | "maskRcnn" | "cascadeRcnn";

/** The resolver of untyped options, as JavaScript and notebooks call it. */
const untyped = (resolver: unknown) => resolver as (options: unknown) => Options;

const detectors: Readonly<Record<Name, { readonly resolve: (options: unknown) => Options; readonly presets: Presets }>> = {
  retinanet: { resolve: untyped(resolveRetinaNet), presets: retinaNetPresets },
  fcos: { resolve: untyped(resolveFcos), presets: fcosPresets },
  atss: { resolve: untyped(resolveAtss), presets: atssPresets },
  gfl: { resolve: untyped(resolveGfl), presets: gflPresets },
  fasterRcnn: { resolve: untyped(resolveFasterRcnn), presets: fasterRcnnPresets },
  maskRcnn: { resolve: untyped(resolveMaskRcnn), presets: maskRcnnPresets },
  cascadeRcnn: { resolve: untyped(resolveCascadeRcnn), presets: cascadeRcnnPresets },
};
const names = Object.keys(detectors) as Name[];
const dense: readonly Name[] = ["retinanet", "fcos", "atss", "gfl"];
const twoStage: readonly Name[] = ["fasterRcnn", "maskRcnn", "cascadeRcnn"];

/** Words for what is allowed, by kind of option. */
const allowed = {
  whole: "a whole number from 1", from0: "a finite number from 0", above0: "a finite number above 0",
  fraction: "between 0 and 1", share: "above 0 and at most 1", flag: "true, false",
} as const;
const bad = {
  whole: [0, 1.5, NaN, Infinity, "3", null, [2]], from0: [-1, NaN, Infinity, "0"], above0: [0, -1, NaN, Infinity, true],
  fraction: [-0.1, 1.1, NaN, Infinity, "0.5"], share: [0, -0.1, 1.1, NaN, Infinity], flag: ["yes", 1, null],
} as const;

/** `path` and values for it as the options object that says them. */
const at = (path: string, value: unknown): Options => path.split(".").reduceRight<unknown>((inner, key) => ({ [key]: inner }), value) as Options;
const shown = (value: unknown): string => (typeof value === "string" || (typeof value === "object" && value !== null) ? JSON.stringify(value) : String(value));

/** One case per wrong value of an option of this kind. */
const wrong = (kind: keyof typeof allowed, ...paths: readonly string[]): Case[] =>
  paths.flatMap((path) => bad[kind].map((value): Case => [at(path, value), `option ${path} is ${shown(value)}; it must be ${allowed[kind]}`]));
/** A word that the option does not know, and another kind of value. */
const unknownWord = (path: string, words: string): Case[] =>
  ["none at all", 3, null].map((value) => [at(path, value), `option ${path} is ${shown(value)}; it must be ${words}`]);

const norms = '{ kind: "frozen" }, { kind: "affine" } or { kind: "group", groups: a whole number }';
const outer = ["level", "image"];
const quoted = (...words: readonly string[]) => words.map((word) => `"${word}"`).join(", ");

const everyDetector: readonly Case[] = [
  ...wrong("whole", "classes", "channels"),
  [{ seed: NaN }, "option seed is NaN; it must be a finite number"],
  [{ seed: "1" }, 'option seed is "1"; it must be a finite number'],
  [{ name: 5 }, "option name is 5; it must be a text"],
  [{ depth: 50 }, 'has no option "depth"; allowed: preset, classes, seed, name, channels, backbone, neck'],
  [{ recipe: { classes: 3 } }, 'has no option "recipe"'],
  [{ names: {} }, 'has no option "names"'],
  [{ preset: 5 }, "is unknown; allowed: "],
  ...["constructor", "toString", "__proto__", "yolo"].map((preset): Case => [{ preset }, `preset "${preset}" of `]),
  [{ backbone: "vgg-16" }, 'backbone "vgg-16" is unknown; allowed: resnet-<depth>'],
  [{ backbone: 50 }, "option backbone is 50; it must be a record of name, norm"],
  [{ backbone: null }, "option backbone is null; it must be a record of name, norm"],
  ...[-2, 5, 1.5, NaN, "1"].map((stages): Case => [{ backbone: { frozenStages: stages } }, `option backbone.frozenStages is ${shown(stages)}; it must be a whole number from -1 to 4`]),
  [{ backbone: { name: "resnet-50", norm: "frozen" } }, `option backbone.norm is "frozen"; it must be ${norms}`],
  [{ backbone: { name: "resnet-50", norm: { kind: "batch" } } }, `option backbone.norm is {"kind":"batch"}; it must be ${norms}`],
  [{ backbone: { name: "tiny-8", norm: { kind: "frozen" } } }, "it must be left out for tiny-8: its norm is GroupNorm"],
  [{ backbone: { name: "regnet-x-400mf", groups: 32 } }, "option backbone.groups is 32; it must be left out for regnet-x-400mf"],
  [{ neck: 3 }, "option neck is 3; it must be a record of first, last, extraLevels"],
  [{ neck: { levels: 5 } }, 'neck has no option "levels"; allowed: first, last, extraLevels, extraFrom, extraRelu, initialiser'],
  [{ neck: { first: 1 } }, "option neck.first is 1; it must be a whole number from 2 to 5"],
  [{ neck: { first: 5 } }, "option neck.last is 4; it must be a whole number from neck.first (5) to 5"],
  [{ neck: { last: 5 } }, "is 3 levels; it must be one "],
  [{ neck: { extraLevels: -1 } }, "option neck.extraLevels is -1; it must be a whole number from 0 to 4"],
  ...unknownWord("neck.extraFrom", quoted("c5", "lateral", "p5", "pool")),
  ...unknownWord("neck.initialiser", quoted("kaiming-uniform", "xavier-uniform")),
  ...wrong("flag", "neck.extraRelu"),
  ...wrong("fraction", "decode.scoreThreshold", "decode.nms"),
  ...wrong("whole", "decode.maxDetections"),
];

const everyDense: readonly Case[] = [
  [{ head: { convs: 17 } }, "option head.convs is 17; it must be a whole number from 0 to 16"],
  ...["batch", 3, null, { groups: 4 }].map((norm): Case => [{ head: { norm } }, `option head.norm is ${shown(norm)}; it must be `]),
  [{ head: { norm: "gn" } }, `option head.norm is "gn"; it must be "none", "auto", ${norms}`],
  [{ head: { norm: { kind: "group", groups: 0 } } }, "option head.norm.groups is 0; it must be a whole number from 1"],
  [{ head: { norm: { kind: "frozen", groups: 2 } } }, 'head norm has no option "groups"; allowed: kind'],
  [{ head: { norm: { kind: "group", groups: 7 } } }, 'it must be a norm whose groups divide the head\'s 32 channels, or "auto"'],
  ...[0, 1, -0.5, NaN, "0.01"].map((prior): Case => [{ head: { prior } }, `option head.prior is ${shown(prior)}; it must be above 0 and below 1`]),
  ...wrong("whole", "decode.perLevel"),
  ...unknownWord("decode.clip", 'true, false, "after"'),
  [{ decode: { minSize: NaN } }, "option decode.minSize is NaN; it must be a finite number"],
];

/** Where these parts stand: `rpn.anchors`, `anchors`, … */
const anchors = (part: string): Case[] => [
  [at(`${part}.sizes`, [32, 64, 128]), `option ${part}.sizes[0] is 32; it must be a list of finite numbers above 0`],
  [at(`${part}.sizes`, [[8], [16], [-1]]), `option ${part}.sizes[2][0] is -1; it must be a finite number above 0`],
  [at(`${part}.sizes`, [[8], [16], []]), `option ${part}.sizes[2] is []; it must be a list of finite numbers above 0`],
  [at(`${part}.ratios`, []), `option ${part}.ratios is []; it must be a list of finite numbers above 0`],
  [at(`${part}.ratios`, [1, Infinity]), `option ${part}.ratios[1] is Infinity; it must be a finite number above 0`],
  ...wrong("flag", `${part}.rounded`),
  ...unknownWord(`${part}.outer`, quoted("ratio", "size")),
  ...unknownWord(`${part}.strides`, quoted(...outer)),
];
const coder = (part: string): Case[] => [
  ...[0, -1, NaN, Infinity].map((weight): Case => [at(`${part}.weights`, [1, 1, weight, 1]), `option ${part}.weights[2] is ${weight}; it must be a finite number above 0`]),
  ...[[1, 1], 1, null].map((weights): Case => [at(`${part}.weights`, weights), `option ${part}.weights is ${shown(weights)}; it must be four numbers above 0, of dx, dy, dw, dh`]),
  ...unknownWord(`${part}.clamp`, quoted("above", "both")),
  ...unknownWord(`${part}.single`, quoted("encode", "both")),
  ...wrong("above0", `${part}.centreClamp`),
];
const assign = (part: string): Case[] => [
  ...wrong("share", `${part}.positive`),
  ...wrong("fraction", `${part}.negative`, `${part}.minPositive`),
  [at(part, { positive: 0.4, negative: 0.6 }), `option ${part}.negative is 0.6; it must be at most ${part}.positive (0.4)`],
  ...unknownWord(`${part}.lowQuality`, quoted("none", "own", "served", "served-first")),
];
const sampling = (part: string): Case[] => [...wrong("whole", `${part}.count`), ...wrong("share", `${part}.positiveFraction`)];
const focal: readonly Case[] = [...wrong("fraction", "focal.alpha"), ...wrong("from0", "focal.gamma"), [{ focal: { beta: 1 } }, 'focal has no option "beta"; allowed: alpha, gamma']];
const region = (path: string): Case[] => unknownWord(path, quoted("all", "centre", "whole"));
const singleAnchor: readonly Case[] = [
  ...anchors("anchors"), ...wrong("whole", "assign.candidates"), ...region("region"),
  [{ anchors: { ratios: [1, 2] } }, 'option anchors is {"sizes":[[20],[40],[80]],"ratios":[1,2]}; it must be one size per level and one ratio: the head has one prior per cell'],
  [{ anchors: { sizes: [[8], [16], [32, 40]] } }, "the head has one prior per cell"],
];
const equalSizes = (part: string): Case => [at(`${part}.sizes`, [[8], [16], [32, 40]]), `option ${part}.sizes is [[8],[16],[32,40]]; it must be equally many sizes on every level`];
const boxHead: readonly Case[] = [
  ...sampling("box.sampling"), ...wrong("from0", "box.beta"),
  [{ box: { size: [7] } }, "option box.size is [7]; it must be rows and columns, as [7, 7]"],
  [{ box: { size: [7, 0] } }, "option box.size[1] is 0; it must be a whole number from 1"],
  [{ box: { hidden: [] } }, "option box.hidden is []; it must be the widths of one hidden layer or more, as [1024, 1024]"],
  [{ box: { hidden: [NaN] } }, "option box.hidden[0] is NaN; it must be a whole number from 1"],
  ...unknownWord("box.background", quoted("first", "last")),
  ...unknownWord("box.truth", quoted("append", "prepend", "none")),
  ...unknownWord("box.initialiser", quoted("torchvision", "mmdet", "detectron2")),
];
const oneBoxHead: readonly Case[] = [...assign("box.assign"), ...coder("box.coder"), ...wrong("flag", "box.agnostic")];
const everyTwoStage: readonly Case[] = [
  ...anchors("rpn.anchors"), equalSizes("rpn.anchors"), ...assign("rpn.assign"), ...coder("rpn.coder"), ...sampling("rpn.sampling"), ...boxHead,
  ...wrong("from0", "rpn.beta", "rpn.train.minSize", "rpn.test.minSize", "decode.minSize"),
  ...wrong("whole", "rpn.train.perLevel", "rpn.train.total", "rpn.test.perLevel", "rpn.test.total"),
  ...wrong("fraction", "rpn.train.nms", "rpn.train.scoreThreshold", "rpn.test.nms", "rpn.test.scoreThreshold"),
  ...region("rpn.region"),
  ...wrong("flag", "decode.dropEmpty"),
  ...unknownWord("rpn.normaliser", quoted("sampled", "sampled-or-one", "count")),
  [{ rpn: { train: { topk: 1 } } }, 'rpn train has no option "topk"; allowed: perLevel, total, nms, minSize, scoreThreshold'],
  ...unknownWord("roi.levels.kind", quoted("torchvision", "mmdet", "detectron2")),
  ...wrong("above0", "roi.levels.canonical"),
  ...wrong("flag", "roi.aligned"),
  [{ roi: { levels: { level: -1 } } }, "option roi.levels.level is -1; it must be a whole number from 0"],
  [{ roi: { samplingRatio: 0.5 } }, "option roi.samplingRatio is 0.5; it must be a whole number from 0"],
];
const masks: readonly Case[] = [
  ...["batch", "group", { kind: "instance" }].map((norm): Case => [{ mask: { norm } }, `option mask.norm is ${shown(norm)}; it must be `]),
  [{ mask: { norm: { kind: "group", groups: 5 } } }, 'option mask.norm is {"kind":"group","groups":5}; it must be a norm whose groups divide the head\'s 32 channels'],
  [{ mask: { size: [14, 7] } }, "option mask.size is [14,7]; it must be equally many rows and columns, as [14, 14]"],
  [{ mask: { size: 14 } }, "option mask.size is 14; it must be rows and columns, as [14, 14]"],
  [{ mask: { convs: -1 } }, "option mask.convs is -1; it must be a whole number from 0 to 16"],
  ...wrong("whole", "mask.channels"), ...wrong("from0", "mask.weight"), ...wrong("fraction", "mask.threshold"),
  ...wrong("flag", "mask.targets.aligned", "mask.targets.binary"),
  ...unknownWord("mask.map", quoted("class", "after-background", "only")),
  ...unknownWord("mask.targets.beyond", quoted("border", "nothing")),
  ...unknownWord("mask.paste", quoted("torchvision", "mmdet")),
  [{ mask: { stride: 1 } }, 'mask has no option "stride"; allowed: '],
];

const stages = cascadeRcnnPresets.tiny.stages;
const lastStage = (change: Options) => ({ stages: [stages[0], { ...stages[1], ...change }] });

const own: Readonly<Record<Name, readonly Case[]>> = {
  retinanet: [
    ...anchors("anchors"), equalSizes("anchors"), ...assign("assign"), ...coder("coder"), ...focal, ...wrong("from0", "boxLoss.weight", "boxLoss.beta"),
    ...region("region"),
    ...unknownWord("boxLoss.kind", quoted("l1", "smooth-l1", "giou")),
    [{ boxLoss: { kind: "l1", beta: 0.1 } }, 'option boxLoss.beta is 0.1; it must be left out with boxLoss.kind "l1": it belongs to "smooth-l1"'],
    [{ boxLoss: { kind: "giou", beta: 1 } }, 'option boxLoss.beta is 1; it must be left out with boxLoss.kind "giou"'],
    [{ boxLoss: { kind: "smooth-l1" } }, 'option boxLoss.beta is 0; it must be a finite number above 0 with boxLoss.kind "smooth-l1"; without it, say "l1"'],
    ...unknownWord("normaliser", quoted("image", "batch", "moving-average")),
    [{ decode: { score: "root" } }, 'decode has no option "score"'],
    [{ losses: ["a", "b"] }, 'has no option "losses"'],
  ],
  fcos: [
    ...focal, ...wrong("from0", "boxLoss.weight"), ...wrong("flag", "head.bias", "head.scales"),
    [{ assign: { ranges: [[-1, 16], [16, 32]] } }, "option assign.ranges is 2 levels; it must be one entry per level of the pyramid (3)"],
    [{ assign: { ranges: [[0, 16], [32, 16], [32, Infinity]] } }, "option assign.ranges is [32,16]; it must be pairs from – to in pixels, the first below the second"],
    [{ assign: { ranges: [[0, 16], [16, NaN], [32, Infinity]] } }, "option assign.ranges[1][1] is NaN; it must be a number of pixels, or Infinity"],
    [{ assign: { ranges: [[0], [16, 32], [32, 64]] } }, "option assign.ranges[0] is [0]; it must be pairs"],
    ...[0, -1, NaN].map((radius): Case => [{ assign: { radius } }, `option assign.radius is ${radius}; it must be above 0 (in strides), or Infinity to sample no centres`]),
    ...[1, -0.5, NaN].map((offset): Case => [{ points: { offset } }, `option points.offset is ${offset}; it must be from 0 to below 1`]),
    ...unknownWord("assign.bounds", quoted("inclusive", "exclusive")),
    ...unknownWord("points.strides", quoted(...outer)),
    ...unknownWord("head.centerness", quoted("class", "box")),
    ...unknownWord("head.activation", quoted("exp", "relu")),
    ...unknownWord("head.units", quoted("pixels", "strides")),
    ...unknownWord("boxLoss.kind", quoted("log", "giou")),
    ...unknownWord("boxLoss.weighting", quoted("centerness", "equal")),
    ...unknownWord("normaliser", quoted("batch", "moving-average")),
    ...unknownWord("decode.score", quoted("product", "root", "root-first")),
  ],
  atss: [...singleAnchor, ...coder("coder"), ...focal, ...wrong("from0", "boxLoss.weight"), ...unknownWord("decode.score", quoted("product", "root", "root-first"))],
  gfl: [
    ...singleAnchor, ...wrong("from0", "loss.beta", "loss.box", "loss.distribution"),
    ...[1, 257, 2.5, NaN].map((bins): Case => [{ head: { bins } }, `option head.bins is ${bins}; it must be a whole number from 2 to 256`]),
    [{ decode: { score: "root" } }, 'decode has no option "score"'],
  ],
  fasterRcnn: [...oneBoxHead, [{ mask: {} }, 'has no option "mask"']],
  maskRcnn: [...oneBoxHead, ...masks, [{ masks: true }, 'has no option "masks"']],
  cascadeRcnn: [
    ...masks, ...wrong("flag", "masks"),
    [{ box: { agnostic: false } }, 'box has no option "agnostic"'],
    [{ stages: [] }, "option stages is []; it must be a list of at least one stage"],
    [{ stages: stages[0] }, "it must be a list of at least one stage"],
    [lastStage({ weight: 0 }), "option stages[1].weight is 0; it must be a finite number above 0"],
    [lastStage({ weights: 1 }), 'stages[1] has no option "weights"; allowed: assign, coder, weight'],
    [lastStage({ coder: undefined }), "option stages[1].coder is undefined; it must be a record of weights, clamp"],
    [lastStage({ coder: { weights: [1, 1, 1, NaN], clamp: "both" } }), "option stages[1].coder.weights[3] is NaN"],
    [lastStage({ assign: { positive: 0.5, negative: 0.6, lowQuality: "none" } }), "option stages[1].assign.negative is 0.6; it must be at most stages[1].assign.positive (0.5)"],
  ],
};

describe.each(names)("options of %s", (name) => {
  const { resolve, presets } = detectors[name];
  const cases = [...everyDetector, ...(dense.includes(name) ? everyDense : []), ...(twoStage.includes(name) ? everyTwoStage : []), ...own[name]];

  it.each(cases)("%j is refused in words", (change, message) => {
    const call = () => resolve({ classes: 3, seed: 0, ...change });
    expect(call).toThrow(message);
    if (change.backbone !== "vgg-16") expect(call).toThrow(name);
  });

  it("must be a preset's name or a record, with classes and seed", () => {
    for (const [given, words] of [[undefined, "undefined"], [null, "null"], [3, "3"], [[], "[]"], [() => 1, "a function"]]) {
      expect(() => resolve(given)).toThrow(`${name} was given ${String(words)}; it takes a preset's name (${Object.keys(presets).join(", ")}) or options, as { classes: 80, seed: 0 }`);
    }
    expect(() => resolve("constructor")).toThrow(`preset "constructor" of ${name} is unknown; allowed: ${Object.keys(presets).join(", ")}`);
    expect(() => resolve({ seed: 0 })).toThrow(`${name} option classes is undefined; it must be a whole number from 1`);
    expect(() => resolve({ classes: 3 })).toThrow(`${name} option seed is undefined; it must be a finite number`);
  });

  it.each(Object.entries(presets))("of preset %s are its own, and stay so when all of them are given again", (preset, config) => {
    const { names: _n, recipe, losses: _l, ...parts } = config;
    const resolved = resolve(preset);
    expect(resolved).toMatchObject({ ...parts, classes: recipe.classes, seed: 0 });
    expect(resolve({ preset, classes: recipe.classes, seed: 0, ...parts })).toEqual(resolved);
  });

  it("that are undefined are the preset's", () => {
    const plain = resolve({ classes: 3, seed: 0 });
    expect(resolve({ classes: 3, seed: 0, preset: undefined, name: undefined, channels: undefined, backbone: undefined, neck: undefined, decode: { nms: undefined } })).toEqual(plain);
  });
});

describe("options that were once refused", () => {
  it("say how any coder clamps and rounds", () => {
    const coder = { centreClamp: 32, single: "both" } as const;
    expect(resolveFasterRcnn({ preset: "torchvision", classes: 3, seed: 0, rpn: { coder }, box: { coder } })).toMatchObject({ rpn: { coder: { clamp: "above", ...coder } }, box: { coder: { weights: [10, 10, 5, 5], ...coder } } });
    expect(resolveRetinaNet({ preset: "torchvision", classes: 3, seed: 0, coder }).coder).toEqual({ weights: [1, 1, 1, 1], clamp: "above", ...coder });
  });

  it("replace a norm whole, whatever the preset's", () => {
    expect(resolveRetinaNet({ preset: "torchvision-v2", classes: 3, seed: 0, head: { norm: { kind: "affine" } } }).head).toEqual({ convs: 4, norm: { kind: "affine" }, prior: 0.01 });
    expect(resolveMaskRcnn({ preset: "torchvision", classes: 3, seed: 0, mask: { norm: { kind: "group", groups: 32 } } }).mask.norm).toEqual({ kind: "group", groups: 32 });
  });

  it("take smooth L1 with its beta", () => {
    expect(resolveRetinaNet({ classes: 3, seed: 0, boxLoss: { kind: "smooth-l1", beta: 0.11 } }).boxLoss).toEqual({ kind: "smooth-l1", beta: 0.11, weight: 4 });
  });
});
