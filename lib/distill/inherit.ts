import * as tf from "@tensorflow/tfjs-core";
import type { Detector, Parameter, ParameterGroup } from "../detector/detector.ts";
import { listed } from "../detector/load.ts";

/** A part of a detector that can be inherited. */
export type InheritedPart = Exclude<ParameterGroup, "distill">;

export interface InheritOptions {
  /** What the student takes over. Default neck and head, as FGD's and MGD's configurations. */
  readonly parts?: readonly InheritedPart[];
  /**
   * A parameter of these parts that the teacher has not, or in another shape: `error` (default) changes nothing and names
   * them all; `keep` leaves them as they are and lists them.
   */
  readonly unfit?: "error" | "keep";
}

export interface Inherited {
  /** Parameters that took the teacher's values. */
  readonly taken: readonly string[];
  /** Parameters of these parts that kept their own, and why. */
  readonly kept: readonly string[];
}

/**
 * The inheriting strategy (FGD, Yang et al., CVPR 2022, after Kang et al.'s ICD, NeurIPS 2021): the student's neck and head
 * start from the teacher's, by name and shape. Values are copied: the two share nothing afterwards. To be done after the
 * student's own weights are loaded, and before its training starts.
 * @throws Error for parts that are none, and for parameters that do not fit unless `unfit` is `keep`
 */
export function inherit(student: Pick<Detector, "name" | "parameters">, teacher: Pick<Detector, "name" | "parameters">, { parts = ["neck", "head"], unfit = "error" }: InheritOptions = {}): Inherited {
  checkOptions(parts, unfit);
  const heirs = student.parameters().filter(({ group }) => (parts as readonly ParameterGroup[]).includes(group));
  const sources = new Map(teacher.parameters().map((parameter) => [parameter.name, parameter.variable]));
  const pairs = heirs.map((heir) => ({ heir, source: sources.get(heir.name) }));
  const missing = pairs.filter(({ source }) => source === undefined).map(({ heir }) => heir.name);
  const reshaped = pairs.filter(({ heir, source }) => source !== undefined && !fits(heir, source)).map(({ heir, source }) => `${heir.name}: [${heir.variable.shape.join(", ")}] in the student, [${source!.shape.join(", ")}] in the teacher`);
  const taken = pairs.filter(({ heir, source }) => source !== undefined && fits(heir, source));
  const problems = [...listed("parameters that the teacher has not", missing), ...listed("shapes that differ", reshaped)];
  if (taken.length === 0) problems.unshift(`nothing of ${parts.join(" and ")} is common to both`);
  if (problems.length > 0 && (unfit === "error" || taken.length === 0)) {
    throw new Error(`the student ${student.name} cannot inherit ${parts.join(" and ")} from the teacher ${teacher.name}: ${problems.join("; ")}. Give both the same preset, channels, neck and classes, inherit fewer parts, or set unfit: "keep"`);
  }
  for (const { heir, source } of taken) copy(source!, heir);
  return { taken: taken.map(({ heir }) => heir.name), kept: [...missing.map((name) => `${name}: the teacher has none`), ...reshaped] };
}

function checkOptions(parts: readonly InheritedPart[], unfit: string): void {
  const allowed: readonly unknown[] = ["backbone", "neck", "head"];
  if (!Array.isArray(parts) || parts.length === 0 || parts.some((part) => !allowed.includes(part))) throw new Error(`inherit: parts is ${JSON.stringify(parts)}; it must list some of ${allowed.join(", ")}`);
  if (unfit !== "error" && unfit !== "keep") throw new Error(`inherit: unfit is ${JSON.stringify(unfit)}; it must be "error" or "keep"`);
}

function fits({ variable }: Parameter, source: tf.Variable): boolean {
  return tf.util.arraysEqual(variable.shape, source.shape);
}

/** Data of its own: an optimiser may change a variable's in place. */
function copy(source: tf.Variable, { variable }: Parameter): void {
  tf.tidy(() => { variable.assign(tf.tensor(source.dataSync<"float32">().slice(), source.shape)); });
}
