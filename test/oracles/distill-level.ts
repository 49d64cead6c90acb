import * as tf from "@tensorflow/tfjs-core";
import type { Parameter } from "../../lib/detector/detector.ts";
import { lossError, summaryErrors, toNchw, type Agreement, type LossValue, type Summary } from "./distill-oracle.ts";
import { toPytorch } from "./distill-weights.ts";

/** What an oracle says of a method that compares level by level with one term. */
export interface LevelCase {
  readonly level: number;
  /** Multiplies the term in the gradients. */
  readonly weight: number;
  /** Multiplies the term in `losses.level<i>`; `weight` or 1. */
  readonly shown: number;
  readonly student: tf.Tensor4D;
  readonly parameters?: readonly Parameter[];
  readonly term: (student: tf.Tensor4D) => tf.Scalar;
  readonly losses: Readonly<Record<string, LossValue>>;
  readonly gradients: Readonly<Record<string, Summary>>;
}

/** The term of one level, and messages where it or its gradients miss the oracle. */
export function compareLevel({ level, weight, shown, student, parameters = [], term, losses, gradients }: LevelCase, agreement: Agreement): { readonly value: number; readonly errors: string[] } {
  const [result] = tf.tidy(() => {
    const map = tf.variable(student);
    const [value] = term(map).dataSync();
    const { grads } = tf.variableGrads(() => tf.mul<tf.Scalar>(term(map), weight), [map, ...parameters.map(({ variable }) => variable)]);
    const errors: (string | undefined)[] = [lossError(`level${level}`, shown * value, losses[`level${level}`], agreement)];
    const all = [[`student.${level}`, toNchw(grads[map.name])] as const, ...parameters.map(({ name, variable }) => [`level${level}.${name}`, toPytorch(grads[variable.name])] as const)];
    for (const [name, gradient] of all) if (name in gradients) errors.push(...gradientErrors(name, gradient, gradients[name], agreement));
    map.dispose();
    return [{ value, errors: errors.filter((error) => error !== undefined) }];
  });
  return result;
}

/** As `summaryErrors`; where the code's gradient is NaN, ours must be. */
function gradientErrors(name: string, actual: tf.Tensor, expected: Summary, agreement: Agreement): string[] {
  if (Number.isFinite(expected.sum)) return summaryErrors(name, actual, expected, agreement);
  return actual.dataSync().every((value) => Number.isNaN(value)) ? [] : [`${name}: NaN expected throughout`];
}
