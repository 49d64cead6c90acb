import type { Detector, Parameter } from "../detector/detector.ts";
import { listed } from "../detector/load.ts";
import type { Distiller } from "../distill/index.ts";
import type { TrainingSettings } from "../train/recipe.ts";

/** What makes a distillation quietly worthless, by name, as `Experiment.allow` takes it. */
export const concerns = {
  randomTeacher: "the teacher's weights are not loaded, or not all of them",
  randomBackbone: "the student's backbone starts from random weights",
  otherClasses: "teacher and student know other classes",
  otherStrides: "teacher and student have pyramids of other strides",
  untrainedMethod: "parameters of the method are not trained",
  movingTeacher: "the teacher changes while it teaches",
} as const;

export type Concern = keyof typeof concerns;

/** An experiment that is not started, since it would not do what its author means. */
export class RefusedError extends Error {
  override name = "RefusedError";
  readonly concern: Concern;

  constructor(concern: Concern, message: string) {
    super(`${concern}: ${message}, or write "allow": ["${concern}"] if you mean it`);
    this.concern = concern;
  }
}

/** What was found; `undefined` is nothing. */
export type Finding = RefusedError | undefined;

/** @throws Error for names that are none */
export function checkAllowed(allow: readonly Concern[] = []): void {
  const names: readonly unknown[] = Object.keys(concerns);
  if (!Array.isArray(allow) || allow.some((name) => !names.includes(name))) throw new Error(`allow is ${JSON.stringify(allow)}; it must list some of ${names.join(", ")}`);
}

/**
 * @param tell is told of every finding, allowed or not, and then nothing is thrown
 * @throws RefusedError of the first finding that is not allowed
 */
export function refuseUnless(allow: readonly Concern[] = [], findings: readonly Finding[], tell?: (finding: RefusedError) => void): void {
  if (tell) {
    for (const finding of findings) if (finding) tell(finding);
    return;
  }
  const refused = findings.find((finding) => finding !== undefined && !allow.includes(finding.concern));
  if (refused !== undefined) throw refused;
}

/** Which data each variable holds: another assignment gives it others. */
export type Marks = ReadonlyMap<string, object>;

export function marksOf(detector: Pick<Detector, "parameters">): Marks {
  return new Map(detector.parameters().map(({ name, variable }) => [name, variable.dataId]));
}

/** Kernels and matrices that have not been set since; what is constant, and what starts at a constant, is left out. */
function untouched(detector: Pick<Detector, "parameters">, marks: Marks, of: (parameter: Parameter) => boolean): string[] {
  return detector.parameters().filter((parameter) => of(parameter) && parameter.variable.rank >= 2 && marks.get(parameter.name) === parameter.variable.dataId).map(({ name }) => name);
}

/** Whether something of a teacher is at its random start. */
export function randomTeacher(teacher: Detector, marks: Marks): Finding {
  const names = untouched(teacher, marks, () => true);
  if (names.length === 0) return undefined;
  return new RefusedError("randomTeacher", `the teacher ${teacher.name} has ${listed("weights at their random start", names, { few: 3 }).join()}. Load all of it ("teacher": {"detector": {…}, "weights": "FILE or NAME"})`);
}

/**
 * Whether a student's backbone is at its random start. Networks without frozen layers may be meant to: they are told of only
 * where a teacher's gain is to be measured on them.
 */
export function randomBackbone(student: Detector, marks: Marks, { taught }: { readonly taught: boolean }): Finding {
  const names = untouched(student, marks, ({ group }) => group === "backbone");
  const frozen = student.parameters().filter(({ name, frozen: never }) => never && names.includes(name));
  if (names.length === 0 || (!taught && frozen.length === 0)) return undefined;
  const never = frozen.length === 0 ? "" : `, ${frozen.length} of them in layers that are never trained`;
  return new RefusedError("randomBackbone", `the backbone of the student ${student.name} has ${listed("weights at their random start", names, { few: 3 }).join()}${never}. Start it from an ImageNet network ("weights": "NAME"; potstill weights list)`);
}

/** @param names of the classes, where they are known */
export function otherClasses(student: Pick<Detector, "name" | "classes">, teacher: Pick<Detector, "name" | "classes">, names?: { readonly student: readonly string[]; readonly teacher: readonly string[] }): Finding {
  const what = `the teacher ${teacher.name} knows ${teacher.classes} classes, the student ${student.name} ${student.classes}`;
  if (student.classes !== teacher.classes) return new RefusedError("otherClasses", `${what}: their class scores cannot be compared. Use a teacher of the student's classes, a method that compares features alone`);
  const first = names?.student.findIndex((name, i) => name !== names.teacher[i]) ?? -1;
  if (first < 0) return undefined;
  return new RefusedError("otherClasses", `class ${first} is "${names!.student[first]}" for the student and "${names!.teacher[first]}" for the teacher ${teacher.name}. Train the teacher on the same categories in the same order`);
}

export function otherStrides(student: Pick<Detector, "name" | "strides">, teacher: Pick<Detector, "name" | "strides">): Finding {
  if (student.strides.join() === teacher.strides.join()) return undefined;
  return new RefusedError("otherStrides", `the student ${student.name} has levels of strides ${student.strides.join(", ")}, the teacher ${teacher.name} of ${teacher.strides.join(", ")}. Give both the same neck levels (neck.first, neck.last, neck.extraLevels)`);
}

/** @param trained names of what the optimiser holds */
export function untrainedMethod(distiller: Pick<Distiller, "name" | "parameters">, { trained, settings }: { readonly trained: ReadonlySet<string>; readonly settings: Pick<TrainingSettings, "groupFactors" | "frozenUntil" | "iterations"> }): Finding {
  const { name } = distiller;
  const parameters = distiller.parameters().filter(({ frozen }) => !frozen);
  if (parameters.length === 0) return undefined;
  const missing = parameters.filter((parameter) => !trained.has(parameter.name)).map((parameter) => parameter.name);
  if (missing.length > 0) return new RefusedError("untrainedMethod", `${name}: ${listed("parameters of the method are not in the optimiser", missing, { few: 3 }).join()}. Make them in the method's ParameterSet when it is built`);
  const { groupFactors, frozenUntil, iterations } = settings;
  if (groupFactors?.distill === 0) return new RefusedError("untrainedMethod", `${name}: training.groupFactors.distill is 0, its ${parameters.length} parameters would stay random. Set it above 0`);
  if ((frozenUntil?.distill ?? 0) < iterations) return undefined;
  return new RefusedError("untrainedMethod", `${name}: training.frozenUntil.distill is ${frozenUntil!.distill!}, its ${parameters.length} parameters would stay random in all ${iterations} iterations. Set it lower`);
}
