import type { Detector } from "../detector/detector.ts";
import { startStep2, type LabelEnc, type LabelEncodingFunction } from "../distill/index.ts";
import { buildDetector } from "./detectors.ts";
import { buildMethod, type MethodSpec } from "./method.ts";
import { finishedRun, restoreDetector, type RunFolder, type RunSpec } from "./teacher.ts";
import { hashOf } from "./weights.ts";

/** LabelEnc's first step, finished: the second learns from its encoder, and starts with its pyramid and head. */
export interface EncoderSpec {
  /** A finished training's folder, or the training itself. */
  readonly run: RunSpec;
  /** A parameter of the student's pyramid or head that does not fit step 1's: `error` (default), or `keep` its own start. */
  readonly unfit?: "error" | "keep";
}

export interface BuiltEncoder {
  readonly encoder: LabelEncodingFunction;
  /** Gives a student its start; says what the run directory shows. */
  start(student: Detector): object;
  dispose(): void;
}

/** @throws Error naming the entry that is unknown, missing or impossible, or the method that has no second step */
export function checkEncoder(encoder: EncoderSpec, method: MethodSpec | undefined): void {
  if (typeof encoder !== "object" || encoder === null || Array.isArray(encoder)) throw new Error(`encoder must be a record, received ${JSON.stringify(encoder)}`);
  const unknown = Object.keys(encoder).filter((key) => key !== "run" && key !== "unfit");
  if (unknown.length > 0) throw new Error(`encoder has no entry ${unknown.map((key) => `"${key}"`).join(", ")}; allowed: run, unfit`);
  if (encoder.run === undefined) throw new Error('encoder needs "run" (the folder of a finished training with labelEnc\'s step 1)');
  if (!isSecondStep(method)) throw new Error(`encoder is for the method labelEnc with "step": 2, the method is ${JSON.stringify(method?.name ?? "none")}; leave encoder out, or choose that method`);
  if (method.options?.encoder !== undefined) throw new Error("encoder: method.options.encoder says another one; leave one of them out");
}

/** @throws Error for a second step without what it learns from */
export function requireEncoder(encoder: EncoderSpec | undefined, method: MethodSpec | undefined): void {
  if (encoder !== undefined || !isSecondStep(method) || method.options?.encoder !== undefined) return;
  throw new Error('the method labelEnc with "step": 2 learns from the encoder that "step": 1 has trained; name that training\'s folder: "encoder": {"run": "runs/…/seed-0"}');
}

function isSecondStep(method: MethodSpec | undefined): method is Extract<MethodSpec, { readonly name: "labelEnc" }> {
  return method?.name === "labelEnc" && method.options?.step === 2;
}

/** What identifies it in a run's name: what step 1 has learnt. */
export async function encoderIdentity({ run, unfit }: EncoderSpec, folderOf: RunFolder): Promise<object> {
  const { checkpoint } = await finishedRun(run, folderOf, "encoder");
  return { sha256: await hashOf(checkpoint), ...(unfit && { unfit }) };
}

/**
 * The encoder of step 1 with its weights; the caller disposes it.
 * @throws Error when the run is not finished, or trained something else; nothing is left behind
 */
export async function buildEncoder({ run, unfit = "error" }: EncoderSpec, { classes, folderOf }: { readonly classes: number; readonly folderOf: RunFolder }): Promise<BuiltEncoder> {
  const { checkpoint, detector: spec, method } = await finishedRun(run, folderOf, "encoder");
  if (method?.name !== "labelEnc" || method.options?.step !== 1) throw new Error(`encoder.run: that run trained ${method ? `the method ${method.name}` : "no method"}; it must be labelEnc with "step": 1`);
  const sha256 = await hashOf(checkpoint);
  const owned: { dispose(): void }[] = [];
  const dispose = () => { for (const one of owned.splice(0).reverse()) one.dispose(); };
  try {
    const detector = buildDetector(spec, { classes, seed: 0 });
    owned.push(detector);
    const first = buildMethod(method, { student: detector, seed: 0 }) as LabelEnc;
    owned.push(first);
    for (const part of [detector, first.encoder]) restoreDetector(part, checkpoint, "encoder");
    const start = (student: Detector) => {
      const { taken, kept } = startStep2(student, { detector, encoder: first.encoder, unfit });
      return { name: "run", sha256, parameters: taken.length, kept };
    };
    return { encoder: first.encoder, start, dispose };
  } catch (error) {
    dispose();
    throw error;
  }
}
