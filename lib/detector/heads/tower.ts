import type * as tf from "@tensorflow/tfjs-core";
import type { HeadMaps } from "../detector.ts";
import { convLayer, sequence, type Layer, type Norm } from "../layers.ts";
import type { ParameterStore } from "../parameters.ts";

export type Tower = "class" | "box";

/** Where towers keep their parameters (names without `.weight`). */
export interface TowerNames {
  /** @param normed whether its convolutions have norms, which numbered lists of layers count */
  tower(tower: Tower, index: number, normed: boolean): string;
  /** Norm of a tower's convolution. */
  norm(tower: Tower, index: number): string;
}

export interface TowerOptions {
  readonly channels: number;
  /** Convolutions before the last. */
  readonly convs: number;
  readonly norm?: Norm;
  /** Default: convolutions with a norm have none. */
  readonly bias?: boolean;
  readonly names: TowerNames;
}

/** Weights of every dense head start from N(0, 0.01²). */
export const headInitialiser = { kind: "normal", deviation: 0.01 } as const;

/** A tower that can be left and entered between its convolutions. */
export interface SplitTower {
  readonly whole: Layer;
  /** After so many convolutions and their norms, before the activation; after 0 the map itself. */
  readonly until: (map: tf.Tensor4D, convs: number) => tf.Tensor4D;
  /** The rest, from a map after so many convolutions and their activation. */
  readonly from: (map: tf.Tensor4D, convs: number) => tf.Tensor4D;
}

/** 3×3 convolutions with ReLU, shared by all levels (Lin et al. 2017, section 4). */
export function tower(store: ParameterStore, kind: Tower, { channels, convs, norm, bias, names }: TowerOptions): SplitTower {
  const layers = Array.from({ length: convs }, (_, i) => {
    const withNorm = norm === undefined ? {} : { norm, normName: names.norm(kind, i), ...(bias !== undefined && { bias }) };
    return convLayer(store, { input: channels, output: channels, kernel: 3, initialiser: headInitialiser, group: "head", ...withNorm, name: names.tower(kind, i, norm !== undefined), relu: true });
  });
  return {
    whole: sequence(layers),
    until: (map, count) => (count === 0 ? map : layers[count - 1](sequence(layers.slice(0, count - 1))(map), false)),
    from: (map, count) => sequence(layers.slice(count))(map),
  };
}

/** Both towers of a head after so many convolutions, level by level. */
export function untilOf(towers: Readonly<Record<Tower, SplitTower>>, pyramid: readonly tf.Tensor4D[], convs: number): HeadMaps {
  return { class: pyramid.map((map) => towers.class.until(map, convs)), box: pyramid.map((map) => towers.box.until(map, convs)) };
}

/** The bias that makes a classifier start from probability π: −log((1 − π) / π). */
export function priorBias(prior: number): number {
  return -Math.log((1 - prior) / prior);
}
