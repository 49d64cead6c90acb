import { parseBackbone } from "../../detector/backbones/name.ts";
import type { Experiment } from "../experiment.ts";
import type { MethodSpec } from "../method.ts";
import type { Profile } from "../sssd.ts";

/** `sharedKd-featureWeight-2-cross-false`: a method, its λ and its options, as a folder may be called. */
function methodName({ name, lambda, options = {} }: MethodSpec): string {
  const values = Object.entries(options).filter(([, value]) => ["number", "string", "boolean"].includes(typeof value) || Array.isArray(value)).map(([key, value]) => `${key}-${String(value)}`);
  const weights = (lambda ?? []).map(([, value]) => String(value));
  return [name, ...weights, ...values].join("-").replace(/[^\w.-]+/g, "-").slice(0, 80);
}

function backboneName({ backbone, preset }: Experiment["detector"]): string {
  if (backbone === undefined) return String(preset);
  return typeof backbone === "string" ? parseBackbone(backbone).name : String(backbone.name);
}

/** Where an experiment's run lies: what it trains, and nothing of who asks, so that equal trainings are one. */
export function runName(profile: Profile, { detector, method, teacher, training, data }: Omit<Experiment, "name">): string {
  const what = `${detector.kind ?? "retinanet"}-${backboneName(detector)}-${training.iterations}x${data.batchSize}`;
  const taught = teacher?.detector ?? (typeof teacher?.run === "object" ? teacher.run.experiment.detector : undefined);
  return `${profile}/${what}/${method === undefined ? "plain" : methodName(method)}${taught === undefined ? "" : `-from-${backboneName(taught)}`}`;
}
