import { convLayer, type Layer, type Norm } from "../layers.ts";
import type { ParameterStore } from "../parameters.ts";
import { headInitialiser, priorBias, tower, type Tower, type TowerNames } from "./tower.ts";

export type { Tower } from "./tower.ts";

/** Where a head keeps its parameters (names without `.weight`). */
export interface RetinaHeadNames extends TowerNames {
  final(tower: Tower): string;
}

export interface RetinaHeadOptions {
  readonly channels: number;
  /** Convolutions per tower before the last. */
  readonly convs: number;
  readonly classes: number;
  /** Anchors per cell. */
  readonly anchors: number;
  readonly norm?: Norm;
  /** Probability that the classifier starts from. */
  readonly prior: number;
  readonly names: RetinaHeadNames;
}

export interface RetinaHead {
  /** [B, H, W, C] → [B, H, W, A·K] */
  readonly classify: Layer;
  /** [B, H, W, C] → [B, H, W, A·4] */
  readonly regress: Layer;
}

/** Two towers of 3×3 convolutions, shared by all levels (Lin et al. 2017, section 4). */
export function retinaHead(store: ParameterStore, options: RetinaHeadOptions): RetinaHead {
  const { channels, classes, anchors, prior, names } = options;
  const branch = (kind: Tower, output: number, biasValue: number): Layer => {
    const hidden = tower(store, kind, options);
    const final = convLayer(store, { input: channels, output, kernel: 3, initialiser: headInitialiser, group: "head", name: names.final(kind), biasValue });
    return (x) => final(hidden(x));
  };
  return { classify: branch("class", anchors * classes, priorBias(prior)), regress: branch("box", anchors * 4, 0) };
}
