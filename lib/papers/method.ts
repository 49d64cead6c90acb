import { distillers, type Distiller, type DistillerName, type LabelEncodingFunction, type LabelGuided, type Teacher } from "../distill/index.ts";
import type { Detector } from "../detector/detector.ts";
import { from, product, ramp, stepwise, until, type Schedule } from "../train/schedule.ts";
import { methodTable } from "./method-options.ts";

/** What follows from the student, the teacher, the run and λ, and is no option of a method. */
type Given = "channels" | "classes" | "seed" | "weight" | "teacher" | "student" | "movingTeacher";

/** A method's own options. */
export type MethodOptionsOf<N extends DistillerName> = Partial<Omit<Parameters<(typeof distillers)[N]>[0], Given>>;

interface MethodSettings {
  /**
   * λ as a step function: [first iteration, λ]. It multiplies the method's own weights. Default: the method's (1; 75 of `sssd`);
   * with `ramp`, `from` or `until` it must be said.
   */
  readonly lambda?: readonly (readonly [number, number])[];
  /** Iterations over which λ rises from 0 to its value. Default 0. */
  readonly ramp?: number;
  /** First iteration of distillation: λ is 0 before. Default 0. */
  readonly from?: number;
  /** First iteration without distillation: λ is 0 from it on. Default never. */
  readonly until?: number;
  /** Also report every reading of the distance on each step's maps, as `Step.observed` (`lgd`, `sssd`). */
  readonly observe?: boolean;
}

/** A method as plain data: its name in the table `distillers`, its own options, and λ. */
export type MethodSpec = { readonly [N in DistillerName]: MethodSettings & { readonly name: N; readonly options?: MethodOptionsOf<N> } }[DistillerName];

export interface MethodParts {
  readonly student: Detector;
  readonly teacher?: Detector | Teacher;
  readonly seed: number;
  /** The teacher's variables may change; default false. */
  readonly movingTeacher?: boolean;
  /** LabelEnc's trained encoder, for its second step; the caller disposes it. */
  readonly encoder?: LabelEncodingFunction;
}

/** Names of the methods, as messages list them. */
export const methodNames = Object.keys(distillers) as readonly DistillerName[];

/**
 * Whether a method learns from a teacher of its own (`lgd` and `sssd` have none).
 * @throws Error for a name that is not in the table
 */
export function needsTeacher(name: string): boolean {
  return entryOf(name).teacher;
}

function entryOf(name: string): { readonly teacher: boolean; readonly options: Readonly<Record<string, true>> } {
  if (!Object.hasOwn(distillers, name)) throw new Error(`method.name is ${JSON.stringify(name)}; allowed: ${methodNames.join(", ")}`);
  return methodTable[name as DistillerName];
}

/** @throws Error naming the method or option that does not exist, and what is allowed */
export function checkMethod({ name, options = {}, lambda, ramp: rise, from: start, until: end, observe }: MethodSpec): void {
  const known = Object.keys(entryOf(name).options);
  const unknown = Object.keys(options).filter((key) => !known.includes(key));
  if (unknown.length > 0) throw new Error(`method.options of ${name} has no entry ${unknown.map((key) => `"${key}"`).join(", ")}; allowed: ${known.join(", ")}`);
  if (lambda === undefined && [rise, start, end].some((part) => part !== undefined)) throw new Error(`method.lambda must be said where method.ramp, method.from or method.until is: [[0, λ]]`);
  requireStep(name, options);
  if (observe && needsTeacher(name)) throw new Error(`method.observe is for lgd and sssd: ${name} has no readings`);
  scheduleOf({ lambda, ramp: rise, from: start, until: end });
}

/** LabelEnc's two steps are two trainings: which one it is has no default. */
function requireStep(name: string, options: object): void {
  const step: unknown = "step" in options ? options.step : undefined;
  if (name !== "labelEnc" || step === 1 || step === 2) return;
  throw new Error(`method.options.step of labelEnc is ${JSON.stringify(step) ?? "left out"}; it must be 1 (trains the encoder) or 2 (trains the detector under it, with "encoder": {"run": "…"} beside "method")`);
}

/** λ by iteration; undefined where the method's own default stands. */
export function scheduleOf({ lambda, ramp: rise, from: start, until: end }: Pick<MethodSettings, "lambda" | "ramp" | "from" | "until">): Schedule | undefined {
  if (lambda === undefined) return undefined;
  const values = Array.isArray(lambda) && lambda.every((entry: unknown) => Array.isArray(entry) && entry.length === 2 && entry.every((value) => Number.isFinite(value)));
  if (!values) throw new Error(`method.lambda is ${JSON.stringify(lambda)}; it must be a list of [first iteration, λ], as [[0, 1]]`);
  const parts = [...(rise === undefined ? [] : [ramp(rise)]), ...(start === undefined ? [] : [from(start)]), ...(end === undefined ? [] : [until(end)])];
  return product(stepwise(lambda), ...parts);
}

/**
 * The method of an experiment; the caller disposes it, and the teacher.
 * @throws Error for an unknown name or option, values that do not fit the student, or a teacher too many or too few
 */
export function buildMethod(spec: MethodSpec, { student, teacher, seed, movingTeacher, encoder }: MethodParts): Distiller {
  checkMethod(spec);
  const taught = needsTeacher(spec.name);
  if (taught && teacher === undefined) throw new Error(`the method ${spec.name} learns from a teacher: name one, as "teacher": {"detector": {…}, "weights": "…"}`);
  if (!taught && teacher !== undefined) throw new Error(`the method ${spec.name} makes its own teacher from the labels; leave "teacher" out, or choose among ${methodNames.filter(needsTeacher).join(", ") || "none"}`);
  const weight = scheduleOf(spec);
  const { channels, classes } = student;
  // The table's types say which options belong to which name; here they have been checked.
  const make = distillers[spec.name] as (options: object) => Distiller;
  return make({ ...spec.options, student, ...(taught ? { teacher, ...(movingTeacher && { movingTeacher }) } : { channels, classes }), seed, ...(weight && { weight }), ...(encoder && { encoder }) });
}

/** Whether a method can be observed. */
export function isLabelGuided(distiller: Distiller): distiller is LabelGuided {
  return "readings" in distiller;
}
