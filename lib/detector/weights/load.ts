import type { Detector, Parameter, ParameterGroup } from "../detector.ts";
import { assignParameter, listed, pytorchShape, type NamedArray } from "../load.ts";
import { backboneName, isClassifier, isConstant, isSecondName, laterNames, sourceOf } from "./names.ts";
import { readValues, withWeights, type ReadWeightsOptions, type WeightFile } from "./read.ts";

export interface LoadWeightsOptions extends Pick<ReadWeightsOptions, "nonFinite"> {
  /**
   * The part of the detector to load. `backbone` takes it from any source: an ImageNet classifier, or another detector,
   * of torchvision, mmdetection, detectron2 or Detectron. Default: everything, from a file with the detector's own names.
   */
  readonly only?: ParameterGroup | readonly ParameterGroup[];
  /**
   * Parameters that keep their values where the file has none, or one of another shape (a head for other classes). A name,
   * or its beginning followed by `*`.
   */
  readonly optional?: readonly string[];
  /** Entries of the file that may go unused, by name or `beginning*`. */
  readonly ignore?: readonly string[];
  /**
   * ε of the network's BatchNorms where the file was made. Default 1e-5, as the detectors have it; torchvision's first
   * COCO weights (`retinanet_resnet50_fpn_coco`, `fasterrcnn_…`, `maskrcnn_…`) need 0.
   */
  readonly epsilon?: number;
  /** Turns RGB and BGR around in the first convolution, so that a network trained on one takes the other. Default false. */
  readonly swapChannels?: boolean;
}

export interface LoadReport {
  /** Parameters that were set. */
  readonly loaded: readonly string[];
  /** Parameters that keep their values: not asked for, or optional. */
  readonly kept: readonly string[];
  /** Statistics that the file has folded into scale and shift: set to mean 0 and variance 1 − 1e-5, so that nothing changes. */
  readonly folded: readonly string[];
  /** Entries of the file that were not used. */
  readonly unused: readonly string[];
}

/** What `saveCheckpoint` marks its files with. */
export const checkpointFormat = "potstill-checkpoint/1";

const epsilonHere = 1e-5;

/**
 * Sets a detector's parameters from a weight file: safetensors, `.pth`, `.pkl`, in PyTorch's layouts (OIHW, [out, in]).
 * Counters, constants and, with `only: "backbone"`, an ImageNet classifier are passed over.
 * @param file path, or the bytes
 * @throws Error before anything is changed, listing parameters without a value, entries without a parameter, shapes that
 * differ, and values that are not finite
 */
export function loadWeights(target: Pick<Detector, "parameters">, file: string | Uint8Array, options: LoadWeightsOptions = {}): LoadReport {
  return withWeights(file, (weights) => {
    if (weights.metadata["format"] === checkpointFormat) throw new Error(`${weights.path} is the state of a training, which only that goes on from (TensorFlow's layouts, the optimiser's buffers); load weights.safetensors in the run's folder instead, which a finished training writes`);
    const plan = planLoad(target.parameters(), weights, options);
    const values = plan.pairs.map(([parameter, name]) => ({ parameter, value: { shape: weights.tensors.get(name)!.shape, data: readValues(weights, name, options) } }));
    const byName = new Map(values.map(({ parameter, value }) => [parameter.name, value]));
    if (options.epsilon !== undefined) rescale(byName, options.epsilon);
    if (options.swapChannels) swapFirst(values.find(({ parameter, value: { shape } }) => parameter.group === "backbone" && shape.length === 4 && shape[1] === 3)?.value);
    for (const { parameter, value } of values) assignParameter(parameter, value, "pytorch");
    for (const parameter of plan.folded) assignParameter(parameter, constant(parameter), "pytorch");
    return { loaded: values.map(({ parameter }) => parameter.name), kept: plan.kept, folded: plan.folded.map(({ name }) => name), unused: plan.unused };
  });
}

interface Plan {
  /** Parameter and the entry that it takes. */
  readonly pairs: readonly (readonly [Parameter, string])[];
  readonly folded: readonly Parameter[];
  readonly kept: readonly string[];
  readonly unused: readonly string[];
}

function planLoad(parameters: readonly Parameter[], { path, tensors }: WeightFile, { only, optional = [], ignore = [] }: LoadWeightsOptions): Plan {
  const groups = only === undefined ? undefined : [only].flat();
  const asked = parameters.filter(({ group }) => groups === undefined || groups.includes(group));
  const entries = [...tensors.keys()].filter((name) => !isConstant(name) && !isSecondName(name, (other) => tensors.has(other)));
  const find = entryFinder(parameters, entries, groups);
  const isFolded = ({ name }: Parameter) => statistic.test(name) && !entries.some((entry) => statistic.test(entry));
  const found = asked.map((parameter) => ({ parameter, entry: find(parameter), may: matches(parameter.name, optional) || isConstant(parameter.name) }));
  const differs = ({ parameter, entry }: (typeof found)[number]) => entry !== undefined && pytorchShape(parameter.variable.shape).join() !== tensors.get(entry)!.shape.join();
  const folded = found.filter(({ parameter, entry }) => entry === undefined && isFolded(parameter)).map(({ parameter }) => parameter);
  const missing = found.filter(({ parameter, entry, may }) => entry === undefined && !may && !folded.includes(parameter));
  const reshaped = found.filter((one) => differs(one) && !one.may);
  const taken = found.filter((one) => one.entry !== undefined && !differs(one));
  const seen = new Set(found.flatMap(({ entry }) => entry ?? []));
  const left = entries.filter((name) => !seen.has(name));
  const surplus = left.filter((name) => !matches(name, ignore) && !isPassedOver(name, groups));
  const problems = [
    ...listed("parameters without a value", missing.map(({ parameter }) => parameter.name)),
    ...listed("values without a parameter", surplus),
    ...listed("shapes that differ", reshaped.map(({ parameter, entry }) => `${entry}: [${tensors.get(entry!)!.shape.join(", ")}] in the file, [${pytorchShape(parameter.variable.shape).join(", ")}] in the detector`)),
  ];
  if (problems.length > 0) throw new Error(`the weights of ${path} do not fit the detector: ${problems.join("; ")}. ${remedy(parameters, entries, groups)}`);
  const set = new Set([...taken, ...folded.map((parameter) => ({ parameter }))].map(({ parameter }) => parameter));
  return {
    pairs: taken.map(({ parameter, entry }) => [parameter, entry!] as const),
    folded,
    kept: parameters.filter((parameter) => !set.has(parameter)).map(({ name }) => name),
    unused: left,
  };
}

const statistic = /(?:\.running_(?:mean|var)|_bn_(?:rm|riv))$/;

/** What partial loading passes over: an ImageNet classifier and other parts of a detector (necks and heads by exclusion). */
function isPassedOver(name: string, groups: readonly ParameterGroup[] | undefined): boolean {
  if (groups === undefined) return false;
  if (backboneName(name) !== undefined) return !groups.includes("backbone");
  return isClassifier(name) || !groups.includes("neck") || !groups.includes("head");
}

/** Finds a parameter's entry: by name, by a name of earlier versions, and for backbones by the common name. */
function entryFinder(parameters: readonly Parameter[], entries: readonly string[], groups: readonly ParameterGroup[] | undefined): (parameter: Parameter) => string | undefined {
  const own = new Set(parameters.map(({ name }) => name));
  const byName = new Map(entries.map((name) => [laterNames(name).find((later) => own.has(later)) ?? name, name]));
  const common = groups === undefined ? new Map<string, string>() : new Map(entries.flatMap((name) => (backboneName(name) === undefined ? [] : [[backboneName(name)!, name] as const])));
  return ({ name, group }) => byName.get(name) ?? (group === "backbone" ? common.get(backboneName(name) ?? "") : undefined);
}

function matches(name: string, patterns: readonly string[]): boolean {
  return patterns.some((pattern) => (pattern.endsWith("*") ? name.startsWith(pattern.slice(0, -1)) : name === pattern));
}

function remedy(parameters: readonly Parameter[], entries: readonly string[], groups: readonly ParameterGroup[] | undefined): string {
  const [here, there] = [sourceOf(parameters.map(({ name }) => name)), sourceOf(entries)];
  const names = here === there ? "" : `The detector is named as ${here}'s, the file is of ${there}. `;
  const part = groups === undefined ? 'Ask for a part by name: { only: "backbone" }, ' : `Is it a file of this ${groups.includes("backbone") ? "backbone, of the same depth and width" : "detector"}? What may differ can be named: `;
  return `${names}${part}{ optional: ["<parameter>", "<beginning>*"] }, { ignore: ["<entry>", …] }`;
}

/** Statistics that change nothing: (x − 0) / √(1 − ε + ε). */
function constant({ name, variable: { shape, size } }: Parameter): NamedArray {
  return { shape, data: new Float32Array(size).fill(name.endsWith("mean") ? 0 : 1 - epsilonHere) };
}

/** Puts another ε into the scales: γ / √(σ² + ε) with the file's ε is γ′ / √(σ² + 1e-5) with γ′ = γ √((σ² + 1e-5) / (σ² + ε)). */
function rescale(values: ReadonlyMap<string, NamedArray>, epsilon: number): void {
  if (!(epsilon >= 0 && epsilon < 1)) throw new Error(`loadWeights option epsilon is ${epsilon}; it must be from 0 to less than 1`);
  for (const [name, { data: variance }] of values) {
    const scale = name.endsWith(".running_var") ? values.get(name.replace(/running_var$/, "weight"))?.data : undefined;
    if (scale === undefined) continue;
    for (let i = 0; i < scale.length; i++) scale[i] *= Math.sqrt((variance[i] + epsilonHere) / (variance[i] + epsilon));
  }
}

/** OIHW with three input channels: the first and last change places. */
function swapFirst(value: NamedArray | undefined): void {
  if (value === undefined) return;
  const [outputs, , height, width] = value.shape;
  const area = height * width;
  for (let o = 0; o < outputs; o++) {
    const [red, blue] = [o * 3 * area, (o * 3 + 2) * area];
    const kept = value.data.slice(red, red + area);
    value.data.copyWithin(red, blue, blue + area);
    value.data.set(kept, blue);
  }
}
