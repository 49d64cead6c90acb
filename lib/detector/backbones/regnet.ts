import type * as tf from "@tensorflow/tfjs-core";
import { addRelu } from "../../tensor/elementwise.ts";
import { convLayer, sequence, type ConvSpec, type Layer, type Norm } from "../layers.ts";
import type { ParameterStore } from "../parameters.ts";
import type { Backbone } from "./backbone.ts";
import { regNetStages, type RegNetName, type RegNetRounding } from "./regnet-stages.ts";
import { run } from "./run.ts";
import { squeezeExcitation } from "./squeeze-excitation.ts";

/** The convolutions of a block: 1×1, grouped 3×3, 1×1, and the 1×1 of the shortcut; of the stem its only one. */
export type RegNetLayer = "stem" | "a" | "b" | "c" | "shortcut";

/** How a reference implementation rounds widths, and its parameter names of the convolutions and their norms (`stage` from 1, `block` from 0) and of the squeeze-and-excitation. */
export interface RegNetNames {
  readonly rounding: RegNetRounding;
  conv(part: { readonly stage?: number; readonly block?: number; readonly layer: RegNetLayer }): { readonly name: string; readonly normName: string };
  /** Squeezing (1) and exciting (2) 1×1 convolution. */
  excitation(part: { readonly stage: number; readonly block: number; readonly layer: 1 | 2 }): string;
}

/** torchvision's: `stem.0`, `trunk_output.block1.block1-0.f.a.0`, `….f.se.fc1`, `….proj.0`. */
export function torchvisionRegNetNames(prefix = ""): RegNetNames {
  const place = (stage = 0, block = 0) => `${prefix}trunk_output.block${stage}.block${stage}-${block}.`;
  return {
    rounding: "torchvision",
    conv: ({ stage, block, layer }) => {
      const name = layer === "stem" ? `${prefix}stem` : `${place(stage, block)}${layer === "shortcut" ? "proj" : `f.${layer}`}`;
      return { name: `${name}.0`, normName: `${name}.1` };
    },
    excitation: ({ stage, block, layer }) => `${place(stage, block)}f.se.fc${layer}`,
  };
}

const mmdetLayers = { stem: "conv1", a: "conv1", b: "conv2", c: "conv3", shortcut: "downsample" } as const;

/** mmdetection's, which are its ResNet's: `conv1`, `layer1.0.conv1`, `layer1.0.downsample.0`. It has no squeeze-and-excitation. */
export function mmdetRegNetNames(prefix = ""): RegNetNames {
  return {
    rounding: "nearest",
    conv: ({ stage, block, layer }) => {
      const place = layer === "stem" ? prefix : `${prefix}layer${stage}.${block}.`;
      const name = place + mmdetLayers[layer];
      return layer === "shortcut" ? { name: `${name}.0`, normName: `${name}.1` } : { name, normName: name.replace(/conv(?=\d$)/, "bn") };
    },
    excitation: ({ stage, block, layer }) => `${prefix}layer${stage}.${block}.se.fc${layer}`,
  };
}

/** detectron2's, which are pycls': `stem.conv`, `s1.b1.f.a`, `s1.b1.f.a_bn`, `s1.b1.f.se.f_ex.0`, `s1.b1.proj`. */
export function detectron2RegNetNames(prefix = ""): RegNetNames {
  const place = (stage = 0, block = 0) => `${prefix}s${stage}.b${block + 1}.`;
  return {
    rounding: "nearest",
    conv: ({ stage, block, layer }) => {
      if (layer === "stem") return { name: `${prefix}stem.conv`, normName: `${prefix}stem.bn` };
      if (layer === "shortcut") return { name: `${place(stage, block)}proj`, normName: `${place(stage, block)}bn` };
      const name = `${place(stage, block)}f.${layer}`;
      return { name, normName: `${name}_bn` };
    },
    excitation: ({ stage, block, layer }) => `${place(stage, block)}f.se.f_ex.${2 * (layer - 1)}`,
  };
}

export interface RegNetOptions {
  readonly member: RegNetName;
  /** Default frozen BatchNorm. */
  readonly norm?: Norm;
  /** −1 trains everything, 0 freezes the stem, n also the first n stages. Default −1. */
  readonly frozenStages?: number;
  /** Number of stages. Default 4. */
  readonly stages?: number;
  /** Default torchvision's names. */
  readonly names?: RegNetNames;
}

export interface RegNet extends Backbone {
  /** The first convolution's output, of stride 2. */
  stem(images: tf.Tensor4D): tf.Tensor4D;
}

/** Channels that every member's stem has. */
const stemWidth = 32;

/** Share of a block's input channels that its squeeze-and-excitation keeps (RegNetY). */
const squeezeRatio = 0.25;

/**
 * RegNet (Radosavovic et al. 2020): a 3×3 stride-2 stem and four stages of residual bottlenecks without narrowing, each
 * halving the resolution in its first 3×3.
 */
export function regNet(store: ParameterStore, options: RegNetOptions): RegNet {
  const { member, frozenStages = -1, norm = { kind: "frozen" }, names = torchvisionRegNetNames() } = options;
  const plan: Plan = { store, norm, names, excited: member.startsWith("y") };
  const structure = regNetStages(member, names.rounding).slice(0, options.stages ?? 4);
  const stem = convLayer(store, { ...names.conv({ layer: "stem" }), ...common(norm, frozenStages >= 0), input: 3, output: stemWidth, kernel: 3, stride: 2, relu: true });
  const stages = structure.map(({ blocks, width, groupWidth }, s): Layer => {
    const entering = s === 0 ? stemWidth : structure[s - 1].width;
    const layers = Array.from({ length: blocks }, (_, block) =>
      residualBlock(plan, { stage: s + 1, block, input: block === 0 ? entering : width, width, groups: width / groupWidth, stride: block === 0 ? 2 : 1, frozen: frozenStages > s }));
    return sequence(layers);
  });
  return { channels: structure.map(({ width }) => width), stem, extract: (images) => run([stem, ...stages], images, frozenStages + 1) };
}

interface Plan {
  readonly store: ParameterStore;
  readonly norm: Norm;
  readonly names: RegNetNames;
  readonly excited: boolean;
}

interface BlockSpec {
  readonly stage: number;
  readonly block: number;
  readonly input: number;
  readonly width: number;
  readonly groups: number;
  readonly stride: number;
  readonly frozen: boolean;
}

function common(norm: Norm, frozen: boolean): Pick<ConvSpec, "norm" | "group" | "frozen"> {
  return { norm, group: "backbone", frozen };
}

/** y = relu(c(se(b(a(x)))) + shortcut(x)); the shortcut is a 1×1 convolution where the shape changes. */
function residualBlock(plan: Plan, spec: BlockSpec): Layer {
  const { input, width, groups, stride, frozen } = spec;
  const layer = (part: RegNetLayer, rest: Pick<ConvSpec, "input" | "kernel" | "stride" | "groups" | "relu">) =>
    convLayer(plan.store, { ...plan.names.conv({ ...spec, layer: part }), ...common(plan.norm, frozen), output: width, ...rest });
  const shortcut = stride === 1 && input === width ? undefined : layer("shortcut", { input, kernel: 1, stride });
  const a = layer("a", { input, kernel: 1, relu: true });
  const b = layer("b", { input: width, kernel: 3, stride, groups, relu: true });
  const excite = plan.excited ? excitation(plan, spec) : undefined;
  const c = layer("c", { input: width, kernel: 1 });
  return (x) => {
    const y = b(a(x));
    return addRelu(c(excite === undefined ? y : excite(y)), shortcut === undefined ? x : shortcut(x));
  };
}

function excitation({ store, names }: Plan, spec: BlockSpec): Layer {
  const part = (layer: 1 | 2) => names.excitation({ ...spec, layer });
  return squeezeExcitation(store, { channels: spec.width, squeezed: Math.round(squeezeRatio * spec.input), names: [part(1), part(2)], frozen: spec.frozen });
}
