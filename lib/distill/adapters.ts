import type * as tf from "@tensorflow/tfjs-core";
import { conv } from "../tensor/conv.ts";
import type { Detector } from "../detector/detector.ts";
import type { Conv, ParameterSet } from "./layers.ts";

const sizes = { conv1x1: 1, conv3x3: 3 } as const;

export interface AdapterOptions {
  /** A convolution that keeps the map's size. */
  readonly kind: keyof typeof sizes;
  /** The official PyTorch name of a level's layer, to which `.weight` and `.bias` are added. */
  readonly name: (level: number) => string;
  /** The student's channels. */
  readonly from: number;
  /** The teacher's channels. */
  readonly to: number;
  /** One layer for each. */
  readonly levels: number;
  /** max(·, 0) at the end. Default false. */
  readonly relu?: boolean;
}

/**
 * One convolution per pyramid level from the student's to the teacher's channels: `weight` [k, k, from, to], `bias` [to],
 * both uniform ±1/√(k²·from), as PyTorch initialises them. The layers' parameters belong to the set.
 * @throws RangeError for counts that make no layer
 */
export function levelAdapters(set: ParameterSet, { kind, name, from, to, levels, relu = false }: AdapterOptions): readonly Conv[] {
  for (const [what, count] of Object.entries({ from, to, levels })) if (!(Number.isInteger(count) && count > 0)) throw new RangeError(`adapters: ${what} is ${count}; it must be a whole number from 1`);
  const size = sizes[kind];
  const bound = 1 / Math.sqrt(size * size * from);
  return Array.from({ length: levels }, (_, level) => {
    const filter = set.make<tf.Rank.R4>(`${name(level)}.weight`, [size, size, from, to], bound);
    const bias = set.make<tf.Rank.R1>(`${name(level)}.bias`, [to], bound);
    return (x) => conv(x, filter, { padding: (size - 1) / 2, bias, relu });
  });
}

/**
 * For methods that declare no adapter.
 * @throws Error unless both pyramids have the same number of channels
 */
export function requireEqualChannels(method: string, student: Pick<Detector, "name" | "channels">, teacher: Pick<Detector, "name" | "channels">): void {
  if (student.channels === teacher.channels) return;
  throw new Error(`${method}: the student ${student.name} has ${student.channels} channels, the teacher ${teacher.name} ${teacher.channels}: the method compares channel by channel and has no adapter. Give both pyramids the same channels`);
}
