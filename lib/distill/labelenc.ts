import type * as tf from "@tensorflow/tfjs-core";
import type { Batch } from "../data/batch.ts";
import type { Detector, Parameter, Prediction } from "../detector/detector.ts";
import { loadWeights } from "../detector/weights/load.ts";
import { random } from "../tensor/random.ts";
import { stopGradient, withoutTape } from "../tensor/stop-gradient.ts";
import { from, product, until } from "../train/schedule.ts";
import { checkChoices } from "./choices.ts";
import type { Distiller, Schedule, WeightedTerm } from "./distiller.ts";
import { inherit, type Inherited } from "./inherit.ts";
import { meanSquaredError } from "./js-distance.ts";
import { labelEncodingFunction, type LabelEncodingFunction, type LabelEncodingNeck, type LabelEncodingOptions } from "./label-encoding.ts";
import type { LabelMapOptions } from "./label-maps.ts";
import { conv3x3, parameterSet, type Conv, type ParameterSet } from "./layers.ts";
import { presetOf } from "./preset.ts";
import { standardise } from "./standardise.ts";

/** The encoder's pyramid by detector: of the official configurations (RetinaNet's USE_C5 true, FCOS's false); GFL's is mmdetection's neck. */
export const labelEncPresets = {
  retinanet: { extraFrom: "c5", extraRelu: true },
  fcos: { extraFrom: "p5", extraRelu: true },
  gfl: { extraFrom: "p5", extraRelu: false },
  fasterRcnn: { extraFrom: "pool", extraRelu: false },
} as const satisfies Record<string, LabelEncodingNeck>;

/** First iteration of the distance in the first step, where nobody says: the official script adds so many to its schedule. */
export const labelEncDistanceFrom = 30_000;

export interface LabelEncOptions extends Pick<LabelEncodingOptions, "student" | "widths">, Pick<LabelMapOptions, "emptyBoxes"> {
  /** 1 trains the encoder beside an auxiliary detector; 2 trains the detector that is wanted, under the finished encoder. */
  readonly step: 1 | 2;
  /**
   * Step 2: the encoder of step 1 (its method's `encoder`, which the caller disposes), or the file that `saveWeights` wrote of it.
   * Step 1 makes its own where none is given.
   */
  readonly encoder?: LabelEncodingFunction | string;
  /** Whose pyramid the encoder has. Default the student's kind. */
  readonly preset?: keyof typeof labelEncPresets;
  /** Changes the preset's. */
  readonly neck?: Partial<LabelEncodingNeck>;
  /** Step 1: first iteration with the distance; before it neither the student nor the adapter learns from it. Default 30,000. */
  readonly distanceFrom?: number;
  /** Step 2: first iteration without the distance. Default 80,000. */
  readonly distanceUntil?: number;
  /** Start of encoder and adapter, and the random factors of step 1. Default 0. */
  readonly seed?: number | string;
  /** λ of the distance. Default 1. */
  readonly weight?: number | Schedule;
}

export interface LabelEnc extends Distiller {
  readonly encoder: LabelEncodingFunction;
  /** Three conv 3×3 with ReLU between, shared by the levels. */
  readonly adapter: Conv;
}

/**
 * LabelEnc (Hao et al., ECCV 2020; megvii-model/LabelEnc): features are supervised by an encoding E of the ground truth.
 *
 *   step 1: L = L_det(H(F)) + L_det(H(E)) + λ·D      step 2: L = L_det(H(F)) + λ·D
 *   D = mean over all entries of all levels of (LN(sg(E)) − LN(adapter(F)))², LN = GroupNorm(1) without affine part
 *
 * Step 1 trains encoder and detector together through one head; each box of the label maps is weakened by min(2u, 1), u uniform,
 * a pure function of seed, iteration and image. λ is 0 for the first 30,000 iterations, which the official script adds to the 1x
 * schedule (so 120,000 in all, the drops moved along), and the adapter gets no gradient then, lest weight decay shrink it.
 * Step 2 freezes the encoder, starts from step 1's head and the ENCODER's pyramid (`startStep2`), and drops D at 80,000 of 90,000.
 * Official runs encode for ResNet-50 whatever the backbone, on COCO 2014.
 *
 * Terms: `encoding.<detector term>` (step 1) and `distill.distance`, which is absent where λ is 0.
 * @throws Error for a second step without encoder, options outside their values, and strides that the encoder cannot have
 */
export function labelEnc(options: LabelEncOptions): LabelEnc {
  const { step, student, seed = 0, weight = 1, emptyBoxes = "skip" } = options;
  checkOptions(options);
  const lambda = product(weight, step === 1 ? from(options.distanceFrom ?? labelEncDistanceFrom) : until(options.distanceUntil ?? 80_000));
  const { encoder, owned } = encoderOf(options);
  const set = parameterSet(seed);
  const adapter = adapterOf(set, student.channels);
  const distance = (prediction: Prediction, encodings: readonly tf.Tensor4D[], at: number): Record<string, WeightedTerm> => ({
    "distill.distance": { value: encodingDistance(prediction.pyramid.map(adapter), encodings), weight: at, kind: "distillation" },
  });
  const first: Distiller["loss"] = (prediction, _hints, { targets }, { iteration, detector }) => {
    const size = { height: prediction.height, width: prediction.width };
    const { pyramid } = encoder.encode(targets, { ...size, emptyBoxes, factor: weakened(seed, iteration, targets) });
    const detection = detector.loss(detector.predict(pyramid, size), targets, { iteration });
    const at = lambda(iteration);
    return { ...encodingTerms(detection), ...(at !== 0 && distance(prediction, pyramid, at)) };
  };
  const second: Distiller["loss"] = (prediction, _hints, { targets }, { iteration }) => {
    const at = lambda(iteration);
    if (at === 0) return {};
    const { height, width } = prediction;
    return distance(prediction, withoutTape(() => [...encoder.encode(targets, { height, width, emptyBoxes }).pyramid]), at);
  };
  return {
    name: `labelenc-step${step}`,
    encoder,
    adapter,
    parameters: () => [...encoder.parameters().map((parameter): Parameter => (step === 1 ? parameter : { ...parameter, frozen: true })), ...set.all],
    hints: () => ({}),
    loss: step === 1 ? first : second,
    dispose: () => {
      if (owned) encoder.dispose();
      set.dispose();
    },
  };
}

/** D of adapted student maps and encodings [B, H_l, W_l, C], which are constants to it. */
export function encodingDistance(adapted: readonly tf.Tensor4D[], encodings: readonly tf.Tensor4D[]): tf.Scalar {
  const constants = withoutTape(() => encodings.map((map) => standardise(stopGradient(map), [1, 2, 3])));
  return meanSquaredError(adapted.map((map) => standardise(map, [1, 2, 3])), constants);
}

export interface StepTwoStart {
  /** The detector that step 1 has trained: of the student's kind, with any backbone. */
  readonly detector: Pick<Detector, "name" | "parameters">;
  readonly encoder: LabelEncodingFunction;
  /** Whose pyramid the student's starts from: the `encoder`'s, as the official script (default), or step 1's `detector`'s. */
  readonly neck?: "encoder" | "detector";
  /** A parameter that does not fit: `error` (default) names them all, `keep` leaves the student's (laterals of another backbone). */
  readonly unfit?: "error" | "keep";
}

/**
 * Starts the student of step 2 from step 1: its head from the detector, its neck from the encoder. Values are copied; the
 * student's own backbone stays. Before its training, after its weights are loaded.
 * @throws Error naming the parameters that do not fit; then nothing is changed in that part
 */
export function startStep2(student: Detector, { detector, encoder, neck = "encoder", unfit = "error" }: StepTwoStart): Inherited {
  checkChoices("startStep2", { neck }, { neck: ["encoder", "detector"] });
  const necks = neck === "detector" ? detector : { name: encoder.name, parameters: () => renamed(encoder.neck(), student) };
  const [one, other] = [inherit(student, necks, { parts: ["neck"], unfit }), inherit(student, detector, { parts: ["head"], unfit })];
  return { taken: [...one.taken, ...other.taken], kept: [...one.kept, ...other.kept] };
}

/** Pyramids list their parameters in one order under names of their own. */
function renamed(neck: readonly Parameter[], student: Detector): Parameter[] {
  const names = student.parameters().filter(({ group }) => group === "neck").map(({ name }) => name);
  return neck.map((parameter, i) => ({ ...parameter, name: names[i] ?? parameter.name }));
}

/** min(2u, 1) of every box, from a stream of its image's own. */
function weakened(seed: number | string, iteration: number, targets: Batch["targets"]): (image: number, box: number) => number {
  const factors = targets.map(({ imageId, labels }) => {
    const stream = random(seed, "label map", iteration, imageId);
    return Array.from(labels, () => Math.min(2 * stream.next(), 1));
  });
  return (image, box) => factors[image][box];
}

function encodingTerms(detection: Readonly<Record<string, tf.Scalar>>): Record<string, WeightedTerm> {
  return Object.fromEntries(Object.entries(detection).map(([term, value]) => [`encoding.${term}`, { value, weight: 1, kind: "detection" as const }]));
}

function encoderOf({ step, encoder, student, widths, seed, preset, neck }: LabelEncOptions): { readonly encoder: LabelEncodingFunction; readonly owned: boolean } {
  if (encoder !== undefined && typeof encoder !== "string") {
    checkEncoder(encoder, student);
    return { encoder, owned: false };
  }
  if (step === 2 && encoder === undefined) throw new Error('labelEnc: step 2 learns from the encoder that step 1 has trained; give it as encoder: the method of step 1\'s own "encoder", or the path of the file that saveWeights wrote of it');
  const asked = { ...(preset !== undefined && { asked: preset }), student: student.name };
  const made = labelEncodingFunction({ student, neck: { ...labelEncPresets[presetOf("labelEnc", labelEncPresets, asked)], ...neck }, ...(widths && { widths }), ...(seed !== undefined && { seed }) });
  if (encoder === undefined) return { encoder: made, owned: true };
  try {
    loadWeights(made, encoder);
  } catch (error) {
    made.dispose();
    throw error;
  }
  return { encoder: made, owned: true };
}

function checkEncoder(encoder: LabelEncodingFunction, student: LabelEncOptions["student"]): void {
  const shape = ({ classes, channels, strides }: Pick<Detector, "classes" | "channels" | "strides">) => `${classes} classes, ${channels} channels, strides ${strides.join(", ")}`;
  if (shape(encoder) !== shape(student)) throw new Error(`labelEnc: the encoder ${encoder.name} was made for ${shape(encoder)}; the student ${student.name} has ${shape(student)}. Both steps need detectors of one kind`);
}

function adapterOf(set: ParameterSet, channels: number): Conv {
  const convs = [0, 2, 4].map((index) => conv3x3(set, `adapter.${index}`, channels, { relu: index < 4 }));
  return (x) => convs.reduce((y, layer) => layer(y), x);
}

function checkOptions(options: LabelEncOptions): void {
  if (![1, 2].includes(options.step)) throw new RangeError(`labelEnc: step is ${JSON.stringify(options.step)}; it must be 1 (the encoder) or 2 (the detector)`);
  checkChoices("labelEnc", options, { emptyBoxes: ["skip", "official"] });
  checkChoices("labelEnc: neck", options.neck ?? {}, { extraFrom: ["c5", "lateral", "p5", "pool"] });
}
