import type * as tf from "@tensorflow/tfjs-core";
import { addRelu } from "../../tensor/elementwise.ts";
import { maxPool } from "../../tensor/max-pool.ts";
import { convLayer, sequence, type ConvSpec, type Layer, type Norm } from "../layers.ts";
import type { ParameterStore } from "../parameters.ts";
import type { Backbone } from "./backbone.ts";
import type { DeformableConfig } from "./config.ts";
import { resNetStructures, type ResNetDepth } from "./resnet-structures.ts";
import { run } from "./run.ts";

export { resNetDepths, type ResNetDepth } from "./resnet-structures.ts";


export interface ResNetOptions {
  readonly depth: ResNetDepth;
  /** Where a bottleneck halves the resolution: `3x3` (torchvision, "pytorch" style) or `1x1` (MSRA, "caffe" style). Default `3x3`. */
  readonly stride?: "3x3" | "1x1";
  /** Groups of the 3×3 convolution (ResNeXt's cardinality). Default 1. */
  readonly groups?: number;
  /** Channels per group of the first stage's 3×3 convolution (64 is ResNet, 4 with 32 groups ResNeXt-32×4d). Default the first stage's channels: 64. */
  readonly width?: number;
  /** Default frozen BatchNorm. */
  readonly norm?: Norm;
  /** −1 trains everything, 0 freezes the stem, n also the first n stages. Default −1. */
  readonly frozenStages?: number;
  /** Deformable 3×3 convolutions. Default none. */
  readonly dcn?: DeformableConfig;
  /** Number of stages. Default 4. */
  readonly stages?: number;
  /** Default torchvision's names. */
  readonly names?: ResNetNames;
}

/** Parameter names of one convolution (`stage` 1 to 4) and its norm; `offset` makes the offsets of a deformable 3×3. */
export type ResNetNames = (part: { readonly stage?: number; readonly block?: number; readonly layer: "conv1" | "conv2" | "conv3" | "shortcut" | "offset" }) => {
  readonly name: string;
  readonly normName: string;
};

/** torchvision's and mmdet's: `layer1.0.conv1`, `layer1.0.bn1`, `layer1.0.downsample.0`, `layer2.0.conv2.conv_offset`. */
export function torchvisionResNetNames(prefix = ""): ResNetNames {
  return ({ stage, block, layer }) => {
    const place = stage === undefined ? prefix : `${prefix}layer${stage}.${block}.`;
    if (layer === "shortcut") return { name: `${place}downsample.0`, normName: `${place}downsample.1` };
    if (layer === "offset") return { name: `${place}conv2.conv_offset`, normName: "" };
    return { name: place + layer, normName: place + layer.replace("conv", "bn") };
  };
}

/** detectron2's: `stem.conv1`, `res2.0.conv1`, `res2.0.conv1.norm`, `res2.0.shortcut`, `res3.0.conv2_offset`. */
export function detectron2ResNetNames(prefix = ""): ResNetNames {
  return ({ stage, block, layer }) => {
    const part = layer === "offset" ? "conv2_offset" : layer;
    const name = stage === undefined ? `${prefix}stem.${part}` : `${prefix}res${stage + 1}.${block}.${part}`;
    return { name, normName: `${name}.norm` };
  };
}

export interface ResNet extends Backbone {
  /** The first convolution's output, before the max pool. */
  stem(images: tf.Tensor4D): tf.Tensor4D;
}

/** ResNet (He et al. 2016), wide ResNet (Zagoruyko & Komodakis 2016) and ResNeXt (Xie et al. 2017). */
export function resNet(store: ParameterStore, options: ResNetOptions): ResNet {
  const { depth, frozenStages = -1, stages: count = 4 } = options;
  const structure = resNetStructures[depth];
  const expansion = structure.block === "bottleneck" ? 4 : 1;
  const plan: BlockPlan = {
    store,
    names: options.names ?? torchvisionResNetNames(),
    norm: options.norm ?? { kind: "frozen" },
    block: structure.block,
    strideIn1x1: options.stride === "1x1",
    groups: options.groups ?? 1,
    width: options.width ?? structure.base,
    base: structure.base,
    dcn: options.dcn,
  };
  const stem = convLayer(store, { ...part(plan, { layer: "conv1" }, frozenStages >= 0), input: 3, output: structure.base, kernel: 7, stride: 2, relu: true });
  const channels = [1, 2, 4, 8].slice(0, count).map((factor) => factor * structure.base);
  const stages = channels.map((planes, s) => {
    const input = s === 0 ? structure.base : channels[s - 1] * expansion;
    return stage(plan, { stage: s + 1, input, planes, output: planes * expansion, blocks: structure.blocks[s], stride: s === 0 ? 1 : 2, frozen: frozenStages > s });
  });
  const whole = [(x: tf.Tensor4D) => maxPool(stem(x), stemPool), ...stages];
  return { channels: channels.map((planes) => planes * expansion), stem, extract: (images) => run(whole, images, frozenStages + 1) };
}

/** Between stem and first stage. */
export const stemPool = { size: 3, stride: 2, padding: 1 } as const;

interface BlockPlan {
  readonly store: ParameterStore;
  readonly names: ResNetNames;
  readonly norm: Norm;
  readonly block: "basic" | "bottleneck";
  readonly strideIn1x1: boolean;
  readonly groups: number;
  readonly width: number;
  readonly base: number;
  readonly dcn: DeformableConfig | undefined;
}

interface BlockSpec {
  readonly stage: number;
  readonly block: number;
  readonly input: number;
  readonly planes: number;
  readonly output: number;
  readonly stride: number;
  readonly frozen: boolean;
}

function stage(plan: BlockPlan, spec: Omit<BlockSpec, "block"> & { readonly blocks: number }): Layer {
  const blocks = Array.from({ length: spec.blocks }, (_, b) => {
    const first = b === 0;
    return block(plan, { ...spec, block: b, input: first ? spec.input : spec.output, stride: first ? spec.stride : 1 });
  });
  return sequence(blocks);
}

/** y = relu(branch(x) + shortcut(x)); the shortcut is a 1×1 convolution where the shape changes. */
function block(plan: BlockPlan, spec: BlockSpec): Layer {
  const { input, output, stride, frozen } = spec;
  const branch = plan.block === "basic" ? basicBranch(plan, spec) : bottleneckBranch(plan, spec);
  const shortcut = stride === 1 && input === output
    ? undefined
    : convLayer(plan.store, { ...part(plan, { ...spec, layer: "shortcut" }, frozen), input, output, kernel: 1, stride });
  return (x) => addRelu(branch(x), shortcut === undefined ? x : shortcut(x));
}

function basicBranch(plan: BlockPlan, spec: BlockSpec): Layer {
  const { input, planes, stride, frozen } = spec;
  const first = convLayer(plan.store, { ...part(plan, { ...spec, layer: "conv1" }, frozen), input, output: planes, kernel: 3, stride, relu: true });
  const second = convLayer(plan.store, { ...part(plan, { ...spec, layer: "conv2" }, frozen), input: planes, output: planes, kernel: 3 });
  return (x) => second(first(x));
}

function bottleneckBranch(plan: BlockPlan, spec: BlockSpec): Layer {
  const { input, planes, output, stride, frozen } = spec;
  const inner = Math.floor((planes * plan.width) / plan.base) * plan.groups;
  const [s1, s3] = plan.strideIn1x1 ? [stride, 1] : [1, stride];
  const common = (layer: "conv1" | "conv2" | "conv3") => part(plan, { ...spec, layer }, frozen);
  const reduce = convLayer(plan.store, { ...common("conv1"), input, output: inner, kernel: 1, stride: s1, relu: true });
  const middle = convLayer(plan.store, { ...common("conv2"), input: inner, output: inner, kernel: 3, stride: s3, groups: plan.groups, relu: true, ...deformation(plan, spec) });
  const expand = convLayer(plan.store, { ...common("conv3"), input: inner, output, kernel: 1 });
  return sequence([reduce, middle, expand]);
}

/** `dcn.stages` counts as the pyramid does: C2 is the first stage. */
function deformation({ dcn, names }: BlockPlan, { stage, block }: BlockSpec): Pick<ConvSpec, "deform"> {
  if (!dcn?.stages.includes(stage + 1)) return {};
  return { deform: { version: dcn.version ?? 2, groups: dcn.deformGroups ?? 1, name: names({ stage, block, layer: "offset" }).name } };
}

function part(plan: BlockPlan, where: Parameters<ResNetNames>[0], frozen: boolean): Pick<ConvSpec, "name" | "normName" | "norm" | "group" | "frozen"> {
  return { ...plan.names(where), norm: plan.norm, group: "backbone", frozen };
}
