import * as tf from "@tensorflow/tfjs-core";
import type { Target } from "../data/batch.ts";
import type { NeckConfig } from "../detector/config.ts";
import type { Detector, Parameter } from "../detector/detector.ts";
import { convLayer, type Layer } from "../detector/layers.ts";
import { fpn, type Neck } from "../detector/necks/fpn.ts";
import { parameterStore, pytorchDefault, type ParameterStore } from "../detector/parameters.ts";
import { conv } from "../tensor/conv.ts";
import { addRelu } from "../tensor/elementwise.ts";
import { labelMaps, presentClasses, type LabelMapOptions } from "./label-maps.ts";
import type { StudentShape } from "./taught.ts";

/** How wide and deep the label encoding function is. */
export interface LabelEncodingWidths {
  /** Channels of the first convolution. Default half of C2's (published: 128). */
  readonly stem?: number;
  /**
   * Channels of C2, C3, … Default those that the student's neck reads, so that the neck can be inherited in step 2; of a
   * student that does not show its parameters, the published 256, 512, 1024, 2048.
   */
  readonly stages?: readonly number[];
  /** Bottlenecks per stage. Default 1, 2, 2, 1. */
  readonly blocks?: readonly number[];
}

/** What of the student's neck its strides do not tell. */
export type LabelEncodingNeck = Pick<NeckConfig, "extraFrom" | "extraRelu">;

export interface LabelEncodingOptions {
  readonly student: StudentShape & Partial<Pick<Detector, "parameters">>;
  readonly neck: LabelEncodingNeck;
  readonly widths?: LabelEncodingWidths;
  /** Default 0. */
  readonly seed?: number | string;
}

export interface Encodings {
  /** C2, C3, …: [B, H_s, W_s, C_s]. */
  readonly stages: readonly tf.Tensor4D[];
  /** In the shape of the student's pyramid. */
  readonly pyramid: readonly tf.Tensor4D[];
}

/** LabelEnc's encoder of ground truth. `saveWeights` and `loadWeights` take it as they take a detector. */
export interface LabelEncodingFunction extends Pick<Detector, "name" | "classes" | "channels" | "strides" | "parameters"> {
  /** Its pyramid's parameters, in the order of every detector's neck: laterals, outputs, extra levels. */
  neck(): readonly Parameter[];
  /** Labels of a batch padded to a size → encodings; tensors belong to the current tidy scope. */
  encode(targets: readonly Pick<Target, "boxes" | "labels">[], size: Omit<LabelMapOptions, "classes">): Encodings;
  dispose(): void;
}

/**
 * LabelEnc's label encoding function (Hao et al., ECCV 2020): label maps at input resolution → conv 7×7 / 2 → bottlenecks
 * without norm, each stage halving in its first 3×3 → a feature pyramid of the detector's type. Initialised as the official
 * code: He uniform (a = 1) weights, PyTorch's default in the first convolution and the biases of the bottlenecks.
 *
 * Label maps of classes that a batch does not have are all 0, so only the others are drawn and convolved.
 * @throws Error for widths that do not fit the student's levels
 */
export function labelEncodingFunction({ student, neck, widths = {}, seed = 0 }: LabelEncodingOptions): LabelEncodingFunction {
  const levels = levelsOf(student);
  const stages = stageWidths(student, levels.last - 1, widths);
  const blocks = widths.blocks ?? [1, 2, 2, 1];
  const store = parameterStore(seed);
  try {
    const stem = stemOf(store, student.classes, widths.stem ?? Math.max(1, stages[0] >> 1));
    const body = stages.map((_, s) => stage(store, { name: `body.stage${s + 2}`, input: s === 0 ? stem.channels : stages[s - 1], output: stages[s], blocks: blocks[s] ?? 1 }));
    const pyramid = pyramidOf(store, { ...levels, ...neck }, { inputs: stages.slice(levels.first - 2), channels: student.channels });
    return {
      name: `label-encoding-${stages.join("-")}`,
      classes: student.classes,
      channels: student.channels,
      strides: student.strides,
      parameters: () => store.list().map((parameter) => ({ ...parameter, group: "distill" })),
      neck: () => store.list().filter(({ group }) => group === "neck"),
      encode: (targets, size) => {
        checkLabels(targets, student.classes);
        const maps = body.reduce<tf.Tensor4D[]>((done, layer) => [...done, layer(done[done.length - 1])], [stem.run(targets, size)]).slice(1);
        return { stages: maps, pyramid: pyramid(maps.slice(levels.first - 2)) };
      },
      dispose: () => store.dispose(),
    };
  } catch (error) {
    store.dispose();
    throw error;
  }
}

interface Levels {
  /** First and last stage that enter the pyramid: 2 is C2. */
  readonly first: number;
  readonly last: number;
  readonly extraLevels: number;
}

/** Which stages (C5 at most) and how many extra levels make the student's strides. */
function levelsOf({ name, strides }: StudentShape): Levels {
  const first = Math.log2(strides[0]);
  const halving = strides.every((stride, l) => stride === 2 ** (first + l));
  if (!Number.isInteger(first) || first < 2 || first > 5 || !halving) throw new Error(`labelEnc: the student ${name} has levels of strides ${strides.join(", ")}; the encoder has powers of two that double, from 4 to 32 for the first`);
  const last = Math.min(5, first + strides.length - 1);
  return { first, last, extraLevels: first + strides.length - 1 - last };
}

function stageWidths(student: LabelEncodingOptions["student"], count: number, { stages, blocks }: LabelEncodingWidths): readonly number[] {
  const given = stages ?? widthsOfNeck(student, count) ?? [256, 512, 1024, 2048].slice(0, count);
  const whole = [...given, ...(blocks ?? [])].every((n) => Number.isInteger(n) && n > 0);
  if (given.length !== count || !whole) throw new Error(`labelEnc: widths.stages is [${given.join(", ")}]${blocks ? ` and widths.blocks [${blocks.join(", ")}]` : ""}; the student ${student.name} needs ${count} stages, of whole numbers from 1`);
  return given;
}

/** What the student's 1×1 laterals read; stages before the first of them halve its width. */
function widthsOfNeck({ parameters }: LabelEncodingOptions["student"], count: number): number[] | undefined {
  const shapes = (parameters?.() ?? []).filter(({ group }) => group === "neck").map(({ variable }): readonly number[] => variable.shape);
  const read = shapes.filter((shape) => shape.length === 4 && shape[0] === 1 && shape[1] === 1).map((shape) => shape[2]);
  if (read.length === 0 || read.length > count) return undefined;
  const before = Array.from({ length: count - read.length }, (_, i) => Math.max(1, read[0] >> (count - read.length - i)));
  return [...before, ...read];
}

interface Stem {
  readonly channels: number;
  run(targets: readonly Pick<Target, "boxes" | "labels">[], size: Omit<LabelMapOptions, "classes">): tf.Tensor4D;
}

/** conv 7×7 / 2 of the label maps, by the filter's inputs that the batch has objects of. */
function stemOf(store: ParameterStore, classes: number, channels: number): Stem {
  const initialiser = pytorchDefault(49 * classes);
  const filter = store.add({ name: "body.stage1.weight", shape: [7, 7, classes, channels], initialiser, group: "backbone" }) as tf.Variable<tf.Rank.R4>;
  const bias = store.add({ name: "body.stage1.bias", shape: [channels], initialiser, group: "backbone", role: "bias" }) as tf.Variable<tf.Rank.R1>;
  return {
    channels,
    run: (targets, size) => {
      const present = presentClasses(targets);
      const map = tf.tensor4d(labelMaps(targets, { ...size, classes: present }), [targets.length, size.height, size.width, present.length]);
      return conv(map, tf.gather<tf.Tensor4D>(filter, tf.tensor1d(present, "int32"), 2), { stride: 2, padding: 3, bias });
    },
  };
}

function stage(store: ParameterStore, { name, input, output, blocks }: { readonly name: string; readonly input: number; readonly output: number; readonly blocks: number }): Layer {
  const layers = Array.from({ length: blocks }, (_, i) => bottleneck(store, { name: blocks === 1 ? name : `${name}.${i}`, input: i === 0 ? input : output, output, stride: i === 0 ? 2 : 1 }));
  return (x) => layers.reduce((y, layer) => layer(y), x);
}

/** 1×1, 3×3 (which carries the stride), 1×1 and the sum, no norm; the shortcut has no bias. */
function bottleneck(store: ParameterStore, { name, input, output, stride }: { readonly name: string; readonly input: number; readonly output: number; readonly stride: number }): Layer {
  const middle = Math.max(1, output >> 2);
  const layer = (part: string, from: number, to: number, kernel: number, more: { readonly stride?: number; readonly relu?: boolean; readonly bias?: boolean }) => {
    const fan = kernel * kernel * from;
    return convLayer(store, { name: `${name}.${part}`, input: from, output: to, kernel, group: "backbone", initialiser: { kind: "kaiming-uniform", fan }, biasInitialiser: pytorchDefault(fan), ...more });
  };
  const shortcut = input === output && stride === 1 ? (x: tf.Tensor4D) => x : layer("downsample.0", input, output, 1, { stride, bias: false });
  const first = layer("con1", input, middle, 1, { relu: true });
  const second = layer("con2", middle, middle, 3, { stride, relu: true });
  const third = layer("con3", middle, output, 1, {});
  return (x) => addRelu(third(second(first(x))), shortcut(x));
}

function pyramidOf(store: ParameterStore, { first, last, extraLevels, extraFrom, extraRelu }: Levels & LabelEncodingNeck, { inputs, channels }: { readonly inputs: readonly number[]; readonly channels: number }): Neck {
  return fpn(store, {
    inputs, channels, extraLevels, extraFrom, extraRelu,
    names: { lateral: (l) => `fpn.fpn_inner${l + first - 1}`, output: (l) => `fpn.fpn_layer${l + first - 1}`, extra: (i) => `fpn.top_blocks.p${last + 1 + i}` },
    initialiser: (fan) => ({ kind: "kaiming-uniform", fan }),
  });
}

function checkLabels(targets: readonly Pick<Target, "labels">[], classes: number): void {
  const wrong = targets.flatMap(({ labels }) => [...labels]).find((label) => !(label >= 0 && label < classes));
  if (wrong !== undefined) throw new Error(`labelEnc: a box has class ${wrong}; the encoder was built for classes 0 to ${classes - 1}`);
}
